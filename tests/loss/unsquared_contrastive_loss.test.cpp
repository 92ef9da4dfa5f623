#include "gemel/loss/unsquared_contrastive_loss.hpp"

#include "loss/loss_check.hpp"

using namespace gemel;
using namespace gemel::test;

TEST_CASE("UnsquaredContrastiveLoss has the values and slopes of pytorch-metric-learning") {
  check_golden(UnsquaredContrastiveLoss{}, "pytorch_metric_learning_pos_0_neg_1", golden_batch());
}

TEST_CASE("UnsquaredContrastiveLoss averages over the pairs on the wrong side only") {
  // Similar: two pairs 0.5 and 0.25 beyond the margin, one within it. Dissimilar: one of two within the margin.
  LossRun<> run{{0.75, 0.1, 0.5, 0.25, 3}, {1, 1, 1, 0, 0}};
  CHECK(std::abs(run(UnsquaredContrastiveLoss{.positive_margin = 0.25}) - (0.375 + 0.75)) <= 1e-15);
  CHECK(run.slope == std::vector<double>{0.5, 0, 0.5, -1, 0});

  LossRun<> done{{0.125, 3}, {1, 0}};
  CHECK(done(UnsquaredContrastiveLoss{.positive_margin = 0.25}) == 0);
  CHECK(done.slope == std::vector<double>{0, 0});
}

TEST_CASE("UnsquaredContrastiveLoss: the slopes match finite differences") {
  check_slopes(UnsquaredContrastiveLoss{.margin = 0.9, .positive_margin = 0.2});
}

TEST_CASE("UnsquaredContrastiveLoss meets the Loss concept") {
  check_contract(UnsquaredContrastiveLoss{});
  check_positive_margin(UnsquaredContrastiveLoss{});
}
