#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <limits>
#include <numbers>
#include <type_traits>

#include "gemel/core/choice.hpp"
#include "gemel/core/has_member.hpp"
#include "gemel/core/types.hpp"
#include "gemel/network/activation.hpp"
#include "gemel/network/dense.hpp"
#include "gemel/network/distance.hpp"
#include "gemel/network/dropout.hpp"
#include "gemel/network/l2_normalize.hpp"
#include "gemel/network/rescale.hpp"
#include "gemel/network/standardize.hpp"

namespace gemel {

/// Bounds that hold for every output vector of a layer, such as every embedding. A bound is infinite if none is known.
struct VectorRange {
  double low = -std::numeric_limits<double>::infinity();  ///< lower bound of each element
  double high = std::numeric_limits<double>::infinity();  ///< upper bound of each element
  double norm = std::numeric_limits<double>::infinity();  ///< upper bound of the Euclidean norm
};

namespace detail {

/// The range of a layer's outputs, given the range of its inputs. Without bounds, except for the library's own layers.
/// The overloads match their exact types, since a derived layer may compute something else.
template <class L>
VectorRange range_after(const L&, const VectorRange&) {
  return {};
}
template <Index In, Index Out, class Activate, class Initialize>
VectorRange range_after(const Dense<In, Out, Activate, Initialize>&, const VectorRange&) {
  if constexpr (std::same_as<Activate, Sigmoid>) return {.low = 0, .high = 1};
  if constexpr (std::same_as<Activate, Tanh>) return {.low = -1, .high = 1};
  if constexpr (std::same_as<Activate, ReLU>) return {.low = 0};
  return {};
}
template <Index N>
VectorRange range_after(const L2Normalize<N>&, const VectorRange& before) {
  return {.low = before.low >= 0 ? 0.0 : -1.0, .high = 1, .norm = 1};
}
template <Index N>
VectorRange range_after(const Dropout<N>& layer, const VectorRange& before) {
  const double scale = 1 / (1 - layer.rate());
  return {std::min(0.0, scale * before.low), std::max(0.0, scale * before.high), scale * before.norm};
}
template <Index N>
VectorRange range_after(const Standardize<N>& layer, const VectorRange&) {
  if (layer.clip()) return {.low = -*layer.clip(), .high = *layer.clip()};
  return {};
}
template <Index N>
VectorRange range_after(const Rescale<N>& layer, const VectorRange& before) {
  const double low = (before.low - layer.offset()) * layer.factor();
  const double high = (before.high - layer.offset()) * layer.factor();
  VectorRange range{.low = std::min(low, high), .high = std::max(low, high)};
  if (layer.offset() == 0) range.norm = std::abs(layer.factor()) * before.norm;
  return range;
}

/// The range of a network's embeddings.
template <class Net>
[[gnu::cold]] VectorRange embedding_range(const Net& network) {
  VectorRange range;
  for (Index k = 0; k < network.depth(); ++k) {
    network.visit_sized(k, [&](const auto& layer) { range = range_after(layer, range); });
  }
  return range;
}

GEMEL_HAS_MEMBER(max_distance)
template <class Metric>
concept HasMaxDistance = requires(const Metric metric, const VectorRange& range, Index n) {
  { metric.max_distance(range, n) } -> std::convertible_to<double>;
};

}  // namespace detail

/// An upper bound of the distance between two embeddings of n elements in `range`; infinity if none is known. It is
/// known for the library's own metrics only; a class derived from one of them may measure otherwise. A metric of
/// your own can provide a bound with a member `double max_distance(const VectorRange&, Index n) const`.
template <class Metric>
[[gnu::cold]] double max_distance([[maybe_unused]] const Metric& metric, const VectorRange& range, Index n) {
  static_assert(
      detail::HasMaxDistance<Metric> || !detail::has_max_distance<Metric>,
      "gemel: a metric's `max_distance`, if it has one, must be double max_distance(const VectorRange&, Index n) const "
      "(training/max_distance.hpp)");
  if constexpr (detail::HasMaxDistance<Metric>) return metric.max_distance(range, n);
  if constexpr (detail::is_choice<Metric>) {
    return metric.visit([&](const auto& chosen) { return max_distance(chosen, range, n); });
  }
  // The Euclidean distance is at most the diagonal of the cube that the bounds of the elements span, and at most the
  // diameter of the sphere whose radius is the bound of the norm. If no element is negative, the angle between two
  // embeddings is at most 90 degrees.
  const double root = std::sqrt(static_cast<double>(n));
  const double across = (range.low >= 0 ? std::numbers::sqrt2 : 2) * range.norm;
  [[maybe_unused]] const double length = std::min(root * (range.high - range.low), across);
  if constexpr (std::same_as<Metric, Euclidean>) return length;
  if constexpr (std::same_as<Metric, SquaredEuclidean>) return length * length;
  if constexpr (std::same_as<Metric, Manhattan>) return root * length;
  if constexpr (std::same_as<Metric, Cosine>) return range.low >= 0 ? 1 : 2;
  return std::numeric_limits<double>::infinity();
}

}  // namespace gemel
