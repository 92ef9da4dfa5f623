#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <limits>
#include <tuple>
#include <type_traits>

#include "gemel/core/columns.hpp"
#include "gemel/core/has_member.hpp"
#include "gemel/core/reduce.hpp"
#include "gemel/core/types.hpp"

namespace gemel {

namespace detail {

GEMEL_HAS_MEMBER(as_length)
GEMEL_HAS_MEMBER(values)
GEMEL_HAS_MEMBER(coefficient)
GEMEL_HAS_MEMBER(ExactType)

template <class D>
concept GivesLength = requires(const D metric, double d) {
  { metric.as_length(d) } -> std::same_as<double>;
};
template <class D, class S>
concept TakesManyPairs = requires(const D metric, const S* const* a, Index n, S* d) {
  requires std::same_as<typename D::ExactType, D>;
  metric.values(a, a, n, n, d);
  { metric.coefficient(*d, *d) } -> std::same_as<S>;
};
/// A distance that inherits its ExactType, so that the members for many pairs, which it also inherits, are not used.
template <class D>
concept DerivedFromExactType = !std::same_as<typename D::ExactType, D> && std::derived_from<D, typename D::ExactType>;

/// Every optional member is absent or has the right signature.
template <class D, class S>
concept DistanceOptions = std::is_class_v<D> &&
    (GivesLength<D> || !has_as_length<D>)&&(TakesManyPairs<D, S> || DerivedFromExactType<D> ||
                                            !(has_values<D> || has_coefficient<D> || has_ExactType<D>));

}  // namespace detail

/// A distance d of two embeddings a and b of equal length.
///
///   value(a, b)                           d
///   add_gradient(a, b, d, slope, da, db)  given slope = dLoss/dd, adds dLoss/da to da and dLoss/db to db, since
///                                         a sample may be in many pairs. It is finite everywhere, also at d = 0
///
/// A distance may also have these members; with another signature than this, they do not compile:
///
///   double as_length(double d)            d in the unit of the embeddings' elements, or infinity where d has another
///                                         unit. It lets fit warn of a collapse
///   values, coefficient, ExactType        all three, or none: see DifferenceDistance. They save time. A distance that
///                                         inherits them and has no ExactType of its own is measured pair by pair
template <class D, class S>
concept Distance = std::copy_constructible<D> && detail::DistanceOptions<D, S> &&
    requires(const D metric, ConstColumn<S> a, S d, Column<S> da) {
  { metric.value(a, a) } -> std::same_as<S>;
  metric.add_gradient(a, a, d, d, da, da);
};

/// A distance whose gradient lies along the difference, dLoss/da = c (a - b) = -dLoss/db, and that measures many pairs
/// in one call:
///
///   values(a, b, n, count, d)  d_j = value(a_j, b_j), for `count` pairs of columns of n elements
///   coefficient(d, slope)      c; 0 where the gradient is 0
///   ExactType                  the type itself. A derived class inherits this alias, which then names another type; so
///                              its own value and gradient are not bypassed
template <class D, class S>
concept DifferenceDistance = Distance<D, S> && detail::TakesManyPairs<D, S>;

namespace detail {

/// d_i = the metric of pair i's two embeddings of `out` elements each, for i = 0, …, count - 1; many pairs in one call
/// where the metric can. columns_of(i) gives the pointers to the two.
template <Scalar S, Distance<S> Metric, class ColumnsOf>
void measure_pairs(const Metric& metric, Index out, Index count, const ColumnsOf& columns_of, S* d) {
  if constexpr (DifferenceDistance<Metric, S>) {
    constexpr Index some = 64;
    const S *first[some], *second[some];
    for (Index i = 0; i < count; i += some) {
      const Index at_once = std::min(some, count - i);
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

/// da += c (a - b), db -= c (a - b)
template <Scalar S>
void add_difference(ConstColumn<S> a, ConstColumn<S> b, S c, Column<S> da, Column<S> db) {
  const S* const b_data = b.data();
  S* const db_data = db.data();
  kernel::kernels<S>().add_differences({a.size(), 1, a.data(), &b_data, &c, da.data(), &db_data});
}

}  // namespace detail

/// d = |a - b|. At d = 0, where the derivative has no limit, the gradient is 0. This is exact for every loss whose
/// slope is 0 there, and keeps one pair of equal embeddings from turning all weights into NaN.
///
/// d is the square root of d^2, which has the same type: d is accurate to rounding from about 1e-17 to 1e19 (double:
/// 1e-152 to 1e154). Smaller distances lose digits and finally become 0; larger ones become infinite, which training,
/// evaluation and Verifier refuse.
struct Euclidean {
  /// @{
  /// As the DifferenceDistance concept asks.
  using ExactType = Euclidean;
  template <Scalar S>
  S value(ConstColumn<S> a, ConstColumn<S> b) const {
    return std::sqrt(squared_distance(a.data(), b.data(), a.size()));
  }
  template <Scalar S>
  void values(const S* const* a, const S* const* b, Index n, Index count, S* d) const {
    squared_distances(a, b, n, count, d);
    if (count > 1) return square_roots(d, count);
    if (count == 1) *d = std::sqrt(*d);  // faster than a call of the kernel
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

/// d = |a - b|^2
struct SquaredEuclidean {
  /// @{
  /// As the DifferenceDistance concept asks.
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

/// d = sum |a(i) - b(i)|. Where a(i) = b(i) the gradient is 0.
struct Manhattan {
  /// @{
  /// As the Distance concept asks.
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

// Cosine's gradient adds quotients, never products: a compiler may fuse a product and a sum into one operation, which
// changes the bits.

/// d = 1 - cos with cos = a . b / (|a| |b|). Rounding never takes d out of [0, 2].
///
///   d cos / da = (b / |b| - cos a / |a|) / |a|
///
/// A zero vector has no direction. Its distance to every vector is 1, as at a right angle, and the pair's gradient is
/// 0.
struct Cosine {
  /// @{
  /// As the Distance concept asks.
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

}  // namespace gemel
