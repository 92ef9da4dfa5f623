#include "gemel/callback/reduce_lr_on_plateau.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "callback/stub_training.hpp"
#include "catch.hpp"

using namespace gemel;
using test::StubTraining;

namespace {

const double no_number = std::numeric_limits<double>::quiet_NaN();

/// The rate after each epoch, for these validation losses and a learning rate of 0.5.
std::vector<double> rates(ReduceLROnPlateau& reduce, const std::vector<double>& losses, StubTraining& training) {
  training.state.learning_rate = 0.5;
  training.begin(reduce);
  std::vector<double> rate;
  for (const double loss : losses) {
    CHECK(training.epoch(reduce, -static_cast<double>(training.state.epoch), loss));
    rate.push_back(training.state.learning_rate * training.state.rate_scale);
  }
  return rate;
}

std::vector<double> rates(ReduceLROnPlateau reduce, const std::vector<double>& losses) {
  StubTraining training;
  return rates(reduce, losses, training);
}

}  // namespace

TEST_CASE("the rate falls after `patience` epochs on a plateau", "[reduce_lr_on_plateau]") {
  CHECK(rates({.factor = 0.5, .patience = 2}, {3, 3, 3, 3, 2, 2, 2, 2}) ==
        std::vector<double>{0.5, 0.5, 0.25, 0.25, 0.25, 0.25, 0.125, 0.125});
  CHECK(rates({.factor = 0.5, .patience = 1}, {3, 3, 2, 2, 1}) == std::vector<double>{0.5, 0.25, 0.25, 0.125, 0.125});
}

TEST_CASE("during a cooldown no epoch counts", "[reduce_lr_on_plateau]") {
  // As in Keras, the epoch in which the cooldown ends is counted.
  CHECK(rates({.factor = 0.5, .patience = 1, .cooldown = 3}, {3, 3, 3, 3, 3, 3, 3}) ==
        std::vector<double>{0.5, 0.25, 0.25, 0.25, 0.125, 0.125, 0.125});
}

TEST_CASE("the rate stays at least min_lr", "[reduce_lr_on_plateau]") {
  CHECK(rates({.factor = 0.5, .patience = 1, .min_lr = 0.1875}, {3, 3, 3, 3}) ==
        std::vector<double>{0.5, 0.25, 0.1875, 0.1875});
  CHECK(rates({.factor = 0.5, .patience = 1, .min_lr = 0.75}, {3, 3, 3}) == std::vector<double>{0.5, 0.5, 0.5});
}

TEST_CASE("neither an improvement by min_delta or less counts, nor a NaN", "[reduce_lr_on_plateau]") {
  CHECK(rates({.factor = 0.5, .patience = 2, .min_delta = 0.5}, {3, 2.5, 2.75, 2.25}) ==
        std::vector<double>{0.5, 0.5, 0.25, 0.25});
  CHECK(rates({.factor = 0.5, .patience = 2}, {no_number, 3, no_number, 3, no_number, 3, 2}) ==
        std::vector<double>{0.5, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25});
}

TEST_CASE("ReduceLROnPlateau follows the direction of its monitor", "[reduce_lr_on_plateau]") {
  StubTraining training;
  training.history.metrics = {{.name = "auc"}};
  training.state.learning_rate = 0.5;
  ReduceLROnPlateau reduce{.monitor = {"auc", Monitor::Max}, .factor = 0.5, .patience = 2};
  training.begin(reduce);
  std::vector<double> scales;
  for (const double value : {0.5, 0.625, 0.75, 0.75, 0.625, 0.875}) {
    training.history.metrics[0].values.push_back(value);
    training.epoch(reduce, 0, 0);
    scales.push_back(training.state.rate_scale);
  }
  CHECK(scales == std::vector<double>{1, 1, 1, 1, 0.5, 0.5});
  CHECK(reduce.best == 0.875);

  ReduceLROnPlateau resumed = reduce, other_way{.monitor = "auc"};
  resumed.restore(reduce.save());
  CHECK(resumed.save() == reduce.save());
  constexpr double infinite = std::numeric_limits<double>::infinity();
  resumed.restore(std::vector<double>{-infinite, 0, 0, 1});  // no best value yet
  CHECK_THROWS_AS(resumed.restore(std::vector<double>{infinite, 0, 0, 1}), FormatError);
  CHECK_THROWS_AS(other_way.restore(std::vector<double>{-infinite, 0, 0, 1}), FormatError);
}

