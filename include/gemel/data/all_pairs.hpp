#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/data/classes.hpp"
#include "gemel/data/pairs.hpp"
#include "gemel/data/samples.hpp"

namespace gemel {

/// All n * (n - 1) / 2 pairs i < j of n samples (features x n), for an evaluation that does not depend on a random
/// choice of pairs. A pair is similar if its two classes are equal. The pairs know their classes.
///
/// Throws ShapeError if there is not one class per sample, or only one sample; ValueError if there would be 2^31 pairs
/// or more, or more than fit into memory.
template <Scalar S>
Pairs<S> all_pairs(Samples<S> x, const Classes& classes) {
  const Index n = x.size();
  if (classes.size() != n) {
    throw ShapeError({"there are ", n, " samples, but ", classes.size(), " class labels: one per sample is needed"});
  }
  const auto refuse = [n] {
    throw ValueError({"all pairs of ", n,
                      " samples are too many: draw some of them, PairSampler{x, classes}.pairs(seed), "
                      "or take a part of the samples"});
  };
  constexpr Index max_samples = Index{1} << 16;
  if (n > max_samples) refuse();
  const auto count = static_cast<std::size_t>(n) * static_cast<std::size_t>(n - 1) / 2;
  std::vector<PairIndex> pairs;
  std::vector<std::uint8_t> similar;
  try {
    pairs.reserve(count);
    similar.reserve(count);
  } catch (const std::bad_alloc&) {
    refuse();
  }
  for (Index i = 0; i < n; ++i) {
    for (Index j = i + 1; j < n; ++j) {
      pairs.push_back({i, j});
      similar.push_back(classes.same(i, j));
    }
  }
  return Pairs<S>{std::move(x), std::move(pairs), similar}.with_classes(classes);
}

}  // namespace gemel
