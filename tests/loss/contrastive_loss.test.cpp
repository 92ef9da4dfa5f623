#include "gemel/loss/contrastive_loss.hpp"

#include "loss/loss_check.hpp"

using namespace gemel;
using namespace gemel::test;

TEST_CASE("ContrastiveLoss has the reference values and slopes") {
  check_golden(ContrastiveLoss{.margin = 1.0}, "tutorial_margin_1", golden_batch());
  check_golden(ContrastiveLoss{.margin = 1.5}, "tutorial_margin_1.5", golden_batch());
  check_golden(ContrastiveLoss{}, "weighted_margin_1", golden_batch(false, true));
}

TEST_CASE("ContrastiveLoss matches hand-computed values") {
  // Similar, dissimilar within the margin, dissimilar beyond it: (0.5^2 + 0.75^2 + 0) / 3.
  LossRun<> run{{0.5, 0.25, 2}, {1, 0, 0}};
  CHECK(std::abs(run(ContrastiveLoss{}) - 0.8125 / 3) <= 1e-15);
  CHECK(std::abs(run.slope[0] - 1.0 / 3) <= 1e-15);
  CHECK(std::abs(run.slope[1] + 1.5 / 3) <= 1e-15);
  CHECK(run.slope[2] == 0);
}

TEST_CASE("ContrastiveLoss: the slopes match finite differences") { check_slopes(ContrastiveLoss{.margin = 0.9}); }

TEST_CASE("ContrastiveLoss meets the Loss concept") { check_contract(ContrastiveLoss{}); }
