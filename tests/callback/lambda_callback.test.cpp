#include "gemel/callback/lambda_callback.hpp"

#include <string>

#include "callback/stub_training.hpp"
#include "catch.hpp"

using namespace gemel;
using test::StubState;

TEST_CASE("a lambda is a callback by its hook's name", "[lambda_callback]") {
  test::StubTraining training;
  training.state.epoch = 3;
  std::string calls;
  const auto note = [&](const char* name) {
    return [&calls, name](auto& state) { calls += name + std::to_string(state.epoch); };
  };

  OnTrainBegin train_begin{note("a")};
  OnEpochBegin epoch_begin{note("b")};
  OnBatchBegin batch_begin{note("c")};
  OnBatchEnd batch_end{note("d")};
  OnEpochEnd epoch_end{note("e")};
  OnCheckpoint checkpoint{[&](auto& state, const TrainingSnapshot& snapshot) {
    calls += 'c' + std::to_string(state.epoch) + std::to_string(snapshot.epoch);
  }};
  OnTrainEnd train_end{note("f")};
  static_assert(Callback<decltype(train_begin), StubState> && Callback<decltype(epoch_begin), StubState> &&
                Callback<decltype(batch_begin), StubState> && Callback<decltype(batch_end), StubState> &&
                Callback<decltype(epoch_end), StubState> && Callback<decltype(checkpoint), StubState> &&
                Callback<decltype(train_end), StubState>);
  train_begin.on_train_begin(training.state);
  epoch_begin.on_epoch_begin(training.state);
  batch_begin.on_batch_begin(training.state);
  batch_end.on_batch_end(training.state);
  epoch_end.on_epoch_end(training.state);
  checkpoint.on_checkpoint(training.state, {.epoch = 4});
  train_end.on_train_end(training.state);
  CHECK(calls == "a3b3c3d3e3c34f3");
}

TEST_CASE("a LambdaCallback has the hooks that it is given, and no other", "[lambda_callback]") {
  test::StubTraining training;
  int epochs = 0;
  LambdaCallback callback{OnEpochEnd{[&](auto& state) {
                            ++epochs;
                            state.stop = state.epoch == 1;
                          }},
                          OnTrainEnd{[](StubState& state) { state.model.set_parameters(VectorX<float>::Ones(3)); }}};
  using C = decltype(callback);
  static_assert(Callback<C, StubState>);
  static_assert(detail::has_on_epoch_end<C> && detail::has_on_train_end<C> && !detail::has_on_train_begin<C> &&
                !detail::has_on_batch_end<C>);

  CHECK(training.epoch(callback, 0, 0));
  CHECK_FALSE(training.epoch(callback, 0, 0));
  CHECK(epochs == 2);
  callback.on_train_end(training.state);
  CHECK(training.model.values.sum() == 3);
}

namespace {

constexpr auto good = [](StubState&) {};
constexpr auto also_good = [](StubState&) {};
constexpr auto bad = [](int&) {};

}  // namespace

static_assert(Callback<decltype(LambdaCallback{OnEpochEnd{good}}), StubState>);
static_assert(!Callback<decltype(LambdaCallback{}), StubState>);
static_assert(!Callback<decltype(LambdaCallback{OnEpochEnd{good}, OnTrainEnd{bad}}), StubState>);
static_assert(!Callback<decltype(LambdaCallback{OnEpochEnd{good}, OnEpochEnd{also_good}}), StubState>);
