#pragma once

#include <algorithm>
#include <cstddef>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "gemel/core/random.hpp"
#include "gemel/core/types.hpp"
#include "gemel/data/classes.hpp"
#include "gemel/data/pair_source.hpp"
#include "gemel/network/distance.hpp"
#include "gemel/verification/nearest.hpp"
#include "ngrams.hpp"

// The pairs on which comparisons of texts are measured.

namespace text_comparison {

/// Pairs of sample numbers.
using IndexPairs = std::vector<gemel::PairIndex>;

/// How many of the nearest other words are hard to tell from a word.
inline constexpr Index hard_neighbours = 10;
/// The size of the letter n-grams by which neighbours are found.
inline constexpr Index neighbour_features = 512;

/// The numbers of the nearest texts of other classes (k x n), by the cosine of their letter n-grams.
inline gemel::MatrixX<Index> nearest_others(std::span<const std::string> texts, const gemel::Classes& classes, Index k,
                                            Index threads) {
  gemel::MatrixX<float> letters(neighbour_features, gemel::length(texts));
  for (Index i = 0; i < letters.cols(); ++i) {
    letters.col(i) = letter_ngrams(texts[static_cast<std::size_t>(i)], neighbour_features);
  }
  return nearest(letters, letters, {.k = k, .other_than = classes, .threads = threads}, gemel::Cosine{}).samples;
}

/// All pairs of samples of the same class.
inline IndexPairs similar_pairs(const gemel::Classes& classes) {
  IndexPairs pairs;
  for (Index c = 0; c < classes.count(); ++c) {
    const auto members = classes.members(c);
    for (std::size_t i = 0; i < members.size(); ++i) {
      for (std::size_t j = i + 1; j < members.size(); ++j) pairs.push_back({members[i], members[j]});
    }
  }
  return pairs;
}

/// Each sample with each of its neighbours (k x n), each pair once.
inline IndexPairs hard_pairs(const gemel::MatrixX<Index>& neighbours) {
  std::set<std::pair<Index, Index>> pairs;
  for (Index i = 0; i < neighbours.cols(); ++i) {
    for (const Index j : neighbours.col(i)) pairs.insert(std::minmax(i, j));
  }
  IndexPairs all;
  for (const auto& [a, b] : pairs) all.push_back({a, b});
  return all;
}

/// Random pairs of samples of different classes, `count` of them; a pair may come twice.
inline IndexPairs random_pairs(const gemel::Classes& classes, Index count, gemel::Rng& rng) {
  IndexPairs pairs;
  while (gemel::length(pairs) < count) {
    const Index a = rng.below(classes.size()), b = rng.below(classes.size());
    if (!classes.same(a, b)) pairs.push_back({a, b});
  }
  return pairs;
}

}  // namespace text_comparison
