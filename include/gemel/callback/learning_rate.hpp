#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <limits>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/has_member.hpp"
#include "gemel/core/types.hpp"

namespace gemel {

/// How often a schedule takes a step.
enum class Per { Batch, Epoch };

namespace detail {

GEMEL_HAS_MEMBER(over)

template <class S>
concept DependsOnSteps = requires(S schedule, Index steps) {
  { schedule.over(steps)(steps) } -> std::convertible_to<double>;
};

/// A class that names `over` has one that can be used. (A function is a schedule too, and names nothing.)
template <class S>
concept OverIsRight = !std::is_class_v<S> || DependsOnSteps<S> || !has_over<S>;

}  // namespace detail

/// A callback that sets the learning rate by a schedule, a `double schedule(Index step)`: before each batch, step being
/// the number of batches so far in this training, or before each epoch, step being the number of epochs so far. One
/// that was restored counts on. Where a training is given two such callbacks, the later one's rate counts.
///
///   fit(model, pairs, loss, optimizer, options, rng, LearningRate{CosineDecay{.decay_steps = whole_training}});
///
/// A schedule with a member `over(Index steps)`, such as this one, is used as what that gives for the number of all
/// steps: those so far, also of the training that a restored one goes on with, and those of the epochs to come, if each
/// has as many batches as the present one. (Where their number varies from epoch to epoch, so does the sum; in the last
/// epoch it is right.)
///
/// Throws ValueError, which names the step, where the schedule gives a rate that is negative, infinite or NaN.
template <class Schedule>
class LearningRate {
  static_assert(detail::OverIsRight<Schedule>,
                "gemel: this schedule has a member over, which must take the number of steps of the training and give "
                "a schedule (callback/learning_rate.hpp)");

 public:
  explicit LearningRate(Schedule schedule, Per per = Per::Batch) : schedule_(std::move(schedule)), per_(per) {}

  template <class State>
  void on_train_begin(State&) {
    if (!resumed_) step_ = 0;
    resumed_ = false;
  }

  template <class State>
  void on_epoch_begin(State& state) {
    const Index to_come = std::max<Index>(state.epochs - state.epoch, 0);
    const Index each = per_ == Per::Epoch ? 1 : std::max<Index>(state.batches, 0);
    const Index most = std::numeric_limits<Index>::max() - step_;
    steps_ = step_ + (each > 0 && to_come > most / each ? most : to_come * each);
    if (per_ == Per::Epoch) state.learning_rate = next();
  }

  template <class State>
  void on_batch_begin(State& state) {
    if (per_ == Per::Batch) state.learning_rate = next();
  }

  std::vector<double> save() const { return {static_cast<double>(step_)}; }

  /// Throws FormatError where the values are not those that `save` gives.
  void restore(std::span<const double> saved) {
    const double most = std::min(1e15, static_cast<double>(std::numeric_limits<Index>::max()));
    if (saved.size() != 1 || !(saved[0] >= 0 && saved[0] < most && saved[0] == std::floor(saved[0]))) {
      throw FormatError("the saved state of the callback LearningRate is not one step count");
    }
    step_ = static_cast<Index>(saved[0]);
    resumed_ = true;
  }

 private:
  double next() {
    const double rate = rate_of_step();
    if (!(rate >= 0 && std::isfinite(rate))) {
      throw ValueError({"the schedule of the callback LearningRate gives a rate of ", rate, " at step ", step_,
                        ", but a learning rate must be finite and not negative"});
    }
    ++step_;
    return rate;
  }

  double rate_of_step() {
    if constexpr (detail::DependsOnSteps<Schedule>) {
      return schedule_.over(steps_)(step_);
    } else {
      return schedule_(step_);
    }
  }

  Schedule schedule_;
  Per per_;
  Index step_ = 0;
  Index steps_ = 0;       ///< of the whole training, as far as is known
  bool resumed_ = false;  ///< the next training goes on from step_
};

}  // namespace gemel
