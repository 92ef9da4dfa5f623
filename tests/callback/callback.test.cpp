#include "gemel/callback/callback.hpp"

#include <span>
#include <string>
#include <vector>

#include "callback/stub_training.hpp"
#include "catch.hpp"

using namespace gemel;
using test::StubState;

namespace {

struct None {};
struct OneHook {
  template <class State>
  void on_epoch_end(State&) {}
};
struct AllHooks {
  void on_train_begin(StubState&) {}
  void on_epoch_begin(StubState&) {}
  void on_batch_begin(StubState&) {}
  void on_batch_end(StubState&) {}
  void on_epoch_end(StubState&) {}
  void on_train_end(StubState&) {}
};
struct Overloaded {
  void on_train_end(StubState&) {}
  void on_train_end(int) {}
};
struct Member {
  void (*on_batch_end)(StubState&);
};

struct Final final {
  void on_epoch_end(StubState&) {}
};

// Types with a good hook and a member that has the name of a hook but cannot be called.
struct NoArgument : OneHook {
  void on_train_begin() {}
};
struct WrongState : OneHook {
  void on_epoch_begin(int&) {}
};
struct TwoArguments : OneHook {
  template <class State>
  void on_batch_begin(State&, int) {}
};
struct NotAFunction : OneHook {
  int on_batch_end;
};
class Private : public OneHook {
  void on_train_end(StubState&) {}
};
struct WrongEpochEnd {
  void on_batch_end(StubState&) {}
  void on_epoch_end(Index) {}
};
struct Measured {
  MetricSeries metric() const { return {.name = name}; }
  template <class State>
  double on_measure(State& state) const {
    return static_cast<double>(state.epoch) + 0.5;
  }
  std::string name;
};
struct WithoutName : OneHook {
  double on_measure(StubState&) { return 0; }
};
struct NoValue : OneHook {
  MetricSeries metric() const { return {}; }
  void on_measure(StubState&) {}
};
struct OtherMetric : OneHook {
  int metric;
};
struct Misspelt {
  void on_epoch_ends(StubState&) {}
};
struct KeepsCheckpoints {
  template <class State>
  void on_checkpoint(State&, const TrainingSnapshot&) const {}
};
struct KeepsNoSnapshot : OneHook {
  void on_checkpoint(StubState&) {}
};
struct SavedAndRestored : OneHook {
  std::vector<double> save() const { return {}; }
  void restore(std::span<const double>) {}
};
struct SavedOnly : OneHook {
  std::vector<double> save() const { return {}; }
};
struct RestoredOnly : OneHook {
  void restore(std::span<const double>) {}
};
struct SavedAsFloats : OneHook {
  std::vector<float> save() const { return {}; }
  void restore(std::span<const double>) {}
};
struct SavedToFile : OneHook {
  void save(const std::string&) const {}
};
struct ConstState {
  template <class State>
  void on_epoch_end(State&) const {}
  std::vector<double> save() const { return {}; }
  void restore(std::span<const double>) {}
};

}  // namespace

static_assert(Callback<OneHook, StubState>);
static_assert(Callback<AllHooks, StubState>);
static_assert(Callback<Overloaded, StubState>);
static_assert(Callback<Member, StubState>);

static_assert(Callback<Final, StubState>);

static_assert(Callback<Measured, StubState>);
static_assert(Callback<const Measured, StubState>);
static_assert(Callback<OtherMetric, StubState>);

static_assert(!Callback<None, StubState>);
static_assert(!Callback<Misspelt, StubState>);
static_assert(!Callback<NoArgument, StubState>);
static_assert(!Callback<WrongState, StubState>);
static_assert(!Callback<TwoArguments, StubState>);
static_assert(!Callback<NotAFunction, StubState>);
static_assert(!Callback<Private, StubState>);
static_assert(!Callback<WrongEpochEnd, StubState>);
static_assert(!Callback<WithoutName, StubState>);
static_assert(!Callback<NoValue, StubState>);

static_assert(Callback<KeepsCheckpoints, StubState> && Callback<const KeepsCheckpoints, StubState>);
static_assert(Callback<SavedAndRestored, StubState> && Callback<const ConstState, StubState>);
static_assert(!Callback<KeepsNoSnapshot, StubState>);
static_assert(!Callback<SavedOnly, StubState> && !Callback<RestoredOnly, StubState>);
static_assert(!Callback<SavedAsFloats, StubState> && !Callback<SavedToFile, StubState>);

TEST_CASE("a callback changes the training through its state", "[callback]") {
  struct Halve {
    void on_batch_begin(StubState& state) { state.learning_rate /= 2; }
    void on_train_end(StubState& state) { state.model.set_parameters(VectorX<float>::Ones(3)); }
  } halve;
  static_assert(Callback<Halve, StubState>);

  test::StubTraining training;
  training.state.learning_rate = 0.5;
  halve.on_batch_begin(training.state);
  halve.on_train_end(training.state);
  CHECK(training.state.learning_rate == 0.25);
  CHECK(training.model.values.sum() == 3);
}
