#include "gemel/loss/non_zero_contrastive_loss.hpp"

#include "loss/loss_check.hpp"

using namespace gemel;
using namespace gemel::test;

TEST_CASE("NonZeroContrastiveLoss averages the squares of each kind over the violating pairs") {
  // Violating: the similar pairs at 0.5 and 1, and the dissimilar pair at 0.5.
  LossRun<> run{{0.5, 1, 0.25, 0.5, 1.5, 1}, {1, 1, 1, 0, 0, 0}};
  CHECK(run(NonZeroContrastiveLoss{.positive_margin = 0.25}) == (0.0625 + 0.5625) / 2 + 0.25);
  CHECK(run.slope == std::vector<double>{0.25, 0.75, 0, -1, 0, 0});
}

TEST_CASE("NonZeroContrastiveLoss: a weight multiplies the term, and a pair of weight 0 is not counted") {
  LossRun<> run{{0.5, 1, 0.5, 0.5}, {1, 1, 0, 0}, {4, 0, 0, 2}};
  CHECK(run(NonZeroContrastiveLoss{}) == 1 + 0.5);
  CHECK(run.slope == std::vector<double>{4, 0, 0, -2});
}

TEST_CASE("NonZeroContrastiveLoss: a kind without a violating pair adds 0") {
  LossRun<> none{{0, 1, 2}, {1, 0, 0}};
  CHECK(none(NonZeroContrastiveLoss{}) == 0);
  CHECK(none.slope == std::vector<double>{0, 0, 0});
  LossRun<> only_similar{{0.5, 2}, {1, 0}};
  CHECK(only_similar(NonZeroContrastiveLoss{}) == 0.25);
  CHECK(only_similar.slope == std::vector<double>{1, 0});
}

TEST_CASE("NonZeroContrastiveLoss: a NaN weight gives a NaN loss") {
  LossRun<> run{{0.5, 0.5}, {1, 0}, {std::nan(""), 1}};
  CHECK(std::isnan(run(NonZeroContrastiveLoss{})));
  CHECK(std::isnan(run.slope[0]));
}

TEST_CASE("NonZeroContrastiveLoss: the slopes match finite differences") {
  check_slopes(NonZeroContrastiveLoss{.margin = 0.9, .positive_margin = 0.2});
}

TEST_CASE("NonZeroContrastiveLoss meets the Loss concept") {
  check_contract(NonZeroContrastiveLoss{});
  check_positive_margin(NonZeroContrastiveLoss{});
}
