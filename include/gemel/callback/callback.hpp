#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gemel/callback/history.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/has_member.hpp"
#include "gemel/core/stop.hpp"

namespace gemel {

/// What a callback sees of a training. What it may change: the model's parameters, the optimizer (also for another of
/// its type), `learning_rate`, `rate_scale` and `stop`. All else shows how far the training is: the history is const,
/// and fit throws ValueError where a hook has changed a number, or has left a rate that is negative or not finite.
/// `epoch` and `batch` count from 0.
template <class Model, class Optimizer>
struct TrainingState {
  Model& model;
  Optimizer& optimizer;  ///< a rate that a hook gives it counts as one given to `learning_rate`, `rate_scale` included
  const History& history;  ///< in on_epoch_end it has this epoch's entries; from the begin on the names of all metrics
  Index epochs = 0;
  Index epoch = 0;
  Index batches = 0;  ///< in this epoch
  Index batch = 0;
  Index pairs = 0;           ///< trained in this epoch so far
  double loss = 0;           ///< mean loss of this epoch so far
  double learning_rate = 0;  ///< what the optimizer's options or a schedule give …
  double rate_scale = 1;     ///< … and what ReduceLROnPlateau makes of it: a step takes their product
  bool stop = false;         ///< set it to end the training after this batch
  bool validated = true;     ///< whether each epoch ends with a validation loss
};

namespace detail {

/// After a hook: throws ValueError where it has changed what a callback may not, or has left a rate that is none. What
/// one callback has stopped no other can start again.
template <class State>
void check_hook(const State& before, State& after, const char* hook) {
  const auto keep = [hook](const char* name, const auto& was, const auto& is) {
    if (is == was) return;
    throw ValueError({"a callback has changed the state's ", name, " from ", was, " to ", is, " in ", hook,
                      ": it only shows how far the training is; to end it, set stop"});
  };
  keep("epochs", before.epochs, after.epochs);
  keep("epoch", before.epoch, after.epoch);
  keep("batches", before.batches, after.batches);
  keep("batch", before.batch, after.batch);
  keep("pairs", before.pairs, after.pairs);
  keep("loss", before.loss, after.loss);
  keep("validated", before.validated, after.validated);
  const auto check = [hook](const char* name, double rate) {
    if (rate >= 0 && std::isfinite(rate)) return;
    throw ValueError({"a callback has set the state's ", name, " to ", rate, " in ", hook,
                      ", but it must be finite and not negative"});
  };
  check("learning_rate", after.learning_rate);
  check("rate_scale", after.rate_scale);
  after.stop = after.stop || before.stop;
}

// What there is to know of one hook: has_on_…, Calls_on_…, Fits_on_… and call_on_….
#define GEMEL_HOOK(hook)                                                    \
  GEMEL_HAS_MEMBER(hook)                                                    \
  template <class C, class State>                                           \
  concept Calls_##hook = requires(C & callback, State & state) {            \
    callback.hook(state);                                                   \
  };                                                                        \
  template <class C, class State>                                           \
  concept Fits_##hook = Calls_##hook<C, State> || !has_##hook<C>;           \
  inline constexpr auto call_##hook = [](auto& state, auto&... callbacks) { \
    [[maybe_unused]] const auto call = [&state](auto& callback) {           \
      if constexpr (requires { callback.hook(state); }) {                   \
        const auto before = state;                                          \
        callback.hook(state);                                               \
        check_hook(before, state, #hook);                                   \
      }                                                                     \
    };                                                                      \
    (call(callbacks), ...);                                                 \
  };

GEMEL_HOOK(on_train_begin)
GEMEL_HOOK(on_epoch_begin)
GEMEL_HOOK(on_batch_begin)
GEMEL_HOOK(on_batch_end)
GEMEL_HOOK(on_epoch_end)
GEMEL_HOOK(on_train_end)
#undef GEMEL_HOOK

GEMEL_HAS_MEMBER(on_measure)
template <class C, class State>
concept Calls_on_measure = requires(C& callback, State& state) {
  { callback.metric() } -> std::convertible_to<MetricSeries>;
  { callback.on_measure(state) } -> std::convertible_to<double>;
};
template <class C, class State>
concept Fits_on_measure = Calls_on_measure<C, State> || !has_on_measure<C>;

/// Throws ValueError where a metric cannot have that name.
[[gnu::cold]] inline void check_metric_name(const std::string& name, const History& history) {
  constexpr std::array<std::string_view, 6> taken{"epoch",           "loss",          "val_loss",
                                                  "validation_loss", "learning_rate", "seconds"};
  if (name.empty()) throw ValueError("a metric needs a name, but that of a callback is empty");
  if (std::ranges::find(taken, name) != taken.end()) {
    throw ValueError({"a metric cannot be called '", name, "', as the history's own entries are: choose another name"});
  }
  if (std::ranges::any_of(name, [](unsigned char c) { return c < ' ' || c == 0x7f; })) {
    throw ValueError("a metric's name is one line of text, but that of a callback has a line end, a tab or the like");
  }
  if (find_metric(history, name)) {
    throw ValueError({"two callbacks have a metric '", name, "': give each a name of its own"});
  }
}

/// Before the training begins: enters the names of what the callbacks measure, so that all of them know, whatever their
/// order.
template <class State, class... Callbacks>
[[gnu::cold]] void name_metrics(const State&, History& history, Callbacks&... callbacks) {
  [[maybe_unused]] const auto enter = [&history](auto& callback) {
    if constexpr (Calls_on_measure<decltype(callback), State>) {
      MetricSeries series = callback.metric();
      check_metric_name(series.name, history);
      series.values.clear();
      history.metrics.push_back(std::move(series));
    }
  };
  (enter(callbacks), ...);
}

/// At an epoch's end, before on_epoch_end: enters what the callbacks measure. What a stop leaves no time for is NaN.
template <class State, class... Callbacks>
[[gnu::cold]] void take_metrics(State& state, History& history, const StopFlag* stop, Callbacks&... callbacks) {
  auto series = history.metrics.begin();
  [[maybe_unused]] const auto take = [&](auto& callback) {
    if constexpr (Calls_on_measure<decltype(callback), State>) {
      double value = std::numeric_limits<double>::quiet_NaN();
      if (!stop_requested(stop)) {
        const auto before = state;
        value = callback.on_measure(state);
        check_hook(before, state, "on_measure");
      }
      (series++)->values.push_back(value);
    }
  };
  (take(callbacks), ...);
}

template <class C, class State>
concept CallsHook = Calls_on_measure<C, State> || Calls_on_train_begin<C, State> || Calls_on_epoch_begin<C, State> ||
    Calls_on_batch_begin<C, State> || Calls_on_batch_end<C, State> || Calls_on_epoch_end<C, State> ||
    Calls_on_train_end<C, State>;

}  // namespace detail

