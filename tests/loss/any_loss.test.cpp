#include "gemel/loss/any_loss.hpp"

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "catch.hpp"
#include "gemel/core/error.hpp"
#include "gemel/loss/loss.hpp"

using namespace gemel;

namespace {

static_assert(Loss<AnyLoss, float> && Loss<AnyLoss, double>);

/// The value of the loss, followed by the slopes.
template <class S, class L>
std::vector<double> loss_and_slopes(const L& loss, const std::vector<S>& weights) {
  const std::vector<S> d = {0.1f, 0.4f, 0.9f, 1.3f, 2.5f, 0.6f};
  const std::vector<std::uint8_t> similar = {0, 1, 0, 1, 0, 1};
  std::vector<S> slope(d.size());
  std::vector<double> all = {loss(std::span<const S>(d), std::span<const std::uint8_t>(similar),
                                  std::span<const S>(weights), std::span<S>(slope))};
  all.insert(all.end(), slope.begin(), slope.end());
  return all;
}

}  // namespace

TEMPLATE_TEST_CASE("AnyLoss is bit-identical to the chosen loss", "[any_loss]", float, double) {
  const auto check = [](const auto& loss) {
    const AnyLoss any = loss;
    CHECK(any.margin() == loss.margin);
    for (const std::vector<TestType>& weights : {std::vector<TestType>{}, std::vector<TestType>{1, 2, 0.5, 3, 1, 0}}) {
      CHECK(loss_and_slopes(any, weights) == loss_and_slopes(loss, weights));
    }
  };
  check(ContrastiveLoss{.margin = 1.5});
  check(HadsellLoss{.margin = 1.5});
  check(PositiveMarginLoss{.margin = 1.5, .positive_margin = 0.5});
  check(OnlineContrastiveLoss{.margin = 1.5});
  check(UnsquaredContrastiveLoss{.margin = 1.5, .positive_margin = 0.5});
  check(NonZeroContrastiveLoss{.margin = 1.5, .positive_margin = 0.5});
}

TEST_CASE("AnyLoss is the contrastive loss by default, and throws what the chosen loss throws", "[any_loss]") {
  const std::vector<float> none;
  CHECK(loss_and_slopes(AnyLoss{}, none) == loss_and_slopes(ContrastiveLoss{}, none));
  const AnyLoss without_margin = HadsellLoss{.margin = std::numeric_limits<double>::quiet_NaN()};
  CHECK_THROWS_AS(loss_and_slopes(without_margin, none), ValueError);
}
