#pragma once

#include <cstdint>
#include <span>

#include "gemel/core/choice.hpp"
#include "gemel/core/types.hpp"
#include "gemel/loss/contrastive_loss.hpp"
#include "gemel/loss/hadsell_loss.hpp"
#include "gemel/loss/non_zero_contrastive_loss.hpp"
#include "gemel/loss/online_contrastive_loss.hpp"
#include "gemel/loss/positive_margin_loss.hpp"
#include "gemel/loss/unsquared_contrastive_loss.hpp"

namespace gemel {

/// Any of the library's losses, chosen at run time: `AnyLoss loss = HadsellLoss{.margin = 2}`. The default is
/// ContrastiveLoss. It models Loss. It cannot hold a loss of your own; pass such a loss to fit directly.
class AnyLoss final : public Choice<ContrastiveLoss, HadsellLoss, PositiveMarginLoss, OnlineContrastiveLoss,
                                    UnsquaredContrastiveLoss, NonZeroContrastiveLoss> {
 public:
  /// Constructs from one of the losses, or from the default.
  using Choice::Choice;

  /// @{
  /// Required by the Loss concept (loss/loss.hpp); forwards to the chosen loss.
  template <Scalar S>
  double operator()(std::span<const S> d, std::span<const std::uint8_t> similar, std::span<const S> weight,
                    std::span<S> slope) const {
    return visit([&](const auto& loss) { return loss(d, similar, weight, slope); });
  }
  double margin() const {
    return visit([](const auto& loss) { return loss.margin; });
  }
  /// @}
};

}  // namespace gemel
