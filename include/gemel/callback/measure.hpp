#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "gemel/callback/history.hpp"
#include "gemel/callback/training_state.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/has_member.hpp"
#include "gemel/core/stop.hpp"

namespace gemel::detail {

GEMEL_HAS_MEMBER(on_measure)

/// Whether C measures a metric in each epoch; see Callback.
template <class C, class State>
concept Calls_on_measure = requires(C& callback, State& state) {
  { callback.metric() } -> std::convertible_to<MetricSeries>;
  { callback.on_measure(state) } -> std::convertible_to<double>;
};

/// Whether C has no member on_measure, or a usable one together with a metric().
template <class C, class State>
concept Fits_on_measure = Calls_on_measure<C, State> || !has_on_measure<C>;

/// Throws ValueError if a metric cannot have this name.
[[gnu::cold]] inline void check_metric_name(const std::string& name, const History& history) {
  constexpr std::array<std::string_view, 6> taken{"epoch",           "loss",          "val_loss",
                                                  "validation_loss", "learning_rate", "seconds"};
  if (name.empty()) throw ValueError("a metric needs a name, but that of a callback is empty");
  if (std::find(taken.begin(), taken.end(), name) != taken.end()) {
    throw ValueError({"a metric cannot be called '", name, "', as the history's own entries are: choose another name"});
  }
  if (std::any_of(name.begin(), name.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; })) {
    throw ValueError("a metric's name is one line of text, but that of a callback has a line end, a tab or the like");
  }
  if (find_metric(history, name)) {
    throw ValueError({"two callbacks have a metric '", name, "': give each a name of its own"});
  }
}

/// Enters the metrics of the callbacks into the history, without values. fit does this before the first hook, so that
/// every callback finds all names, whatever the order of the callbacks.
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

/// Measures each metric after an epoch and enters its value into the history. fit does this before on_epoch_end. Once a
/// stop is requested, the metrics that were not measured yet get NaN.
template <class State, class... Callbacks>
[[gnu::cold]] void take_metrics(State& state, History& history, const StopFlag* stop, Callbacks&... callbacks) {
  auto series = history.metrics.begin();
  [[maybe_unused]] const auto take = [&](auto& callback) {
    if constexpr (Calls_on_measure<decltype(callback), State>) {
      double value = std::numeric_limits<double>::quiet_NaN();
      if (!stop_requested(stop)) {
        const auto before = state;
        value = callback.on_measure(state);
        check_state_after(before, state, "on_measure");
      }
      (series++)->values.push_back(value);
    }
  };
  (take(callbacks), ...);
}

}  // namespace gemel::detail