/// A callback has at least one hook `void on_…(State&)`, best as a template over the state's type; any that it names
/// must be callable: a hook that is not is a compile error, not silence. (Of a final class, only a hook that is neither
/// a template nor overloaded nor private is seen.) A const callback needs const hooks. Optional: `std::vector<double>
/// save() const` and `void restore(std::span<const double>)` of what it remembers, for checkpoints: a training that
/// begins with restored callbacks goes on as if it had never ended.
///
/// A callback that measures something of each epoch (a Watch is one) has two members more. fit calls `metric` once,
/// before any callback's on_train_begin, so that all of them know the names (what it gives must be known by then), and
/// enters the value into the history before any callback's on_epoch_end:
///
///   MetricSeries metric() const { return {.name = "norm"}; }
///   double on_measure(State& state) { return state.model.parameters().norm(); }   // NaN: not in this epoch
template <class C, class State>
concept Callback =
    detail::CallsHook<C, State> && detail::Fits_on_measure<C, State> && detail::Fits_on_train_begin<C, State> &&
    detail::Fits_on_epoch_begin<C, State> && detail::Fits_on_batch_begin<C, State> &&
    detail::Fits_on_batch_end<C, State> && detail::Fits_on_epoch_end<C, State> && detail::Fits_on_train_end<C, State>;

}  // namespace gemel
