#include "gemel/callback/early_stopping.hpp"

#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "callback/stub_training.hpp"
#include "catch.hpp"

using namespace gemel;
using test::StubTraining;

namespace {

const double not_a_number = std::numeric_limits<double>::quiet_NaN();

}  // namespace

TEST_CASE("the training ends after `patience` epochs without improvement", "[early_stopping]") {
  const std::vector<double> losses = {3, 2, 2.5, 1, 1.5, 1, 1.2, 0.5, 2};
  for (const auto& [patience, epochs] : std::vector<std::pair<Index, Index>>{{0, 3}, {1, 3}, {2, 6}, {3, 7}, {4, 9}}) {
    CAPTURE(patience);
    StubTraining training;
    EarlyStopping stopping{.patience = patience};
    training.begin(stopping);
    CHECK(training.epochs(stopping, losses) == epochs);
  }
}

TEST_CASE("the best epoch's parameters are restored", "[early_stopping]") {
  StubTraining training;
  EarlyStopping stopping{.patience = 2};
  training.begin(stopping);

  SECTION("after a stop") {
    CHECK(training.epochs(stopping, {3, 2, 4, 5, 1}) == 4);
    stopping.on_train_end(training.state);
    CHECK(training.model.values == VectorX<float>::Constant(3, 1));
    CHECK(stopping.best == 2);
    CHECK(stopping.best_epoch == 1);
  }
  SECTION("after the last epoch, too") {
    CHECK(training.epochs(stopping, {3, 2, 1, 4}) == 4);
    CHECK(training.model.values == VectorX<float>::Constant(3, 3));
    stopping.on_train_end(training.state);
    CHECK(training.model.values == VectorX<float>::Constant(3, 2));
  }
  SECTION("but not if restore_best_weights is false") {
    EarlyStopping keeping{.patience = 2, .restore_best_weights = false};
    training.begin(keeping);
    CHECK(training.epochs(keeping, {3, 2, 4, 5, 1}) == 4);
    keeping.on_train_end(training.state);
    CHECK(training.model.values == VectorX<float>::Constant(3, 3));
    CHECK(keeping.best_epoch == 1);
  }
}

TEST_CASE("a NaN is never the best epoch", "[early_stopping]") {
  StubTraining training;
  EarlyStopping stopping{.patience = 2};
  training.begin(stopping);

  SECTION("not even the first") {
    CHECK(training.epochs(stopping, {not_a_number, 3, not_a_number, 2, 4}) == 5);
    CHECK(stopping.best == 2);
    stopping.on_train_end(training.state);
    CHECK(training.model.values == VectorX<float>::Constant(3, 3));
  }
  SECTION("nor does it count, and if all are NaN, nothing is restored") {
    CHECK(training.epochs(stopping, {not_a_number, not_a_number, not_a_number}) == 3);
    stopping.on_train_end(training.state);
    CHECK(training.model.values == VectorX<float>::Constant(3, 2));
    CHECK(stopping.best_epoch == -1);
    CHECK(stopping.wait == 0);
  }
  SECTION("so that patience counts the epochs that have a value") {
    CHECK(training.epochs(stopping, {3, not_a_number, 4, not_a_number, not_a_number, 5, 1}) == 6);
    CHECK(stopping.best_epoch == 0);
  }
}

TEST_CASE("EarlyStopping follows the direction of its monitor", "[early_stopping]") {
  const std::vector<double> values = {0.5, 0.75, 0.625, 0.875, 0.5, 0.75};
  for (const bool more : {true, false}) {
    CAPTURE(more);
    StubTraining training;
    training.history.metrics = {{.name = "score"}};
    EarlyStopping stopping{.monitor = {"score", more ? Monitor::Max : Monitor::Min}, .min_delta = 0.125, .patience = 2};
    training.begin(stopping);
    Index epochs = 0;
    for (const double value : values) {
      training.history.metrics[0].values.push_back(more ? value : -value);
      ++epochs;
      if (!training.epoch(stopping, 0, 0)) break;
    }
    CHECK(epochs == 4);  // 0.875 is better by min_delta only
    CHECK(stopping.best == (more ? 0.75 : -0.75));
    CHECK(stopping.best_epoch == 1);
  }
}

TEST_CASE("EarlyStopping: an infinite value is never the best, and a saved infinity must have the monitor's direction",
          "[early_stopping]") {
  const double infinite = std::numeric_limits<double>::infinity();
  for (const auto& [better, worst] : {std::pair{Monitor::Min, infinite}, std::pair{Monitor::Max, -infinite}}) {
    StubTraining training;
    training.history.metrics = {{.name = "score"}};
    EarlyStopping stopping{.monitor = {"score", better}, .patience = 5}, resumed = stopping;
    CHECK(stopping.best == worst);
    training.begin(stopping);
    for (const double value : {-worst, worst}) {
      training.history.metrics[0].values.push_back(value);
      training.epoch(stopping, 0, 0);
      CHECK(stopping.best == worst);
      CHECK(stopping.best_epoch == -1);
    }
    resumed.restore(stopping.save());
    CHECK(resumed.save() == stopping.save());
    CHECK_THROWS_AS(resumed.restore(std::vector<double>{-worst, 0, 0}), FormatError);
    training.begin(resumed);
    training.history.metrics[0].values.push_back(0.25);
    training.epoch(resumed, 0, 0);
    CHECK(resumed.best == 0.25);
  }
}

