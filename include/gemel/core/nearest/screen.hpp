#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "gemel/core/buffer.hpp"
#include "gemel/core/columns.hpp"
#include "gemel/core/kernel.hpp"
#include "gemel/core/reduce.hpp"
#include "gemel/core/types.hpp"

namespace gemel::detail {

/// Which distance is searched. The first three can be screened.
enum class Closeness {
  Euclidean,  ///< the square root of squared_distance
  Squared,    ///< squared_distance
  Cosine,     ///< network/distance.hpp
  Other
};

constexpr bool is_euclidean(Closeness closeness) {
  return closeness == Closeness::Euclidean || closeness == Closeness::Squared;
}

/// No number x with sqrt(x) <= root, as computed, is larger than the result.
template <Scalar S>
S square_above(S root) {
  using Limits = std::numeric_limits<S>;
  const S square = root * root;
  if (!(square <= Limits::max() / 2)) return Limits::max();
  return square * (1 + 4 * Limits::epsilon()) + Limits::min();
}

/// Prepares queries for the kernel `screen`, which finds the samples that may be near them with one product instead of
/// one distance per pair. It computes
///
///   |q - g|^2 = |q|^2 + |g|^2 - 2 q . g      1 - cos(q, g) = 1 - q / |q| . g / |g|
///
/// whose rounding errors are proportional to |q|^2 + |g|^2, not to the distance. Therefore a sample is left out only if
/// this value exceeds the k-th smallest distance by more than a bound on all errors; the distances of the others are
/// computed. The errors are small if the samples are spread around 0, so that a center is subtracted from all of them
/// first.
///
/// The bound, with the unit roundoff u, n elements, and R = |q - c|^2 + |g - c|^2 for the center c. A sum of n products
/// in any order, with or without a fused multiply-add, has an error of at most 2 n u times the sum of their absolute
/// values (Higham, Accuracy and Stability of Numerical Algorithms, 2002, section 3.1), up to terms of order u^2:
///   8 n u R   2 n u R each for |q - c|^2 and |g - c|^2, and 4 n u R for the product, which is added to |g - c|^2
///   4 n u R   the error of the metric's own |q - g|^2, which is at most 2 R
///   14 u R    the roundings of q - c and g - c (4 u R), of |g - c|^2 (1 - e) and of the limit
/// That is below e R for e = (6 n + 32) epsilon = (12 n + 64) u; the rest covers the terms of order u^2 while n u is
/// small. The bound is used as e (|q - c|^2 + d_k^2) in the limit and e |g - c|^2 in the factor `of_square`. Underflow
/// adds at most 8 n times the smallest normal number. For Cosine the vectors have the length 1, the errors of q / |q|
/// and g / |g| are (n + 4) u each, and those of the metric (4 n + 8) u, so that e is large enough too.
template <Scalar S>
class NearestScreen {
  using Limits = std::numeric_limits<S>;

 public:
  /// The number of samples that are screened at a time.
  static constexpr Index columns = kernel::Screening<S>::columns;

  /// A screen for at most `batch` queries at a time.
  [[gnu::cold]] NearestScreen(const ColumnList<S>& gallery, Index batch, Closeness closeness)
      : closeness_(closeness),
        rows_(gallery.rows()),
        usable_(closeness != Closeness::Other && gallery.cols() >= columns &&
                static_cast<S>(rows_) * Limits::epsilon() < S{1} / 1024) {
    if (!usable_) return;
    error_ = static_cast<S>(6 * rows_ + 32) * Limits::epsilon();
    center_.resize(rows_);
    if (is_euclidean(closeness)) find_center(gallery);
    queries_.resize(rows_ * batch);
    squares_.resize(batch);
    limits_.resize(batch);
    hits_.resize(batch);
    panel_.resize(rows_ * columns);
  }

  /// Takes new queries (rows x at most `batch`). All samples are hits until a bound is set.
  void start(const ColumnList<S>& queries) {
    count_ = queries.cols();
    if (!usable_) return;
    for (Index q = 0; q < count_; ++q) {
      S* const to = queries_.data() + q * rows_;
      for (Index i = 0; i < rows_; ++i) to[i] = queries(i, q) - center_[i];
      squares_[q] = sum_of_squares(to, rows_);
      limits_[q] = Limits::max();
      const S factor = is_cosine() ? -1 / std::sqrt(squares_[q]) : -2;
      for (Index i = 0; i < rows_; ++i) to[i] = bounded(q) ? to[i] * factor : 0;
    }
  }

  /// Whether screening the gallery is faster than computing all distances.
  bool pays() const { return usable_ && count_ >= (is_cosine() ? 1 : fewest); }

  /// From now on, a sample may be left out for query q if its distance is greater than `bound`.
  void set_bound(Index q, S bound) {
    if (!bounded(q) || bound == Limits::max()) return;
    if (is_cosine()) {
      limits_[q] = bound - 1 + error_;
    } else {
      const S most = closeness_ == Closeness::Euclidean ? square_above(bound) : bound, square = squares_[q];
      const S limit = (most + error_ * (most + square)) - square + 16 * static_cast<S>(rows_ + 1) * Limits::min();
      limits_[q] = std::min(limit, Limits::max());
    }
  }

  /// Screens 64 samples, which begin `stride` values apart. Returns whether there is any hit.
  bool find_hits(const S* samples, Index stride) {
    return kernel::nearest_kernels<S>().screen({.rows = rows_,
                                                .queries = count_,
                                                .a = samples,
                                                .lda = stride,
                                                .center = center_.data(),
                                                .normalize = is_cosine(),
                                                .of_square = is_cosine() ? 0 : 1 - error_,
                                                .above = above(),
                                                .below = below(),
                                                .b = queries_.data(),
                                                .limits = limits_.data(),
                                                .hits = hits_.data(),
                                                .panel = panel_.data()});
  }
  /// Bit j is set unless sample j can be left out for query q.
  std::uint64_t hits(Index q) const { return hits_[q]; }

 private:
  static constexpr Index fewest = 4;  // fewer queries are faster without

  bool is_cosine() const { return closeness_ == Closeness::Cosine; }
  /// The bounds hold for squares between these two.
  S above() const { return is_cosine() ? 8 * static_cast<S>(rows_) * Limits::min() / Limits::epsilon() : -1; }
  S below() const { return Limits::max() / 64; }
  bool bounded(Index q) const { return squares_[q] > above() && squares_[q] < below(); }

  /// Sets each element of the center to the median of some samples, which single outliers hardly change.
  void find_center(const ColumnList<S>& gallery) {
    constexpr Index most = 31;
    const Index count = std::min(most, gallery.cols());
    std::vector<S> values;
    for (Index i = 0; i < rows_; ++i) {
      values.clear();
      for (Index j = 0; j < count; ++j) {
        const S value = gallery(i, j * (gallery.cols() / count));
        if (std::isfinite(value)) values.push_back(value);
      }
      if (values.empty()) continue;
      const auto middle = values.begin() + length(values) / 2;
      std::nth_element(values.begin(), middle, values.end());
      center_[i] = *middle;
    }
  }

  Closeness closeness_;
  Index rows_;
  bool usable_;  // for this gallery
  Index count_ = 0;
  S error_ = 0;
  Buffer<S> center_ = {};
  Buffer<S> queries_ = {};  // q - center, times -2; for Cosine -q / |q|; 0 if the bounds do not hold for q
  Buffer<S> squares_ = {};  // |q - center|^2
  Buffer<S> limits_ = {};
  Buffer<std::uint64_t> hits_ = {};
  Buffer<S> panel_ = {};
};

}  // namespace gemel::detail
