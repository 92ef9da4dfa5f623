#include "gemel/training/learning_rate.hpp"

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
}
