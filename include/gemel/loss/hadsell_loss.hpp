#pragma once

#include <cstdint>
#include <span>

#include "gemel/core/types.hpp"
#include "gemel/loss/loss.hpp"
#include "gemel/loss/loss_checks.hpp"
#include "gemel/loss/residual.hpp"

namespace gemel {

/// The contrastive loss as first published, with the factor 1/2: Hadsell, Chopra, LeCun, "Dimensionality reduction by
/// learning an invariant mapping", CVPR 2006, eq. 4 (where Y = 1 means dissimilar), averaged over the batch:
///
///   mean( y/2 d^2 + (1 - y)/2 max(0, margin - d)^2 ),   y = 1: similar
///
/// With margin 0.5 it equals the ContrastiveLoss of sentence-transformers. A dissimilar pair with d >= margin has slope
/// exactly 0. Throws ValueError if the margin is not positive and finite or the batch is empty, and ShapeError if d,
/// similar, slope or a non-empty weight differ in length.
struct HadsellLoss {
  double margin = 1.0;  ///< In the unit of the distance.

  /// Required by the Loss concept, which describes the arguments (loss/loss.hpp).
  template <Scalar S>
  double operator()(std::span<const S> d, std::span<const std::uint8_t> similar, std::span<const S> weight,
                    std::span<S> slope) const {
    detail::check_margin(margin);
    detail::check_batch(d, similar, weight, slope);
    const double scale = 0.5 / static_cast<double>(d.size());
    return detail::squared_residuals(d, similar, weight, slope, scale, margin);
  }
};

}  // namespace gemel
