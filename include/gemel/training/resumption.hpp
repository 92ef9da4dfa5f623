#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "gemel/callback/callback.hpp"
#include "gemel/callback/history.hpp"
#include "gemel/callback/training_snapshot.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/saved_state.hpp"
#include "gemel/core/stop.hpp"
#include "gemel/core/types.hpp"
#include "gemel/data/pair_source.hpp"
#include "gemel/training/fit_options.hpp"

namespace gemel::detail {

// What fit does if it resumes a training from a snapshot.

/// The start of a training without a snapshot.
struct NewTraining {
  std::uint64_t seed;
};

/// The start of a training that is resumed.
struct Resumption {
  std::uint64_t seed;
  const TrainingSnapshot& from;
  bool* began = nullptr;  ///< Set to true before the first batch, when everything has been checked; may be null.
};

/// Throws ValueError if the snapshot contradicts itself, or if the training would silently become another one.
/// `validated`: whether there is a validation; `callbacks`: their number.
template <Scalar S>
[[gnu::cold]] void check_snapshot(const TrainingSnapshot& from, const FitOptions<S>& options, bool validated,
                                  Index callbacks) {
  const auto same = [](const char* name, auto was, auto is) {
    if (was == is) return;
    throw ValueError({"the training to be resumed had ", name, " = ", was, ", but now it is ", is,
                      ": it cannot be changed during a training"});
  };
  same("batch_size", from.batch_size, options.batch_size);
  same("shuffle", from.shuffle, options.shuffle);
  if (length(from.callbacks) != callbacks) {
    throw ValueError({"the training to be resumed had ", from.callbacks.size(), " callbacks, but now there are ",
                      callbacks, ": give the same ones in the same order"});
  }
  if (options.epochs < from.epoch) {
    throw ValueError({"the training to be resumed has had ", from.epoch, " epochs, but epochs is ", options.epochs,
                      ": it is the number of all epochs, those before included"});
  }
  const History& history = from.history;
  if (history.validation_loss.empty() == validated) {
    throw ValueError({"the training to be resumed had ", validated ? "no" : "a", " validation, but now there is ",
                      validated ? "one" : "none", ": it cannot be changed during a training"});
  }
  bool whole = from.epoch >= 1;
  const auto check = [&](const std::vector<double>& values) { whole = whole && length(values) == from.epoch; };
  for (const auto* values : {&history.loss, &history.learning_rate, &history.seconds}) check(*values);
  if (validated) check(history.validation_loss);
  for (const MetricSeries& metric : history.metrics) check(metric.values);
  if (!whole) {
    throw ValueError({"the snapshot is of ", from.epoch,
                      " epochs, but its history does not have as many values: take one that on_checkpoint has given"});
  }
  for (const double rate : {from.learning_rate, from.rate_scale}) {
    if (rate >= 0 && std::isfinite(rate)) continue;
    throw ValueError({"the snapshot has a learning rate of ", from.learning_rate, " and a scale of ", from.rate_scale,
                      ", but both are finite and not negative: take a snapshot that on_checkpoint has given"});
  }
}

/// Restores the source's own state, if it had one. Otherwise, throws ValueError unless the last epoch has as many
/// batches as it had then.
template <class Source>
[[gnu::cold]] void resume_source(const TrainingSnapshot& from, Source& source, const StopFlag* stop) {
  detail::restore_state(source, from.source, "pair source");
  if (!from.source.empty()) return;
  detail::start_epoch(source, from.seed, from.epoch - 1, from.batch_size, from.shuffle, stop);
  if (stop_requested(stop)) return;
  if (source.batches() != from.batches) {
    throw ValueError({"in the training to be resumed, the last epoch had ", from.batches,
                      " batches, but with this pair source it has ", source.batches(), ": give the same pairs"});
  }
  detail::restore_state(source, from.source, "pair source");  // start_epoch may have changed the state
}

/// The history of the snapshot, without the metrics: fit enters their names anew.
[[gnu::cold]] inline History resumed_history(const TrainingSnapshot& from) {
  History history = from.history;
  history.metrics.clear();
  return history;
}

/// Enters the snapshot's values of the metrics into a history that has the metrics' names. Throws ValueError if the
/// snapshot has other ones.
[[gnu::cold]] inline void resume_metrics(const TrainingSnapshot& from, History& history) {
  const auto& saved = from.history.metrics;
  const auto same_name = [](const MetricSeries& a, const MetricSeries& b) { return a.name == b.name; };
  if (!std::equal(saved.begin(), saved.end(), history.metrics.begin(), history.metrics.end(), same_name)) {
    const auto names = [](const History& of) { return of.metrics.empty() ? "none" : metric_names(of); };
    throw ValueError({"the training to be resumed had the metrics ", names(from.history), ", but the callbacks have ",
                      names(history), ": give the same callbacks"});
  }
  for (std::size_t i = 0; i < history.metrics.size(); ++i) {
    history.metrics[i].values = from.history.metrics[i].values;
  }
}

/// Restores the callbacks' own states. Throws ValueError if there is one for a callback without `restore`, and whatever
/// the callbacks' restore throws.
template <class... Callbacks>
[[gnu::cold]] void restore_callbacks(const TrainingSnapshot& from, Callbacks&... callbacks) {
  [[maybe_unused]] Index k = 0;
  [[maybe_unused]] const auto restore = [&](auto& callback) {
    detail::restore_state(callback, from.callbacks[static_cast<std::size_t>(k)], format({"callback ", k}));
    ++k;
  };
  (restore(callbacks), ...);
}

/// Before on_train_begin: restores the metrics, the callbacks, and what the state shows after the snapshot's epoch.
template <class State, class... Callbacks>
[[gnu::cold]] void resume_progress(const TrainingSnapshot& from, State& state, History& history,
                                   Callbacks&... callbacks) {
  resume_metrics(from, history);
  restore_callbacks(from, callbacks...);
  state.epoch = from.epoch;
  state.batches = state.batch = from.batches;
  state.loss = from.history.loss.back();
}

/// After on_train_begin: takes the rates of the snapshot, whatever the hooks have set.
template <class State, class RateGuard>
[[gnu::cold]] void resume_rates(const TrainingSnapshot& from, double own_rate, State& state, RateGuard& guard) {
  state.optimizer.learning_rate(own_rate);
  guard.adopt_changes(state);
  state.learning_rate = from.learning_rate;
  state.rate_scale = from.rate_scale;
  state.stop = state.stop || from.stopped;
}

/// Calls on_checkpoint of the callbacks after an epoch.
template <class State, class Options, class Source, class... Callbacks>
[[gnu::cold]] void checkpoint(State& state, std::uint64_t seed, std::uint64_t steps, const Options& options,
                              const Source& source, Callbacks&... callbacks) {
  const TrainingSnapshot snapshot{.seed = seed,
                                  .epoch = state.epoch + 1,
                                  .steps = steps,
                                  .batch_size = options.batch_size,
                                  .shuffle = options.shuffle,
                                  .batches = state.batches,
                                  .stopped = state.stop,
                                  .learning_rate = state.learning_rate,
                                  .rate_scale = state.rate_scale,
                                  .callbacks = {detail::saved_state(callbacks)...},
                                  .source = detail::saved_state(source),
                                  .history = state.history};
  detail::call_on_checkpoint(state, snapshot, callbacks...);
}

}  // namespace gemel::detail
