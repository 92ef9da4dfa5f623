#pragma once

#include <cstddef>
#include <string>
#include <string_view>

// English spelling, rewritten to about one letter per sound.

namespace text_comparison {

namespace detail {

/// Where a spelling must be for its rule to apply.
enum class Where { Anywhere, Start, End, BeforeFrontVowel };

/// A spelling and the sound that it usually stands for.
struct SoundRule {
  std::string_view letters;
  std::string_view sound;
  Where where = Where::Anywhere;
};

/// The first rule that applies is used, so that longer spellings stand before their parts. The capital letters are
/// sounds of several letters: C as in chin, J as in jam, S as in ship, N as in sing, T as in thin; A as in day, E as in
/// see, I as in my, O as in go, U as in too, W as in cow, Y as in boy, R as in her.
inline constexpr SoundRule sound_rules[] = {
    // Consonants.
    {"kn", "n", Where::Start},
    {"gn", "n", Where::Start},
    {"pn", "n", Where::Start},
    {"ps", "s", Where::Start},
    {"pt", "t", Where::Start},
    {"wr", "r", Where::Start},
    {"rh", "r", Where::Start},
    {"x", "z", Where::Start},
    {"gh", "g", Where::Start},
    {"mac", "mk", Where::Start},
    {"mc", "mk", Where::Start},
    {"tsch", "C"},
    {"tzsch", "C"},
    {"sch", "S"},
    {"tch", "C"},
    {"tion", "Sn"},
    {"sion", "Sn"},
    {"cian", "Sn"},
    {"cious", "Ss"},
    {"tious", "Ss"},
    {"chr", "kr"},
    {"ch", "C"},
    {"sh", "S"},
    {"ph", "f"},
    {"eigh", "A"},
    {"aigh", "A"},
    {"igh", "I"},
    {"ough", "O"},
    {"augh", "o"},
    {"gh", ""},
    {"ck", "k"},
    {"cq", "k"},
    {"dg", "J", Where::BeforeFrontVowel},
    {"dj", "J"},
    {"dt", "t"},
    {"th", "T"},
    {"tz", "ts"},
    {"cz", "C"},
    {"sc", "s", Where::BeforeFrontVowel},
    {"cc", "ks", Where::BeforeFrontVowel},
    {"c", "s", Where::BeforeFrontVowel},
    {"g", "J", Where::BeforeFrontVowel},
    {"wh", "w"},
    {"mb", "m", Where::End},
    {"mn", "m", Where::End},
    {"ng", "N"},
    {"nk", "Nk"},
    {"qu", "kw"},
    // Vowels with r, and groups of vowels.
    {"eau", "O"},
    {"eer", "Er"},
    {"ear", "Er"},
    {"oar", "or"},
    {"air", "Ar"},
    {"our", "or"},
    {"er", "R"},
    {"ir", "R"},
    {"ur", "R"},
    {"yr", "R"},
    {"re", "R", Where::End},
    {"le", "l", Where::End},
    {"es", "s", Where::End},
    {"ed", "d", Where::End},
    {"ey", "E", Where::End},
    {"ie", "E", Where::End},
    {"ee", "E", Where::End},
    {"ay", "A"},
    {"ai", "A"},
    {"ey", "A"},
    {"ei", "I"},
    {"ee", "E"},
    {"ea", "E"},
    {"ie", "E"},
    {"oa", "O"},
    {"oe", "O"},
    {"ow", "W"},
    {"ou", "W"},
    {"oo", "U"},
    {"ew", "U"},
    {"eu", "U"},
    {"ue", "U"},
    {"ui", "U"},
    {"au", "o"},
    {"aw", "o"},
    {"ah", "o"},
    {"oh", "O"},
    {"oy", "Y"},
    {"oi", "Y"},
    // Single letters.
    {"e", "", Where::End},
    {"y", "E", Where::End},
    {"i", "E", Where::End},
    {"o", "O", Where::End},
    {"a", "u", Where::End},
    {"c", "k"},
    {"q", "k"},
    {"x", "ks"},
    {"j", "J"},
    {"y", "i"},
    {"h", "h", Where::Start},
    {"h", ""},
    {"'", ""},
    {"-", ""},
};

inline bool applies(const SoundRule& rule, std::string_view word, std::size_t at) {
  if (!word.substr(at).starts_with(rule.letters)) return false;
  const std::size_t end = at + rule.letters.size();
  switch (rule.where) {
    case Where::Start:
      return at == 0;
    case Where::End:
      return end == word.size() && at > 0;
    case Where::BeforeFrontVowel:
      return end < word.size() && std::string_view("eiy").find(word[end]) != std::string_view::npos;
    case Where::Anywhere:
      break;
  }
  return true;
}

}  // namespace detail

/// The word with its spelling rewritten by simple rules of English, without doubled sounds: "knight" and "night" are
/// both "nIt". The rules are often wrong, as English spelling is, but words that sound alike have more in common
/// after them. The rules are for ASCII; other characters stay as they are.
inline std::string sound_key(std::string_view word) {
  std::string key;
  for (std::size_t at = 0; at < word.size();) {
    std::string_view sound = word.substr(at, 1);
    std::size_t used = 1;
    for (const detail::SoundRule& rule : detail::sound_rules) {
      if (!detail::applies(rule, word, at)) continue;
      sound = rule.sound;
      used = rule.letters.size();
      break;
    }
    for (const char c : sound) {
      if (key.empty() || key.back() != c) key += c;
    }
    at += used;
  }
  return key;
}

/// The consonants of a sound key.
inline std::string consonant_sounds(std::string_view key) {
  std::string consonants;
  for (const char c : key) {
    if (std::string_view("aeiouAEIOUWY").find(c) == std::string_view::npos) consonants += c;
  }
  return consonants;
}

}  // namespace text_comparison
