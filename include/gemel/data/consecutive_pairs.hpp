#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/random.hpp"
#include "gemel/data/classes.hpp"
#include "gemel/data/pairs.hpp"
#include "gemel/data/samples.hpp"

namespace gemel {

/// The pairs of Keras' example mnist_siamese.py, made of the samples x (one per column). For i = 0, …, n - 2, where n
/// is the size of the smallest class, sample i of each class forms a similar pair with sample i + 1 of its class, and
/// then a dissimilar pair with sample i of another class, where that class is drawn at random. Every class thus gives
/// 2 * (n - 1) pairs. The pairs know their classes.
///
/// Throws ShapeError if there is not one class per sample; ValueError if there is only one class, or a class has only
/// one sample.
template <Scalar S>
Pairs<S> consecutive_pairs(Samples<S> x, const Classes& classes, Rng& rng) {
  if (classes.size() != x.size()) {
    throw ShapeError(
        {"there are ", x.size(), " samples, but ", classes.size(), " class labels: one per sample is needed"});
  }
  if (classes.count() < 2) {
    throw ValueError({"all samples are of class ", classes.value(0), ": dissimilar pairs need at least two classes"});
  }
  std::size_t smallest = classes.members(0).size();
  for (Index c = 0; c < classes.count(); ++c) {
    smallest = std::min(smallest, classes.members(c).size());
    if (smallest == 1) {
      throw ValueError({"class ", classes.value(c), " has one sample, but consecutive pairs need two of every class"});
    }
  }
  std::vector<PairIndex> pairs;
  std::vector<std::uint8_t> similar;
  for (Index c = 0; c < classes.count(); ++c) {
    const std::span<const Index> members = classes.members(c);
    for (std::size_t i = 0; i + 1 < smallest; ++i) {
      const Index other = (c + 1 + rng.below(classes.count() - 1)) % classes.count();
      pairs.push_back({members[i], members[i + 1]});
      similar.push_back(1);
      pairs.push_back({members[i], classes.members(other)[i]});
      similar.push_back(0);
    }
  }
  return Pairs<S>{std::move(x), std::move(pairs), similar}.with_classes(classes);
}

}  // namespace gemel
