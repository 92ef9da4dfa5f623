#include "gemel/callback/learning_rate.hpp"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "catch.hpp"
#include "gemel/callback/callback.hpp"
#include "gemel/optimizer/schedule.hpp"

using namespace gemel;

namespace {

struct Nothing {};
using State = TrainingState<Nothing, Nothing>;

/// The rates that a callback sets in `epochs` epochs of three batches each.
template <class C>
std::vector<double> rates(C& callback, Index epochs) {
  static_assert(Callback<C, State>);
  Nothing model, optimizer;
  History history;
  State state{model, optimizer, history};
  std::vector<double> seen;
  state.epochs = epochs;
  state.batches = 3;
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

/// A schedule that depends on the number of steps through another one, as AnySchedule does.
struct Around {
  CosineDecay inner;
  Around over(Index steps) const { return {inner.over(steps)}; }
  double operator()(Index step) const { return inner(step); }
};

double line(Index step) { return static_cast<double>(step) / 8; }

}  // namespace

TEST_CASE("LearningRate follows the schedule per batch or per epoch") {
  LearningRate by_batch{line};
  CHECK(rates(by_batch, 2) == std::vector<double>{0, 0.125, 0.25, 0.375, 0.5, 0.625});
  CHECK(rates(by_batch, 1) == std::vector<double>{0, 0.125, 0.25});  // another training counts from 0
  LearningRate by_epoch{line, Per::Epoch};
  CHECK(rates(by_epoch, 2) == std::vector<double>{0, 0, 0, 0.125, 0.125, 0.125});
}

TEST_CASE("LearningRate per epoch continues where it was saved") {
  LearningRate unbroken{line, Per::Epoch}, first{line, Per::Epoch}, second{line, Per::Epoch};
  const auto all = rates(unbroken, 3);
  rates(first, 2);
  second.restore(first.save());
  CHECK(rates(second, 1) == std::vector<double>(all.begin() + 6, all.end()));
}

TEST_CASE("LearningRate names the step whose rate is not valid") {
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

TEST_CASE("LearningRate continues where it was saved") {
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

TEST_CASE("LearningRate passes the number of steps of the training to a schedule") {
  LearningRate whole{CosineDecay{.decay_steps = whole_training}}, counted{CosineDecay{.decay_steps = 15}};
  CHECK(rates(whole, 5) == rates(counted, 5));
  LearningRate shorter{CosineDecay{.decay_steps = 6}};
  CHECK(rates(whole, 2) == rates(shorter, 2));  // another training has another number of steps
  LearningRate around{Around{{.decay_steps = whole_training}}};
  CHECK(rates(around, 5) == rates(counted, 5));
  LearningRate by_epoch{CosineDecay{.decay_steps = whole_training}, Per::Epoch};
  LearningRate epochs{CosineDecay{.decay_steps = 5}, Per::Epoch};
  CHECK(rates(by_epoch, 5) == rates(epochs, 5));
  LearningRate decay{ExponentialDecay{.decay_steps = whole_training, .decay_rate = 0.01}};
  LearningRate counted_decay{ExponentialDecay{.decay_steps = 15, .decay_rate = 0.01}};
  CHECK(rates(decay, 5) == rates(counted_decay, 5));
  const auto largest = std::numeric_limits<Index>::max();
  Nothing model, optimizer;
  History history;
  State state{model, optimizer, history};
  state.epochs = largest;
  state.batches = 1000;
  whole.on_train_begin(state);
  whole.on_epoch_begin(state);
  whole.on_batch_begin(state);
  CHECK(state.learning_rate == 1e-3);
}

TEST_CASE("LearningRate over the whole training continues where it was saved") {
  for (const Per per : {Per::Batch, Per::Epoch}) {
    const CosineDecay decay{.decay_steps = whole_training};
    LearningRate unbroken{decay, per}, first{decay, per}, second{decay, per};
    const auto all = rates(unbroken, 5);
    // The first training, of five epochs, ends after two. The second one has the other three.
    Nothing model, optimizer;
    History history;
    State state{model, optimizer, history};
    state.epochs = 5;
    state.batches = 3;
    first.on_train_begin(state);
    for (state.epoch = 0; state.epoch < 2; ++state.epoch) {
      first.on_epoch_begin(state);
      for (int batch = 0; batch < 3; ++batch) first.on_batch_begin(state);
    }
    second.restore(first.save());
    CHECK(rates(second, 3) == std::vector<double>(all.begin() + 6, all.end()));
  }
}

TEST_CASE("LearningRate over the whole training ends correctly if the number of batches varies") {
  LearningRate whole{CosineDecay{.initial_learning_rate = 1, .decay_steps = whole_training}};
  Nothing model, optimizer;
  History history;
  State state{model, optimizer, history};
  state.epochs = 3;
  whole.on_train_begin(state);
  Index steps = 0;
  for (const Index batches : {4, 2, 6}) {
    state.batches = batches;
    whole.on_epoch_begin(state);
    for (Index batch = 0; batch < batches; ++batch, ++steps) whole.on_batch_begin(state);
    ++state.epoch;
  }
  CHECK(steps == 12);
  CHECK(state.learning_rate == CosineDecay{.initial_learning_rate = 1, .decay_steps = 12}(11));
}

namespace {

struct WrongOver {
  void over(int) {}
  double operator()(Index) const { return 1; }
};

}  // namespace

static_assert(!detail::UsableOver<WrongOver>);
static_assert(detail::UsableOver<Around> && detail::UsableOver<CosineDecay> && detail::UsableOver<double (*)(Index)>);
static_assert(detail::UsableOver<decltype([](Index) { return 1.0; })>);

TEST_CASE("a lambda that captures is a schedule, also a mutable one") {
  double rate = 8;
  LearningRate halving{[rate](Index) mutable { return rate /= 2; }};
  CHECK(rates(halving, 1) == std::vector<double>{4, 2, 1});
}
