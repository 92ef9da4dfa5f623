#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "gemel/core/types.hpp"
#include "sound_key.hpp"

// Texts as vectors of hashed n-grams.

namespace text_comparison {

using gemel::Index;

/// The kinds of features; equal texts of different kinds are different features.
enum class Kind : std::uint32_t {
  Letters,
  SkipGrams,
  CollapsedVowels,
  Consonants,
  Beginnings,
  Ends,
  SoundKey,
  ConsonantSounds,
  PlacesFromStart,
  PlacesFromEnd
};

/// Counts features in a fixed number of places: the hash of a feature is its place, so that no dictionary is needed and
/// unseen features have a place too (Weinberger et al., Feature hashing for large scale multitask learning, ICML 2009;
/// here without signs).
class HashedCounts {
 public:
  explicit HashedCounts(gemel::VectorX<float>& counts) : counts_(counts) { counts_.setZero(); }

  /// Counts a feature.
  void add(Kind kind, std::string_view text) {
    std::uint64_t hash = (0xcbf29ce484222325 ^ static_cast<std::uint64_t>(kind)) * 0x100000001b3;  // FNV-1a
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    hash ^= hash >> 32;  // the low bits of FNV alone depend on the low bits of the text only
    hash *= 0x9E3779B97F4A7C15;
    counts_[static_cast<Index>((hash >> 32) % static_cast<std::uint64_t>(counts_.size()))] += 1;
  }

  /// Counts all substrings of `shortest` to `longest` bytes.
  void add_ngrams(Kind kind, std::string_view text, std::size_t shortest, std::size_t longest) {
    for (std::size_t n = shortest; n <= longest; ++n) {
      for (std::size_t i = 0; i + n <= text.size(); ++i) add(kind, text.substr(i, n));
    }
  }

  /// Replaces the counts by their square roots, so that repeated features do not outweigh the others, and scales the
  /// vector to length 1.
  void normalize() {
    counts_ = counts_.cwiseSqrt();
    const float norm = counts_.norm();
    if (norm > 0) counts_ /= norm;
  }

 private:
  gemel::VectorX<float>& counts_;
};

namespace detail {

inline bool is_vowel(char c) { return std::string_view("aeiouy").find(c) != std::string_view::npos; }

/// The text with each run of vowels as one mark, and doubled consonants as one: "bookkeeper" as "b*k*p*r".
inline std::string vowels_collapsed(std::string_view text) {
  std::string skeleton;
  for (const char c : text) {
    const char mark = is_vowel(c) ? '*' : c;
    if (skeleton.empty() || skeleton.back() != mark) skeleton += mark;
  }
  return skeleton;
}

/// The text's consonants, doubled ones as one: "bookkeeper" as "bkpr".
inline std::string consonants(std::string_view text) {
  std::string skeleton;
  for (const char c : text) {
    if (!is_vowel(c) && (skeleton.empty() || skeleton.back() != c)) skeleton += c;
  }
  return skeleton;
}

inline std::string bounded(std::string_view text) { return '^' + std::string(text) + '$'; }

}  // namespace detail

/// The letters of a text: hashed n-grams of 1 to 3 bytes, with marks at both ends (size x 1, length 1).
inline gemel::VectorX<float> letter_ngrams(std::string_view text, Index size) {
  gemel::VectorX<float> features(size);
  HashedCounts counts{features};
  counts.add_ngrams(Kind::Letters, detail::bounded(text), 1, 3);
  counts.normalize();
  return features;
}

/// What tells how an English word sounds, as hashed features (size x 1, length 1):
///
/// - its letters: n-grams of 1 to 3, and pairs of letters with one between them;
/// - its skeletons, with each group of vowels as one mark and without vowels: n-grams;
/// - its beginnings and ends of 2 to 4 letters;
/// - its sound key and the consonants of that: n-grams of 1 to 4;
/// - each consonant sound with its place from the start, and from the end.
inline gemel::VectorX<float> phonetic_ngrams(std::string_view word, Index size) {
  gemel::VectorX<float> features(size);
  HashedCounts counts{features};
  const std::string letters = detail::bounded(word);
  counts.add_ngrams(Kind::Letters, letters, 1, 3);
  for (std::size_t i = 0; i + 3 <= letters.size(); ++i) {
    counts.add(Kind::SkipGrams, std::string{letters[i], letters[i + 2]});
  }
  counts.add_ngrams(Kind::CollapsedVowels, detail::bounded(detail::vowels_collapsed(word)), 2, 4);
  counts.add_ngrams(Kind::Consonants, detail::bounded(detail::consonants(word)), 1, 3);
  for (std::size_t n = 2; n <= 4 && n <= word.size(); ++n) {
    counts.add(Kind::Beginnings, word.substr(0, n));
    counts.add(Kind::Ends, word.substr(word.size() - n));
  }
  const std::string key = sound_key(word), sounds = consonant_sounds(key);
  counts.add_ngrams(Kind::SoundKey, detail::bounded(key), 1, 4);
  counts.add_ngrams(Kind::ConsonantSounds, detail::bounded(sounds), 1, 4);
  for (std::size_t i = 0; i < sounds.size(); ++i) {
    counts.add(Kind::PlacesFromStart, sounds[i] + std::to_string(i));
    counts.add(Kind::PlacesFromEnd, sounds[i] + std::to_string(sounds.size() - i));
  }
  counts.normalize();
  return features;
}

}  // namespace text_comparison
