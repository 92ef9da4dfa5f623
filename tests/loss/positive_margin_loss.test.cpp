#include "gemel/loss/positive_margin_loss.hpp"

#include "loss/loss_check.hpp"

using namespace gemel;
using namespace gemel::test;

TEST_CASE("PositiveMarginLoss has the reference values and slopes") {
  check_golden(PositiveMarginLoss{.margin = 1.0, .positive_margin = 0.3}, "positive_margin_0.3", golden_batch());
}

TEST_CASE("PositiveMarginLoss has slope 0 for similar pairs within their margin") {
  LossRun<> run{{0.25, 0.5}, {1, 1}};
  CHECK(std::abs(run(PositiveMarginLoss{.positive_margin = 0.25}) - 0.0625 / 2) <= 1e-15);
  CHECK(run.slope[0] == 0);
  CHECK(std::abs(run.slope[1] - 0.25) <= 1e-15);
}

TEST_CASE("PositiveMarginLoss: the slopes match finite differences") {
  check_slopes(PositiveMarginLoss{.margin = 0.9, .positive_margin = 0.2});
}

TEST_CASE("PositiveMarginLoss meets the Loss concept") {
  check_contract(PositiveMarginLoss{});
  check_positive_margin(PositiveMarginLoss{});
}
