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

/// What is known of all vectors that a layer may give: bounds of their elements, and of their length.
struct VectorRange {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  double norm = std::numeric_limits<double>::infinity();
};

namespace detail {

/// The range of what a layer gives, given that of its input. The library's layers are known by their very types, since
/// one that is derived from them may give something else; what another one gives is not known.
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
    network.visit(k, [&](const auto& layer) { range = range_after(layer, range); });
  }
  return range;
}

GEMEL_HAS_MEMBER(farthest)
template <class Metric>
concept GivesFarthest = requires(const Metric metric, const VectorRange& range, Index n) {
  { metric.farthest(range, n) } -> std::convertible_to<double>;
};

}  // namespace detail

/// An upper bound of the distance of two embeddings of n elements; infinity where none is known. A metric of the
/// library's is known by its very type, since one that is derived from it may measure otherwise; another one may say it
/// by a member `double farthest(const VectorRange&, Index n) const`.
template <class Metric>
[[gnu::cold]] double farthest([[maybe_unused]] const Metric& metric, const VectorRange& range, Index n) {
  static_assert(detail::GivesFarthest<Metric> || !detail::has_farthest<Metric>,
                "gemel: a metric's `farthest`, where it has one, is double farthest(const VectorRange&, Index n) const "
                "(training/farthest.hpp)");
  if constexpr (detail::GivesFarthest<Metric>) return metric.farthest(range, n);
  if constexpr (detail::is_choice<Metric>) {
    return metric.visit([&](const auto& chosen) { return farthest(chosen, range, n); });
  }
  // Along a diagonal of the cube, or across the sphere; where no element is negative, no two directions are more than a
  // right angle apart.
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
