#include "gemel/optimizer/schedule.hpp"

#include <limits>
#include <numbers>

#include "catch.hpp"

using namespace gemel;

namespace {

bool near(double a, double b) { return std::abs(a - b) <= 4e-16 * std::abs(b) + 1e-19; }

}  // namespace

TEST_CASE("ConstantRate has the same rate at every step") {
  const ConstantRate rate{.learning_rate = 0.02};
  CHECK(rate(0) == 0.02);
  CHECK(rate(std::numeric_limits<Index>::max()) == 0.02);
  CHECK(ConstantRate{.learning_rate = 0}(1) == 0);
}

TEST_CASE("ExponentialDecay matches Keras' formula") {
  const ExponentialDecay smooth{.initial_learning_rate = 0.02, .decay_steps = 30, .decay_rate = 0.7};
  const ExponentialDecay stairs{.initial_learning_rate = 0.02, .decay_steps = 30, .decay_rate = 0.7, .staircase = true};
  CHECK(smooth(0) == 0.02);
  for (const Index step : {0, 1, 29, 30, 31, 75, 90}) {
    CAPTURE(step);
    const double turns = static_cast<double>(step) / 30;
    CHECK(std::abs(smooth(step) - 0.02 * std::pow(0.7, turns)) <= 1e-17);
    CHECK(std::abs(stairs(step) - 0.02 * std::pow(0.7, std::floor(turns))) <= 1e-17);
  }
  CHECK(ExponentialDecay{.decay_rate = 0.5}(10'000'000) == 0);
}

TEST_CASE("CosineDecay matches Keras' formula, and keeps its final rate") {
  const CosineDecay decay{.initial_learning_rate = 0.5, .decay_steps = 40, .alpha = 0.1};
  CHECK(decay(0) == 0.5);
  CHECK(near(decay(40), 0.05));
  CHECK(decay(1000) == decay(40));
  for (const Index step : {3, 10, 20, 39}) {
    CAPTURE(step);
    const double cosine = 0.5 * (1 + std::cos(std::numbers::pi * static_cast<double>(step) / 40));
    CHECK(near(decay(step), 0.5 * (0.9 * cosine + 0.1)));
  }
}

TEST_CASE("CosineDecay warms up linearly to its target") {
  const CosineDecay decay{.initial_learning_rate = 0.25, .decay_steps = 8, .warmup_target = 1.25, .warmup_steps = 4};
  CHECK(decay(0) == 0.25);
  CHECK(decay(1) == 0.5);
  CHECK(decay(3) == 1);
  CHECK(decay(4) == 1.25);
  CHECK(near(decay(8), 0.625));
  CHECK(near(decay(6), 1.25 * 0.5 * (1 + std::sqrt(0.5))));
  CHECK(decay(12) <= 1e-16);
  CHECK(CosineDecay{.initial_learning_rate = 0.25, .warmup_steps = 4}(0) == 0.25);  // no target: no warm-up
}

TEST_CASE("Schedules reject options and steps out of range") {
  const double nan = std::nan("");
  CHECK_THROWS_AS(ConstantRate{.learning_rate = -1}(0), ValueError);
  CHECK_THROWS_AS(ConstantRate{.learning_rate = nan}(0), ValueError);
  CHECK_THROWS_AS(ConstantRate{}(-1), ValueError);
  CHECK_THROWS_AS(ExponentialDecay{.initial_learning_rate = -1}(0), ValueError);
  CHECK_THROWS_AS(ExponentialDecay{.decay_steps = 0}(0), ValueError);
  CHECK_THROWS_AS(ExponentialDecay{.decay_rate = 0}(0), ValueError);
  CHECK_THROWS_AS(ExponentialDecay{.decay_rate = nan}(0), ValueError);
  CHECK_THROWS_AS(CosineDecay{.initial_learning_rate = nan}(0), ValueError);
  CHECK_THROWS_AS(CosineDecay{.decay_steps = 0}(0), ValueError);
  CHECK_THROWS_AS(CosineDecay{.alpha = -0.1}(0), ValueError);
  CHECK_THROWS_AS(CosineDecay{.warmup_target = -1}(0), ValueError);
  CHECK_THROWS_AS(CosineDecay{.warmup_steps = -1}(0), ValueError);
}

