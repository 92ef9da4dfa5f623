#pragma once

#include <cstdint>
#include <span>

#include "gemel/core/types.hpp"
#include "gemel/loss/loss.hpp"
#include "gemel/loss/loss_checks.hpp"
#include "gemel/loss/residual.hpp"

namespace gemel {

/// The contrastive loss with a second margin, below which a similar pair costs nothing. It is known as the
/// double-margin contrastive loss (DetailSemNet, a network for signatures, ECCV 2024, eq. 13):
///
///   mean( y max(0, d - positive_margin)^2 + (1 - y) max(0, margin - d)^2 ),   y = 1: similar
///
/// A similar pair with d <= positive_margin and a dissimilar pair with d >= margin have slope exactly 0. Throws
/// ValueError if the margin is not positive and finite, positive_margin is not in [0, margin), or the batch is empty,
/// and ShapeError if d, similar, slope or a non-empty weight differ in length.
struct PositiveMarginLoss {
  double margin = 1.0;           ///< For dissimilar pairs, in the unit of the distance.
  double positive_margin = 0.3;  ///< For similar pairs, in the unit of the distance.

  /// Required by the Loss concept, which describes the arguments (loss/loss.hpp).
  template <Scalar S>
  double operator()(std::span<const S> d, std::span<const std::uint8_t> similar, std::span<const S> weight,
                    std::span<S> slope) const {
    detail::check_margins(margin, positive_margin);
    detail::check_batch(d, similar, weight, slope);
    const double scale = 1.0 / static_cast<double>(d.size());
    return detail::squared_residuals(d, similar, weight, slope, scale, margin, positive_margin);
  }
};

}  // namespace gemel
