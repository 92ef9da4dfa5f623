#include "gemel/training/learning_rate.hpp"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "catch.hpp"
#include "gemel/training/schedule.hpp"

using namespace gemel;

namespace {

struct Nothing {};
using State = TrainingState<Nothing, Nothing>;

/// The rates that a callback sets in `epochs` epochs of three batches.
template <class C>
std::vector<double> rates(C& callback, Index epochs) {
  static_assert(Callback<C, State>);
  Nothing model, optimizer;
  History history;
  State state{model, optimizer, history};
  std::vector<double> seen;
  callback.on_train_begin(state);
  for (state.epoch = 0; state.epoch < epochs; ++state.epoch) {
    callback.on_epoch_begin(state);
    for (state.batch = 0; state.batch < 3; ++state.batch) {
      callback.on_batch_begin(state);
      seen.push_back(state.learning_rate);
    }
  }
  return seen;
}

double line(Index step) { return static_cast<double>(step) / 8; }

}  // namespace

TEST_CASE("LearningRate follows the schedule by batch or by epoch") {
  LearningRate by_batch{line};
  CHECK(rates(by_batch, 2) == std::vector<double>{0, 0.125, 0.25, 0.375, 0.5, 0.625});
  CHECK(rates(by_batch, 1) == std::vector<double>{0, 0.125, 0.25});  // another training starts anew
  LearningRate by_epoch{line, Per::Epoch};
  CHECK(rates(by_epoch, 2) == std::vector<double>{0, 0, 0, 0.125, 0.125, 0.125});
}

TEST_CASE("LearningRate by epochs goes on where it was saved, too") {
  LearningRate unbroken{line, Per::Epoch}, first{line, Per::Epoch}, second{line, Per::Epoch};
  const auto all = rates(unbroken, 3);
  rates(first, 2);
  second.restore(first.save());
  CHECK(rates(second, 1) == std::vector<double>(all.begin() + 6, all.end()));
}

TEST_CASE("LearningRate names the step whose rate is none") {
  for (const double bad : {std::nan(""), -0.1, std::numeric_limits<double>::infinity()}) {
    CAPTURE(bad);
    LearningRate callback{[bad](Index step) { return step < 4 ? 0.1 : bad; }};
    std::string text;
    try {
      rates(callback, 2);
    } catch (const ValueError& error) {
      text = error.what();
    }
    CHECK(text.find("the schedule of the callback LearningRate") != std::string::npos);
    CHECK(text.find("at step 4") != std::string::npos);
  }
}

TEST_CASE("LearningRate goes on where it was saved") {
  const CosineDecay decay{.decay_steps = 9};
  LearningRate unbroken{decay}, first{decay}, second{decay};
  const auto all = rates(unbroken, 3);
  rates(first, 2);
  second.restore(first.save());
  CHECK(rates(second, 1) == std::vector<double>(all.begin() + 6, all.end()));
  CHECK_THROWS_AS(second.restore(std::vector<double>{}), FormatError);
  CHECK_THROWS_AS(second.restore(std::vector<double>{-1}), FormatError);
  CHECK_THROWS_AS(second.restore(std::vector<double>{std::nan("")}), FormatError);
  CHECK_THROWS_AS(second.restore(std::vector<double>{2.5}), FormatError);
}
