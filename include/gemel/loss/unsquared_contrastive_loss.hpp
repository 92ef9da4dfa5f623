#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

#include "gemel/core/types.hpp"
#include "gemel/loss/loss.hpp"
#include "gemel/loss/loss_checks.hpp"
#include "gemel/loss/residual.hpp"

namespace gemel {

/// The contrastive loss without squares. The similar and the dissimilar pairs are averaged separately, each over the
/// pairs whose term is not zero. It equals the ContrastiveLoss of pytorch-metric-learning with its default reducer,
/// AvgNonZeroReducer; that library calls the two margins pos_margin and neg_margin:
///
///   mean of the non-zero max(0, d - positive_margin) over the similar pairs
///   + mean of the non-zero max(0, margin - d) over the dissimilar pairs
///
/// A weight multiplies its pair's term; the divisor remains the number of pairs whose term is not zero. A similar pair
/// with d <= positive_margin and a dissimilar pair with d >= margin have slope exactly 0. Throws ValueError if the
/// margin is not positive and finite, positive_margin is not in [0, margin), or the batch is empty, and ShapeError if
/// d, similar, slope or a non-empty weight differ in length.
struct UnsquaredContrastiveLoss {
  double margin = 1.0;           ///< For dissimilar pairs, in the unit of the distance.
  double positive_margin = 0.0;  ///< For similar pairs, in the unit of the distance.

  /// Required by the Loss concept, which describes the arguments (loss/loss.hpp).
  template <Scalar S>
  double operator()(std::span<const S> d, std::span<const std::uint8_t> similar, std::span<const S> weight,
                    std::span<S> slope) const {
    detail::check_margins(margin, positive_margin);
    detail::check_batch(d, similar, weight, slope);
    const detail::Residual residual_of{margin, positive_margin};
    const auto residual = [&](std::size_t i) { return residual_of(static_cast<double>(d[i]), similar[i]); };
    Kind near, far;
    for (std::size_t i = 0; i < d.size(); ++i) {
      (similar[i] ? near : far).add(detail::weight_at(weight, i), std::abs(residual(i)));
    }
    for (std::size_t i = 0; i < d.size(); ++i) {
      const double r = residual(i);
      const double share = detail::weight_at(weight, i) / (similar[i] ? near.count : far.count);
      slope[i] = static_cast<S>(r == 0 ? 0 : share * (r / std::abs(r)));  // the sign of r; NaN stays NaN
    }
    return near.mean() + far.mean();
  }

 private:
  /// The weighted terms of one kind of pairs, similar or dissimilar.
  struct Kind {
    double count = 0;  // number of terms that are not zero; a double, since it divides
    double sum = 0;

    void add(double weight, double term) {
      sum = std::fma(weight, term, sum);
      count += term != 0;
    }
    double mean() const { return count == 0 ? 0 : sum / count; }
  };
};

}  // namespace gemel
