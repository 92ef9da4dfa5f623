#include "gemel/optimizer/any_schedule.hpp"

#include "callback/stub_training.hpp"
#include "catch.hpp"
#include "gemel/callback/learning_rate.hpp"
#include "gemel/core/error.hpp"

using namespace gemel;

TEST_CASE("AnySchedule gives the rates of the chosen schedule", "[any_schedule]") {
  const auto check = [](const auto& schedule) {
    const AnySchedule any = schedule;
    for (const Index step : {0, 1, 7, 30, 1000}) CHECK(any(step) == schedule(step));
    CHECK_THROWS_AS(any(-1), ValueError);
  };
  check(ConstantRate{.learning_rate = 0.25});
  check(ExponentialDecay{.initial_learning_rate = 0.5, .decay_steps = 10, .decay_rate = 0.5});
  check(CosineDecay{.initial_learning_rate = 0.5, .decay_steps = 20, .alpha = 0.1});
  CHECK(AnySchedule{}(5) == ConstantRate{}(5));
  CHECK_THROWS_AS((AnySchedule{ExponentialDecay{.decay_steps = 0}}(0)), ValueError);
}

TEST_CASE("LearningRate accepts an AnySchedule", "[any_schedule]") {
  LearningRate<AnySchedule> rate{CosineDecay{.initial_learning_rate = 0.5, .decay_steps = 2}};
  test::StubTraining training;
  training.begin(rate);
  for (const double expected : {0.5, 0.25, 0.0}) {
    rate.on_batch_begin(training.state);
    CHECK(std::abs(training.state.learning_rate - expected) <= 1e-16);
  }
}

TEST_CASE("AnySchedule lasts as long as the training if the chosen schedule does", "[any_schedule]") {
  const CosineDecay cosine{.initial_learning_rate = 0.5, .decay_steps = whole_training};
  const AnySchedule any = cosine;
  for (const Index step : {0, 3, 10}) CHECK(any.over(10)(step) == cosine.over(10)(step));
  CHECK_THROWS_AS(any(0), ValueError);
  CHECK(AnySchedule{ConstantRate{.learning_rate = 0.25}}.over(10)(3) == 0.25);
}
