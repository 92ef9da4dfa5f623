#include "gemel/loss/online_contrastive_loss.hpp"

#include "loss/loss_check.hpp"

using namespace gemel;
using namespace gemel::test;

TEST_CASE("OnlineContrastiveLoss has the values and slopes of sentence-transformers") {
  check_golden(OnlineContrastiveLoss{}, "online_hard_margin_1", golden_batch());
}

TEST_CASE("OnlineContrastiveLoss sums over hard pairs only") {
  // Nearest dissimilar 0.5, farthest similar 0.75: the pairs at 0.75 and 0.5 are hard, those at 0.5 and 0.875 are not.
  LossRun<> run{{0.5, 0.75, 0.5, 0.875}, {1, 1, 0, 0}};
  CHECK(run(OnlineContrastiveLoss{}) == 0.5625 + 0.25);
  CHECK(run.slope == std::vector<double>{0, 1.5, -1, 0});
}

TEST_CASE("OnlineContrastiveLoss compares with a kind that has a single pair") {
  LossRun<> one_of_each{{0.75, 0.25}, {1, 0}};
  CHECK(one_of_each(OnlineContrastiveLoss{}) == 0.5625 + 0.5625);
  CHECK(one_of_each.slope == std::vector<double>{1.5, -1.5});

  LossRun<> in_tenths{{0.8, 0.2}, {1, 0}};
  CHECK(std::abs(in_tenths(OnlineContrastiveLoss{}) - 1.28) <= 1e-15);
  CHECK(std::abs(in_tenths.slope[0] - 1.6) <= 1e-15);
  CHECK(std::abs(in_tenths.slope[1] + 1.6) <= 1e-15);

  LossRun<> one_dissimilar{{0.25, 0.75, 0.125}, {1, 1, 0}};
  CHECK(one_dissimilar(OnlineContrastiveLoss{}) == 0.0625 + 0.5625 + 0.765625);
  CHECK(one_dissimilar.slope == std::vector<double>{0.5, 1.5, -1.75});

  LossRun<> one_similar{{0.125, 0.25, 0.75}, {1, 0, 0}};
  CHECK(one_similar(OnlineContrastiveLoss{}) == 0);
  CHECK(one_similar.slope == std::vector<double>{0, 0, 0});
}

TEST_CASE("OnlineContrastiveLoss compares with a kind's own mean if the other kind has no pair") {
  LossRun<> only_similar{{0.25, 0.75}, {1, 1}};
  CHECK(only_similar(OnlineContrastiveLoss{}) == 0.5625);
  CHECK(only_similar.slope == std::vector<double>{0, 1.5});

  LossRun<> only_dissimilar{{0.25, 0.75}, {0, 0}};
  CHECK(only_dissimilar(OnlineContrastiveLoss{}) == 0.5625);
  CHECK(only_dissimilar.slope == std::vector<double>{-1.5, 0});

  LossRun<> single{{0.5}, {1}};
  CHECK(single(OnlineContrastiveLoss{}) == 0);
  CHECK(single.slope == std::vector<double>{0});
}

TEST_CASE("OnlineContrastiveLoss: the slopes match finite differences") {
  check_slopes(OnlineContrastiveLoss{.margin = 0.9});
}

TEST_CASE("OnlineContrastiveLoss meets the Loss concept") { check_contract(OnlineContrastiveLoss{}); }
