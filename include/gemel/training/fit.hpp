#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

#include "gemel/callback/callback.hpp"
#include "gemel/callback/history.hpp"
#include "gemel/callback/training_snapshot.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/random.hpp"
#include "gemel/core/reduce.hpp"
#include "gemel/core/stop.hpp"
#include "gemel/core/team.hpp"
#include "gemel/training/fit_options.hpp"
#include "gemel/training/learning_rate_guard.hpp"
#include "gemel/training/resumption.hpp"
#include "gemel/training/step.hpp"
#include "gemel/training/thread_tuning.hpp"
#include "gemel/training/validation_split.hpp"
#include "gemel/training/warnings.hpp"

namespace gemel {

namespace detail {

/// The mean of the batches' losses, weighted by their sizes.
class MeanLoss {
 public:
  void add(double loss, Index pairs) {
    sum_ = std::fma(loss, static_cast<double>(pairs), sum_);
    pairs_ += pairs;
  }
  double value() const { return sum_ / static_cast<double>(pairs_); }
  Index pairs() const { return pairs_; }

 private:
  double sum_ = 0;
  Index pairs_ = 0;
};

/// Returns the mean loss over all batches of a source for the current parameters, and stores the distances of its
/// pairs. If it is stopped, the loss is NaN and there are no distances.
template <class Step, class Source, class S>
[[gnu::cold]] double mean_loss(Step& step, const Source& source, std::vector<S>& distances, const StopFlag* stop) {
  MeanLoss mean;
  distances.clear();
  for (Index k = 0; k < source.batches(); ++k) {
    if (stop_requested(stop)) {
      distances.clear();
      return std::numeric_limits<double>::quiet_NaN();
    }
    const double loss = step.evaluate(source, k);
    mean.add(loss, step.batch_size());
    distances.insert(distances.end(), step.distances().begin(), step.distances().end());
  }
  return mean.value();
}

/// Trains as `fit` does, which documents the parameters. `start` is a NewTraining or a Resumption.
// Cold, like everything that is called once per epoch or only for an error: the compiler then optimizes it for size,
// which is faster overall.
template <class Start, class Model, class Source, class LossType, class OptimizerType, class... Callbacks>
[[gnu::cold]] History train(const Start& start, Model& model, Source source, LossType loss, OptimizerType& optimizer,
                            const FitOptions<typename Model::Scalar>& options, Callbacks&... callbacks) {
  using State = TrainingState<Model, OptimizerType>;
  static_assert(
      !std::is_const_v<OptimizerType>,
      "gemel: an optimizer changes with every step, so fit cannot use a const one: give it another, or a copy");
  static_assert((Callback<Callbacks, State> && ...),
                "gemel: a callback needs at least one hook on_…(State&), and each that it names must be callable; "
                "on_measure needs a metric() beside it, and save a restore (callback/callback.hpp)");
  using Clock = std::chrono::steady_clock;
  constexpr bool resumes = std::is_same_v<Start, Resumption>;
  const std::uint64_t seed = start.seed;
  auto [training, validation] = detail::split_validation(std::move(source), options);
  if (validation) validation->start_epoch(seed, 0, options.batch_size, false);

  History history;
  if constexpr (resumes) {
    detail::check_snapshot(start.from, options, validation.has_value(), sizeof...(Callbacks));
    detail::resume_source(start.from, training, options.stop);
    history = resumed_history(start.from);
  }
  for (auto* figures : {&history.loss, &history.validation_loss, &history.learning_rate, &history.seconds}) {
    figures->reserve(static_cast<std::size_t>(std::min<Index>(options.epochs, 1000)));
  }
  detail::warn_of_margin(loss, model, history);
  std::vector<typename Model::Scalar> validation_distances;
  ThreadTuning tuning(options.threads == 0 ? checked_threads(0) : options.threads);
  TrainingStep step(model, std::move(loss), optimizer,
                    {.threads = options.threads == 0 ? tuning.limit() : options.threads, .seed = seed});
  if (model.network().parameter_count() == 0) {
    throw ValueError(
        "the network has no parameters, so there is nothing to train: calibrate and use it as it is, or add a layer "
        "such as Dense");
  }
  LearningRateGuard rate(optimizer);
  State state{.model = model, .optimizer = optimizer, .history = history};
  state.epochs = options.epochs;
  state.learning_rate = rate.own();
  state.validated = validation.has_value();
  const auto call = [&](const auto& hook) {
    hook(state, callbacks...);
    rate.adopt_changes(state);
  };

  if (validation) {
    step.reserve(*validation);  // its batches may be larger
    validation_distances.reserve(static_cast<std::size_t>(validation->size()));
  }
  detail::name_metrics(state, history, callbacks...);
  if constexpr (resumes) {
    detail::resume_progress(start.from, state, history, callbacks...);
    step.steps(start.from.steps);
  }
  [[maybe_unused]] const double own_rate = rate.own();
  call(detail::call_on_train_begin);
  if constexpr (resumes) {
    detail::resume_rates(start.from, own_rate, state, rate);
    if (start.began) *start.began = true;
  }
  for (; state.epoch < state.epochs && !state.stop; ++state.epoch) {
    const auto began = Clock::now();
    detail::start_epoch(training, seed, state.epoch, options.batch_size, options.shuffle, options.stop);
    state.stop = stop_requested(options.stop);
    if (state.stop) break;
    step.epoch(state.epoch);
    step.reset_ranges();
    state.batches = training.batches();
    if (state.batches < 1) throw ValueError("the source has no batches to train on", {.epoch = state.epoch});
    state.pairs = 0;
    state.loss = 0;
    call(detail::call_on_epoch_begin);
    if (state.stop) break;

    MeanLoss mean;
    double highest_rate = 0;
    for (state.batch = 0; state.batch < state.batches && !state.stop; ++state.batch) {
      call(detail::call_on_batch_begin);
      rate.apply(state);
      highest_rate = std::max(highest_rate, rate.applied());
      if (options.threads == 0) step.threads(tuning.threads());
      const auto step_began = Clock::now();
      const double batch_loss = step(training, state.batch);
      tuning.record(Clock::now() - step_began);
      mean.add(batch_loss, step.batch_size());
      state.pairs = mean.pairs();
      state.loss = mean.value();
      if (stop_requested(options.stop)) state.stop = true;
      call(detail::call_on_batch_end);
    }
    rate.restore();
    step.check_model();  // the last callback may have moved from the model
    history.loss.push_back(mean.value());
    history.learning_rate.push_back(rate.applied());
    if (!std::isfinite(max_abs(model.network().parameters().data(), model.network().parameter_count()))) {
      throw NonFiniteError("the update of the parameters overflowed: lower the learning rate", {.epoch = state.epoch});
    }
    detail::warn_of_epoch(
        step, model, {state.epoch, state.epochs, state.batch == state.batches, mean.value(), highest_rate}, history);
    if (validation) {
      history.validation_loss.push_back(detail::mean_loss(step, *validation, validation_distances, options.stop));
      if (stop_requested(options.stop)) state.stop = true;
    }
    call([&](State& now, auto&... each) { detail::take_metrics(now, history, options.stop, each...); });
    history.seconds.push_back(std::chrono::duration<double>(Clock::now() - began).count());
    history.threads = step.threads();
    [[maybe_unused]] const bool complete = state.batch == state.batches && !stop_requested(options.stop);
    call(detail::call_on_epoch_end);
    if constexpr ((Calls_on_checkpoint<Callbacks, State> || ...)) {
      if (complete) detail::checkpoint(state, seed, step.steps(), options, training, callbacks...);
    }
  }
  history.stopped = state.stop;
  if constexpr (resumes) {
    if (validation && history.epochs() == start.from.epoch) {  // no epoch was left
      detail::mean_loss(step, *validation, validation_distances, options.stop);
    }
  }
  if (validation) detail::warn_of_validation(validation_distances, validation->labels(), history);
  if (!history.stopped && history.warnings.empty()) detail::warn_of_end(history);  // a warning before explains more
  call(detail::call_on_train_end);
  return history;
}

}  // namespace detail

/// Trains the model on a source of pairs, as Keras' fit does, and returns the course of the training. Each epoch visits
/// the pairs in a new order (unless FitOptions::shuffle is false), or new pairs if the source draws them, batch by
/// batch; the last batch may be smaller.
/// The random numbers of the training are a function of one number drawn from rng.
///
/// - `model`: the Siamese model, or AnyModel, that is trained in place.
/// - `source`: the training pairs (data/pair_source.hpp). It is copied, which is cheap, so the caller's source is
///   unchanged.
/// - `loss`: the loss (loss/loss.hpp); it is copied.
/// - `optimizer`: the optimizer (optimizer/optimizer.hpp), also a temporary. An lvalue is not copied, and so keeps its
///   state. When fit ends, also with an error, it has its own learning rate again: the one before the training, or the
///   last one that a callback has given it.
/// - `options`: see FitOptions.
/// - `rng`: the random numbers; one is drawn.
/// - `callbacks`: any number of callbacks (callback/callback.hpp), also temporaries; lvalues are not copied. They are
///   called in their order. TrainingState documents what they may change.
///
/// Throws
///
/// - ValueError for a network without parameters, an option out of range, a validation_split of a source that is not
///   static pairs, a source without batches or with a batch that is not valid, an invalid clipping of the optimizer, a
///   metric's name that is empty, taken or not one line, or a callback that changes what it must not change;
/// - ShapeError if the features of the source or of the validation pairs do not fit the network, if a batch is not
///   valid, or if a callback has replaced the network by one of other sizes;
/// - NonFiniteError, with its place, if a batch is not finite (the parameters are then those after the last finite
///   batch), or if an epoch's last update overflows the parameters (which then stay so);
/// - std::system_error if the system cannot start the threads;
/// - whatever the source, the loss, the optimizer or a callback throws: model and optimizer are then as the last step
///   left them.
///
/// The history is lost with an error; a callback can write it to a file epoch by epoch, as CSVLogger does.
template <class Model, class Source, class LossType, class OptimizerType, class... Callbacks>
requires PairSource<Source, typename Model::Scalar>
[[gnu::cold]] History fit(Model& model, Source source, LossType loss, OptimizerType&& optimizer,
                          const FitOptions<typename Model::Scalar>& options, Rng& rng, Callbacks&&... callbacks) {
  detail::check_options(options, model.network().in());
  return detail::train(detail::NewTraining{rng.bits()}, model, std::move(source), std::move(loss), optimizer, options,
                       callbacks...);
}

/// Resumes a training after the epoch of a snapshot, which a callback got in on_checkpoint, and returns the course of
/// the whole training. Parameters, optimizer and history are then bit for bit those of the training without the
/// interruption, except `seconds` and `threads`, whatever the number of threads before and now:
///
///   std::optional<TrainingSnapshot> last;  // and copies of the model and the optimizer
///   fit(model, pairs, loss, optimizer, {.epochs = 20}, rng, OnCheckpoint{[&](auto& state, const auto& snapshot) {
///         last = snapshot, last_model = state.model, last_optimizer = state.optimizer;
///       }});
///   fit(last_model, pairs, loss, last_optimizer, {.epochs = 20}, *last, OnCheckpoint{…});
///
/// io/checkpoint.hpp keeps all of it in a file.
///
/// Model and optimizer must be as they were after the on_epoch_end of that epoch. Source, loss, options and callbacks
/// must be the same as in the first call; the options' epochs (the number of all epochs, those of the snapshot
/// included), threads and stop may differ. With more epochs than first asked for, the training goes on as if it had
/// been asked for them from the beginning, except that a schedule over the whole training then has another course in
/// the epochs before. If a callback ended the training in the snapshot's epoch, or no epoch is left, only the
/// callbacks' on_train_begin and on_train_end are called.
///
/// The states of the callbacks and of the source are restored from the snapshot, by their `restore`; a callback or a
/// source without it, such as a lambda, must not depend on earlier epochs. The rates and the stop are those of the
/// snapshot, even if a hook on_train_begin sets others.
///
/// Throws as the other overload does; ValueError too if batch_size, shuffle, the number of batches, of callbacks, or
/// the metrics are not those of the snapshot, if there is a validation now but was none or the other way round, if
/// epochs is less than the snapshot's, or if the snapshot contradicts itself; and what the `restore` of a callback or
/// of the source throws. The number of batches is not checked if the source had a state to save.
template <class Model, class Source, class LossType, class OptimizerType, class... Callbacks>
requires PairSource<Source, typename Model::Scalar>
[[gnu::cold]] History fit(Model& model, Source source, LossType loss, OptimizerType&& optimizer,
                          const FitOptions<typename Model::Scalar>& options, const TrainingSnapshot& from,
                          Callbacks&&... callbacks) {
  detail::check_options(options, model.network().in());
  return detail::train(detail::Resumption{from.seed, from}, model, std::move(source), std::move(loss), optimizer,
                       options, callbacks...);
}

}  // namespace gemel