TEST_CASE("Schedules are right at the largest step, and reject a negative one") {
  constexpr Index last = std::numeric_limits<Index>::max();
  for (const bool staircase : {false, true}) {
    CHECK(ExponentialDecay{.decay_steps = 1, .decay_rate = 0.5, .staircase = staircase}(last) == 0);
    CHECK(ExponentialDecay{.decay_steps = 1, .decay_rate = 1, .staircase = staircase}(last) == 1e-3);
    CHECK(ExponentialDecay{.decay_steps = last, .decay_rate = 0.5, .staircase = staircase}(last) == 0.5e-3);
    CHECK_THROWS_AS((ExponentialDecay{.staircase = staircase}(-1)), ValueError);
    CHECK_THROWS_AS((ExponentialDecay{.staircase = staircase}(std::numeric_limits<Index>::min())), ValueError);
    // With a decay_rate above 1 the rate grows to infinity.
    CHECK_THROWS_AS((ExponentialDecay{.decay_steps = 1, .decay_rate = 1.5, .staircase = staircase}(last)), ValueError);
    CHECK_THROWS_AS((ExponentialDecay{.decay_steps = 1, .decay_rate = 2, .staircase = staircase}(1100)), ValueError);
  }

  const CosineDecay warm{.initial_learning_rate = 0, .warmup_target = 0.5, .warmup_steps = last};
  CHECK(warm(0) == 0);
  CHECK(warm(last) == 0.5);
  CHECK(CosineDecay{.decay_steps = last, .alpha = 0.5}(last) == 0.5e-3);
  CHECK_THROWS_AS(CosineDecay{}(-1), ValueError);
  CHECK_THROWS_AS(warm(-1), ValueError);
  CHECK_THROWS_AS(CosineDecay{}(std::numeric_limits<Index>::min()), ValueError);
}

TEST_CASE("a decay over the whole training equals one with that number of steps", "[schedule]") {
  const CosineDecay cosine{.initial_learning_rate = 0.5, .decay_steps = whole_training, .alpha = 0.1};
  const CosineDecay warm{
      .initial_learning_rate = 0, .decay_steps = whole_training, .warmup_target = 0.5, .warmup_steps = 10};
  const ExponentialDecay exponential{.initial_learning_rate = 0.5, .decay_steps = whole_training, .decay_rate = 0.01};
  for (const Index step : {0, 5, 10, 11, 25, 39, 40, 50}) {
    CAPTURE(step);
    CHECK(cosine.over(40)(step) == CosineDecay{.initial_learning_rate = 0.5, .decay_steps = 40, .alpha = 0.1}(step));
    CHECK(warm.over(40)(step) ==
          CosineDecay{.initial_learning_rate = 0, .decay_steps = 30, .warmup_target = 0.5, .warmup_steps = 10}(step));
    CHECK(exponential.over(40)(step) ==
          ExponentialDecay{.initial_learning_rate = 0.5, .decay_steps = 40, .decay_rate = 0.01}(step));
  }
  CHECK(near(exponential.over(40)(40), 0.005));
  CHECK(warm.over(40)(40) <= 1e-16);
  // Without a target there is no warm-up, and given decay_steps remain.
  CHECK(CosineDecay{.decay_steps = whole_training, .warmup_steps = 50}.over(40).decay_steps == 40);
  CHECK(CosineDecay{}.over(7).decay_steps == 1000);
  CHECK(ExponentialDecay{.staircase = true}.over(7).decay_steps == 1000);

  CHECK_THROWS_AS(cosine(0), ValueError);
  CHECK_THROWS_AS(exponential(0), ValueError);
  CHECK_THROWS_AS(warm.over(10), ValueError);
  CHECK_NOTHROW(warm.over(11));
  CHECK_THROWS_AS(cosine.over(0), ValueError);
  CHECK_THROWS_AS(cosine.over(-1), ValueError);
  CHECK_THROWS_AS(exponential.over(whole_training), ValueError);
  CHECK_THROWS_AS((ExponentialDecay{.decay_steps = whole_training, .staircase = true}.over(40)), ValueError);
}
