#include "gemel/training/early_stopping.hpp"

#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "training/stub_training.hpp"

using namespace gemel;
using test::StubTraining;

namespace {

const double not_a_number = std::numeric_limits<double>::quiet_NaN();

}  // namespace

TEST_CASE("training ends after `patience` epochs without improvement", "[early_stopping]") {
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
  SECTION("but not where it is told not to") {
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
  SECTION("and where all are, nothing is restored") {
    CHECK(training.epochs(stopping, {not_a_number, not_a_number, not_a_number}) == 2);
    stopping.on_train_end(training.state);
    CHECK(training.model.values == VectorX<float>::Constant(3, 1));
    CHECK(stopping.best_epoch == -1);
  }
}

TEST_CASE("an improvement of no more than min_delta is none", "[early_stopping]") {
  StubTraining training;
  EarlyStopping stopping{.min_delta = 0.5, .patience = 2};
  training.begin(stopping);
  CHECK(training.epochs(stopping, {3, 2.5, 2.25, 2, 1.75, 1}) == 5);
  CHECK(stopping.best_epoch == 2);
}

TEST_CASE("EarlyStopping: the training loss is monitored on demand, the validation loss must be there",
          "[early_stopping]") {
  StubTraining training;
  EarlyStopping stopping{.monitor = Monitor::Loss, .patience = 1};
  training.begin(stopping);
  CHECK(training.epochs(stopping, {1, 2, 3}) == 3);  // the stub's losses fall
  CHECK(stopping.best == -2);

  EarlyStopping lost;
  training.begin(lost);
  training.history.validation_loss.clear();
  CHECK_THROWS_AS(lost.on_epoch_end(training.state), ValueError);
}

TEST_CASE("EarlyStopping: a second training starts afresh, a resumed one goes on", "[early_stopping]") {
  const std::vector<double> first = {3, 1, 2}, second = {2.5, 2, 4};
  StubTraining training;
  EarlyStopping stopping{.patience = 3};
  training.begin(stopping);
  CHECK(training.epochs(stopping, first) == 3);

  EarlyStopping resumed{.patience = 3};
  resumed.restore(stopping.save());
  training.begin(resumed);
  CHECK(training.epochs(resumed, second) == 2);  // three without improvement, with that before
  resumed.on_train_end(training.state);
  CHECK(training.model.values == VectorX<float>::Constant(3, 1));

  training.begin(stopping);
  CHECK(training.epochs(stopping, second) == 3);
  CHECK(stopping.best == 2);

  CHECK_THROWS_AS(resumed.restore(std::vector<double>{1, 2}), FormatError);
  CHECK_THROWS_AS(resumed.restore(std::vector<double>{1, not_a_number, 0}), FormatError);
}

TEST_CASE("EarlyStopping refuses options out of range", "[early_stopping]") {
  StubTraining training;
  for (EarlyStopping wrong :
       {EarlyStopping{.patience = -1}, EarlyStopping{.min_delta = -0.1}, EarlyStopping{.min_delta = not_a_number}}) {
    CHECK_THROWS_AS(training.begin(wrong), ValueError);
  }
}