TEST_CASE("an improvement by min_delta or less does not count", "[early_stopping]") {
  StubTraining training;
  EarlyStopping stopping{.min_delta = 0.5, .patience = 2};
  training.begin(stopping);
  CHECK(training.epochs(stopping, {3, 2.5, 2.25, 2, 1.75, 1}) == 5);
  CHECK(stopping.best_epoch == 2);
}

TEST_CASE("EarlyStopping can monitor the training loss, and needs a validation loss to monitor that",
          "[early_stopping]") {
  StubTraining training;
  EarlyStopping stopping{.monitor = Monitor::Loss, .patience = 1};
  training.begin(stopping);
  CHECK(training.epochs(stopping, {1, 2, 3}) == 3);  // the stub's training losses fall
  CHECK(stopping.best == -2);

  EarlyStopping lost;
  training.begin(lost);
  training.history.validation_loss.clear();
  CHECK_THROWS_AS(lost.on_epoch_end(training.state), ValueError);
}

TEST_CASE("EarlyStopping restarts in a second training, and continues in a resumed one", "[early_stopping]") {
  const std::vector<double> first = {3, 1, 2}, second = {2.5, 2, 4};
  StubTraining training;
  EarlyStopping stopping{.patience = 3};
  training.begin(stopping);
  CHECK(training.epochs(stopping, first) == 3);

  EarlyStopping resumed{.patience = 3};
  resumed.restore(stopping.save());
  training.begin(resumed);
  CHECK(training.epochs(resumed, second) == 2);  // three epochs without improvement, including the one before
  resumed.on_train_end(training.state);
  CHECK(training.model.values == VectorX<float>::Constant(3, 1));

  training.begin(stopping);
  CHECK(training.epochs(stopping, second) == 3);
  CHECK(stopping.best == 2);

  CHECK_THROWS_AS(resumed.restore(std::vector<double>{1, 2}), FormatError);
  CHECK_THROWS_AS(resumed.restore(std::vector<double>{1, not_a_number, 0}), FormatError);
}

TEST_CASE("EarlyStopping rejects options out of range", "[early_stopping]") {
  StubTraining training;
  for (EarlyStopping wrong :
       {EarlyStopping{.patience = -1}, EarlyStopping{.min_delta = -0.1}, EarlyStopping{.min_delta = not_a_number}}) {
    CHECK_THROWS_AS(training.begin(wrong), ValueError);
  }
}

TEST_CASE("A restored EarlyStopping stops at the same epoch as an uninterrupted one", "[early_stopping]") {
  const std::vector<double> losses = {3, 1, 2, 2.5, 2, 0.5, 4};
  for (Index patience = 0; patience < 5; ++patience) {
    for (std::size_t split = 1; split < losses.size(); ++split) {
      CAPTURE(patience, split);
      StubTraining unbroken, first, second;
      EarlyStopping whole{.patience = patience}, begun = whole, resumed = whole;
      unbroken.begin(whole);
      const Index epochs = unbroken.epochs(whole, losses);
      first.begin(begun);
      const auto middle = losses.begin() + static_cast<std::ptrdiff_t>(split);
      if (first.epochs(begun, {losses.begin(), middle}) < static_cast<Index>(split)) continue;
      if (epochs == static_cast<Index>(split)) continue;  // the training ends earlier
      resumed.restore(begun.save());
      second.begin(resumed);
      CHECK(static_cast<Index>(split) + second.epochs(resumed, {middle, losses.end()}) == epochs);
      CHECK(resumed.best == whole.best);
    }
  }
}

TEST_CASE("EarlyStopping restores the largest counts, and rejects values that it never saves", "[early_stopping]") {
  constexpr Index most = std::numeric_limits<Index>::max();
  EarlyStopping stopping{.patience = most};
  stopping.best = 0.5;
  stopping.best_epoch = 2;
  stopping.wait = most - 1;
  EarlyStopping resumed{.patience = most};
  resumed.restore(stopping.save());
  CHECK(resumed.wait >= most - 1);
  CHECK(resumed.best_epoch == 2);
  CHECK(resumed.save() == stopping.save());

  const double infinite = std::numeric_limits<double>::infinity();
  for (const std::vector<double>& wrong : std::vector<std::vector<double>>{{1, 0.5, 0},
                                                                           {1, 0, 2.5},
                                                                           {1, 0, -1},
                                                                           {1, -2, 0},
                                                                           {-infinite, 0, 0},
                                                                           {1, 0, 0, not_a_number},
                                                                           {1, 0, 0, infinite}}) {
    CAPTURE(wrong);
    CHECK_THROWS_AS(resumed.restore(wrong), FormatError);
    CHECK(resumed.save() == stopping.save());
  }
}

TEST_CASE("EarlyStopping restores parameters only with restore_best_weights, and then needs saved ones",
          "[early_stopping]") {
  StubTraining training;
  EarlyStopping keeping{.patience = 2}, leaving{.patience = 2, .restore_best_weights = false};
  keeping.restore(std::vector<double>{1, 0, 0, 7, 7, 7});
  leaving.restore(keeping.save());
  training.begin(leaving);
  training.epochs(leaving, {2, 2});
  leaving.on_train_end(training.state);
  CHECK(training.model.values == VectorX<float>::Constant(3, 1));

  keeping.restore(std::vector<double>{1, 0, 0});
  CHECK_THROWS_AS(training.begin(keeping), ShapeError);
}

TEST_CASE("EarlyStopping says what is missing if the history is empty", "[early_stopping]") {
  StubTraining training;
  EarlyStopping stopping{.monitor = Monitor::Loss};
  training.begin(stopping);
  CHECK_THROWS_AS(stopping.on_epoch_end(training.state), ValueError);
}