TEST_CASE("ReduceLROnPlateau scales the rate of a schedule", "[reduce_lr_on_plateau]") {
  StubTraining training;
  ReduceLROnPlateau reduce{.factor = 0.5, .patience = 1};
  CHECK(rates(reduce, {3, 3}, training).back() == 0.25);
  training.state.learning_rate = 0.125;
  CHECK(training.state.rate_scale == 0.5);
}

TEST_CASE("ReduceLROnPlateau can monitor the training loss, and needs a validation loss to monitor that",
          "[reduce_lr_on_plateau]") {
  CHECK(rates({.monitor = Monitor::Loss, .patience = 1}, {3, 3, 3}) == std::vector<double>{0.5, 0.5, 0.5});

  StubTraining training;
  ReduceLROnPlateau lost;
  training.begin(lost);
  CHECK_THROWS_AS(lost.on_epoch_end(training.state), ValueError);
}

TEST_CASE("ReduceLROnPlateau restarts in a second training, and continues in a resumed one", "[reduce_lr_on_plateau]") {
  StubTraining training, after;
  ReduceLROnPlateau reduce{.factor = 0.5, .patience = 2, .cooldown = 1}, resumed = reduce;
  CHECK(rates(reduce, {3, 3, 3, 3}, training).back() == 0.25);
  resumed.restore(reduce.save());
  CHECK(rates(resumed, {3, 3}, after) == std::vector<double>{0.125, 0.125});
  CHECK(rates(reduce, {3, 3}, training) == std::vector<double>{0.5, 0.5});
  CHECK_THROWS_AS(resumed.restore(std::vector<double>{1, 2}), FormatError);
  CHECK_THROWS_AS(resumed.restore(std::vector<double>{1, 1e300, 0, 1}), FormatError);
}

TEST_CASE("ReduceLROnPlateau rejects options out of range", "[reduce_lr_on_plateau]") {
  StubTraining training;
  for (ReduceLROnPlateau wrong :
       {ReduceLROnPlateau{.factor = 1}, ReduceLROnPlateau{.factor = 0}, ReduceLROnPlateau{.factor = no_number},
        ReduceLROnPlateau{.patience = -1}, ReduceLROnPlateau{.min_delta = -1},
        ReduceLROnPlateau{.min_delta = no_number}, ReduceLROnPlateau{.cooldown = -1}, ReduceLROnPlateau{.min_lr = -1},
        ReduceLROnPlateau{.min_lr = no_number}}) {
    CAPTURE(wrong.factor, wrong.patience, wrong.min_delta, wrong.cooldown, wrong.min_lr);
    CHECK_THROWS_AS(training.begin(wrong), ValueError);
  }
}

TEST_CASE("A restored ReduceLROnPlateau continues like an uninterrupted one", "[reduce_lr_on_plateau]") {
  const std::vector<double> losses = {3, 3, 2, 2, 2, 2, 1, 1, 1, 1};
  for (const Index cooldown : {Index{0}, Index{2}, std::numeric_limits<Index>::max()}) {
    for (std::size_t split = 1; split < losses.size(); ++split) {
      CAPTURE(cooldown, split);
      StubTraining unbroken, first, second;
      ReduceLROnPlateau whole{.factor = 0.5, .patience = 2, .cooldown = cooldown}, begun = whole, resumed = whole;
      const std::vector<double> all = rates(whole, losses, unbroken);
      const auto middle = losses.begin() + static_cast<std::ptrdiff_t>(split);
      std::vector<double> parts = rates(begun, {losses.begin(), middle}, first);
      resumed.restore(begun.save());
      for (const double rate : rates(resumed, {middle, losses.end()}, second)) parts.push_back(rate);
      CHECK(parts == all);
    }
  }
}

TEST_CASE("ReduceLROnPlateau rejects values that it never saves", "[reduce_lr_on_plateau]") {
  ReduceLROnPlateau reduce;
  for (const std::vector<double>& wrong :
       std::vector<std::vector<double>>{{1, -1, 0, 1},
                                        {1, 0, -1, 1},
                                        {1, 0.5, 0, 1},
                                        {1, 0, 0.5, 1},
                                        {-std::numeric_limits<double>::infinity(), 0, 0, 1}}) {
    CAPTURE(wrong);
    CHECK_THROWS_AS(reduce.restore(wrong), FormatError);
  }
}
