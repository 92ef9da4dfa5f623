#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "features.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/labels.hpp"
#include "gemel/core/pair_identity.hpp"
#include "gemel/core/random.hpp"
#include "gemel/data/classes.hpp"
#include "gemel/data/samples.hpp"
#include "gemel/data/split.hpp"
#include "gemel/network/distance.hpp"
#include "gemel/verification/claims.hpp"
#include "gemel/verification/distances.hpp"
#include "hard_pairs.hpp"
#include "learn.hpp"

// The parts of the data, and the pairs of each on which comparisons are measured.

namespace text_comparison {

/// Texts with their groups: texts of a group are the same.
struct Data {
  Texts texts = {};                       ///< by column
  std::vector<Index> groups = {};         ///< one per text, numbered from 0
  std::vector<std::string> names = {};    ///< of the groups; empty: they have none
  std::vector<gemel::Place> places = {};  ///< where each text stands, for errors; empty: unknown
  std::string file = {};                  ///< for errors
  Index left_out = 0;                     ///< words, since they were in several groups

  Index size() const { return gemel::length(groups); }
  gemel::Place place(Index i) const {
    return places.empty() ? gemel::Place{.file = file} : places[static_cast<std::size_t>(i)];
  }
};

/// Pairs of samples, with what is known about them.
struct LabelledPairs {
  IndexPairs pairs = {};
  std::vector<std::uint8_t> labels = {};             ///< 1: similar
  std::vector<gemel::PairIdentity> identities = {};  ///< the groups of both samples

  void add(const IndexPairs& more, bool similar, const gemel::Classes& classes) {
    for (const auto& [a, b] : more) {
      pairs.push_back({a, b});
      labels.push_back(similar);
      const auto group = [&classes](Index i) { return static_cast<Index>(classes.value(classes.of(i))); };
      identities.push_back({group(a), group(b)});
    }
  }

  /// The pairs as trials of embeddings (size x n).
  gemel::Trials measured(const gemel::MatrixX<float>& embeddings) const {
    const gemel::VectorX<float> d = gemel::distances(gemel::Euclidean{}, embeddings, pairs);
    return {.scores = {d.begin(), d.end()}, .labels = gemel::Labels{labels}, .identities = identities};
  }
};

/// A part of the data: whole groups of it.
struct Part {
  std::vector<Index> numbers;  ///< of the texts in the data, ascending
  Labelled samples;
  gemel::MatrixX<Index> neighbours;  ///< the nearest texts of other groups (k x n), by their letters
};

/// The pairs on which a part is measured: all similar ones, each text with its nearest others (hard), and as many
/// random ones.
struct TestPairs {
  LabelledPairs hard;    ///< with the similar pairs
  LabelledPairs random;  ///< without them
  Index similar = 0;
};

namespace detail {

/// The texts of all columns, joined, as neighbours are sought by.
inline std::vector<std::string> joined(const Texts& texts, const std::vector<Index>& numbers) {
  std::vector<std::string> all;
  for (const Index i : numbers) {
    std::string text;
    for (const auto& column : texts) {
      const std::string& cell = column[static_cast<std::size_t>(i)];
      if (!cell.empty()) text += (text.empty() ? "" : " ") + cell;
    }
    all.push_back(Features::lower_case(std::move(text)));
  }
  return all;
}

inline Part part_of(const Data& data, const gemel::Samples<float>& samples, std::vector<Index> numbers,
                    const std::string& name, Index threads) {
  const gemel::Classes classes = gemel::Classes{data.groups}.select(numbers);
  Index largest = 0;
  for (Index c = 0; c < classes.count(); ++c) largest = std::max(largest, gemel::length(classes.members(c)));
  const Index k = std::min(hard_neighbours, classes.size() - largest);
  if (k < 1 || largest < 2) {
    throw gemel::ValueError({"the ", name, " part has ", classes.size(), " texts in ", classes.count(),
                             " groups, none of which has two: give more groups of at least two texts"},
                            {.file = data.file});
  }
  Part part{.numbers = std::move(numbers), .samples = {samples, classes}, .neighbours = {}};
  part.samples.samples = samples.select(part.numbers);
  part.neighbours = nearest_others(joined(data.texts, part.numbers), classes, k, threads);
  return part;
}

}  // namespace detail

/// Training, validation and test.
using Parts = std::array<Part, 3>;

/// Divides the groups of the data: three fifths are for the training. Validation and test have equally many, because
/// the neighbours in a longer list of texts are harder to tell apart, so that a threshold of a shorter list would
/// promise too much. Throws ValueError if there are too few groups, or a part has no two texts of one group.
inline Parts divide(const Data& data, const gemel::Samples<float>& samples, std::uint64_t seed, Index threads) {
  constexpr Index fewest = 6;
  const gemel::Classes groups{data.groups};
  if (groups.count() < fewest) {
    throw gemel::ValueError({"there are ", groups.count(), " groups, but training, validation and test need at least ",
                             fewest, ": give more groups"},
                            {.file = data.file});
  }
  gemel::Rng rng{seed, 0};
  auto [training, validation, test] = split_classes(groups, {0.6, 0.2, 0.2}, rng);
  return {detail::part_of(data, samples, std::move(training), "training", threads),
          detail::part_of(data, samples, std::move(validation), "validation", threads),
          detail::part_of(data, samples, std::move(test), "test", threads)};
}

/// The pairs of a part. The random ones are drawn anew for each seed.
inline TestPairs test_pairs(const Part& part, std::uint64_t seed, std::uint64_t stream) {
  TestPairs all;
  const gemel::Classes& classes = part.samples.classes;
  all.hard.add(similar_pairs(classes), true, classes);
  all.similar = gemel::length(all.hard.pairs);
  all.hard.add(hard_pairs(part.neighbours), false, classes);
  gemel::Rng rng{seed, stream};
  all.random.add(random_pairs(classes, gemel::length(all.hard.pairs) - all.similar, rng), false, classes);
  return all;
}

}  // namespace text_comparison
