#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <limits>
#include <string_view>
#include <tuple>
#include <type_traits>

#include "gemel/core/columns.hpp"
#include "gemel/core/has_member.hpp"
#include "gemel/core/reduce.hpp"
#include "gemel/core/type_name.hpp"
#include "gemel/core/types.hpp"

namespace gemel {

namespace detail {

GEMEL_HAS_MEMBER(as_length)
GEMEL_HAS_MEMBER(values)
GEMEL_HAS_MEMBER(coefficient)
GEMEL_HAS_MEMBER(ExactType)

template <class D>
concept HasAsLength = requires(const D metric, double d) {
  { metric.as_length(d) } -> std::same_as<double>;
};
template <class D, class S>
concept MeasuresManyPairs = requires(const D metric, const S* const* a, Index n, S* d) {
  requires std::same_as<typename D::ExactType, D>;
  metric.values(a, a, n, n, d);
  { metric.coefficient(*d, *d) } -> std::same_as<S>;
};
/// A distance that inherits its ExactType. Then it also inherits the members for many pairs, which are not used.
template <class D>
concept DerivedFromExactType = !std::same_as<typename D::ExactType, D> && std::derived_from<D, typename D::ExactType>;

/// Every optional member is absent or has the right signature.
template <class D, class S>
concept DistanceOptions = std::is_class_v<D> &&
    (HasAsLength<D> || !has_as_length<D>)&&(MeasuresManyPairs<D, S> || DerivedFromExactType<D> ||
                                            !(has_values<D> || has_coefficient<D> || has_ExactType<D>));

}  // namespace detail

/// A distance d of two embeddings a and b of equal length.
///
///   value(a, b)                           the distance d
///   add_gradient(a, b, d, slope, da, db)  given d = value(a, b) and slope = dLoss/dd, adds dLoss/da to da and dLoss/db
///                                         to db (a sample may be in many pairs, whose gradients are summed). What it
///                                         adds must be finite, also at d = 0, where the derivative may not exist
///
/// A distance may also have these members. With another signature, they do not compile:
///
///   double as_length(double d)            converts d to a length in the unit of the embeddings' elements (the square
///                                         root for SquaredEuclidean), or returns infinity if d has no such unit
///                                         (Cosine). With it, fit can warn that the embeddings collapse to a point
///   values, coefficient, ExactType        all three or none: see DifferenceDistance. They save time. If a distance
///                                         inherits them without an ExactType of its own, they are not used
template <class D, class S>
concept Distance = std::copy_constructible<D> && detail::DistanceOptions<D, S> &&
    requires(const D metric, ConstColumn<S> a, S d, Column<S> da) {
  { metric.value(a, a) } -> std::same_as<S>;
  metric.add_gradient(a, a, d, d, da, da);
};

/// A distance that measures many pairs in one call, and whose gradient is a multiple of the difference:
/// dLoss/da = c * (a - b) and dLoss/db = -c * (a - b).
///
///   values(a, b, n, count, d)  sets d[j] = value(a[j], b[j]) for j = 0, …, count - 1, where a[j] and b[j] point to
///                              embeddings of n elements
///   coefficient(d, slope)      the factor c, given slope = dLoss/dd; 0 if the gradient is 0
///   ExactType                  an alias of the type itself. In a derived class, the inherited alias names the base
///                              class. Then `values` and `coefficient` are not used, because the derived class may
///                              compute another distance
template <class D, class S>
concept DifferenceDistance = Distance<D, S> && detail::MeasuresManyPairs<D, S>;

namespace detail {

/// Sets d[i] to the distance of the two embeddings of pair i, for i = 0, …, count - 1. columns_of(i) returns the
/// pointers to the two, which have `out` elements each. A DifferenceDistance measures many pairs in one call.
template <Scalar S, Distance<S> Metric, class ColumnsOf>
void measure_pairs(const Metric& metric, Index out, Index count, const ColumnsOf& columns_of, S* d) {
  if constexpr (DifferenceDistance<Metric, S>) {
    constexpr Index block = 64;
    const S *first[block], *second[block];
    for (Index i = 0; i < count; i += block) {
      const Index at_once = std::min(block, count - i);
      for (Index j = 0; j < at_once; ++j) std::tie(first[j], second[j]) = columns_of(i + j);
      metric.values(first, second, out, at_once, d + i);
    }
  } else {
    for (Index i = 0; i < count; ++i) {
      const auto [first, second] = columns_of(i);
      d[i] = metric.value(ConstColumn<S>{first, out}, ConstColumn<S>{second, out});
    }
  }
}

/// da += c * (a - b), db -= c * (a - b)
template <Scalar S>
void add_difference(ConstColumn<S> a, ConstColumn<S> b, S c, Column<S> da, Column<S> db) {
  const S* const b_data = b.data();
  S* const db_data = db.data();
  kernel::kernels<S>().add_differences({a.size(), 1, a.data(), &b_data, &c, da.data(), &db_data});
}

}  // namespace detail

/// d = |a - b|. At d = 0 the derivative does not exist, and the gradient is taken to be 0. For every loss
/// whose slope is 0 at d = 0 this is exact. It also keeps a pair of equal embeddings from turning all weights into NaN.
///
/// d is computed as the square root of d^2 in the type of the embeddings. Therefore it is accurate up to rounding only
/// from about 1e-17 to 1e19 (double: 1e-152 to 1e154). Smaller distances lose digits and finally become 0; larger ones
/// become infinite, which training, evaluation and Verifier reject.
struct Euclidean {
  /// @{
  /// Required by the DifferenceDistance concept.
  using ExactType = Euclidean;
  template <Scalar S>
  S value(ConstColumn<S> a, ConstColumn<S> b) const {
    return std::sqrt(squared_distance(a.data(), b.data(), a.size()));
  }
  template <Scalar S>
  void values(const S* const* a, const S* const* b, Index n, Index count, S* d) const {
    squared_distances(a, b, n, count, d);
    if (count > 1) return square_roots(d, count);
    if (count == 1) *d = std::sqrt(*d);  // faster than calling the kernel
  }
  template <Scalar S>
  S coefficient(S d, S slope) const {
    return d > 0 ? slope / d : 0;
  }
  template <Scalar S>
  void add_gradient(ConstColumn<S> a, ConstColumn<S> b, S d, S slope, Column<S> da, Column<S> db) const {
    detail::add_difference(a, b, coefficient(d, slope), da, db);
  }
  double as_length(double d) const { return d; }
  /// @}
};
/// @copydoc type_name
template <>
inline constexpr std::string_view type_name<Euclidean> = "Euclidean";

/// d = |a - b|^2.
struct SquaredEuclidean {
  /// @{
  /// Required by the DifferenceDistance concept.
  using ExactType = SquaredEuclidean;
  template <Scalar S>
  S value(ConstColumn<S> a, ConstColumn<S> b) const {
    return squared_distance(a.data(), b.data(), a.size());
  }
  template <Scalar S>
  void values(const S* const* a, const S* const* b, Index n, Index count, S* d) const {
    squared_distances(a, b, n, count, d);
  }
  template <Scalar S>
  S coefficient(S, S slope) const {
    return 2 * slope;
  }
  template <Scalar S>
  void add_gradient(ConstColumn<S> a, ConstColumn<S> b, S d, S slope, Column<S> da, Column<S> db) const {
    detail::add_difference(a, b, coefficient(d, slope), da, db);
  }
  double as_length(double d) const { return std::sqrt(d); }
  /// @}
};
/// @copydoc type_name
template <>
inline constexpr std::string_view type_name<SquaredEuclidean> = "SquaredEuclidean";

/// d = sum of |a(i) - b(i)|. For elements with a(i) = b(i), the gradient is taken to be 0.
struct Manhattan {
  /// @{
  /// Required by the Distance concept.
  template <Scalar S>
  S value(ConstColumn<S> a, ConstColumn<S> b) const {
    return absolute_distance(a.data(), b.data(), a.size());
  }
  template <Scalar S>
  void add_gradient(ConstColumn<S> a, ConstColumn<S> b, S, S slope, Column<S> da, Column<S> db) const {
    for (Index i = 0; i < a.size(); ++i) {
      const S term = a[i] > b[i] ? slope : a[i] < b[i] ? -slope : 0;
      da[i] += term;
      db[i] -= term;
    }
  }
  double as_length(double d) const { return d; }
  /// @}
};
/// @copydoc type_name
template <>
inline constexpr std::string_view type_name<Manhattan> = "Manhattan";

// A compiler may fuse a product and a sum into one operation, which changes the bits. Therefore Cosine's gradient uses
// quotients, and no product except with a power of two, which is exact.

/// d = 1 - cos, where cos = a . b / (|a| * |b|) is the cosine of the angle between a and b. d is in [0, 2] in spite of
/// rounding. The derivative of the cosine is
///
///   dcos/da = (b / |b| - cos * a / |a|) / |a|
///
/// A zero vector has no direction. Its distance to every vector is taken to be 1, as at a right angle, and the gradient
/// of such a pair to be 0.
struct Cosine {
  /// @{
  /// Required by the Distance concept.
  template <Scalar S>
  S value(ConstColumn<S> a, ConstColumn<S> b) const {
    const auto [scale_a, norm_a] = scaled_norm(a.data(), a.size());
    const auto [scale_b, norm_b] = scaled_norm(b.data(), b.size());
    if (norm_a == 0 || norm_b == 0) return 1;
    S cosine = 0;
    if (scale_a == 1 && scale_b == 1) {
      cosine = dot(a.data(), b.data(), a.size()) / (norm_a * norm_b);
    } else {
      for (Index i = 0; i < a.size(); ++i) {
        cosine = std::fma(a[i] / scale_a / norm_a, b[i] / scale_b / norm_b, cosine);
      }
    }
    return std::clamp<S>(1 - cosine, 0, 2);
  }
  template <Scalar S>
  void add_gradient(ConstColumn<S> a, ConstColumn<S> b, S d, S slope, Column<S> da, Column<S> db) const {
    const auto [scale_a, norm_a] = scaled_norm(a.data(), a.size());
    const auto [scale_b, norm_b] = scaled_norm(b.data(), b.size());
    if (norm_a == 0 || norm_b == 0) return;
    const S cosine = 1 - d;
    // The scales are powers of two, so that products with unscale_a and unscale_b are exact.
    const S unscale_a = 1 / scale_a, unscale_b = 1 / scale_b;
    for (Index i = 0; i < a.size(); ++i) {
      const S at_a = a[i] * unscale_a, at_b = b[i] * unscale_b;
      da[i] -= (at_b / norm_b - at_a / (norm_a / cosine)) / (norm_a / slope) * unscale_a;
      db[i] -= (at_a / norm_a - at_b / (norm_b / cosine)) / (norm_b / slope) * unscale_b;
    }
  }
  double as_length(double) const { return std::numeric_limits<double>::infinity(); }
  /// @}
};
/// @copydoc type_name
template <>
inline constexpr std::string_view type_name<Cosine> = "Cosine";

}  // namespace gemel
