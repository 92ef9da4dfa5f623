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

/// How often LearningRate asks its schedule for the rate.
enum class Per {
  Batch,  ///< Before each batch.
  Epoch   ///< Before each epoch.
};

namespace detail {

GEMEL_HAS_MEMBER(over)

/// A schedule that depends on the training's number of steps.
template <class S>
concept DependsOnSteps = requires(S schedule, Index steps) {
  { schedule.over(steps)(steps) } -> std::convertible_to<double>;
};

/// Whether the schedule has no member `over`, or one that can be called. (A function is a schedule too; it has no
/// members.)
template <class S>
concept UsableOver = !std::is_class_v<S> || DependsOnSteps<S> || !has_over<S>;

}  // namespace detail

/// A callback that sets the learning rate to `schedule(step)`. With Per::Batch it does so before each batch, and `step`
/// is the number of batches so far in this training; with Per::Epoch, before each epoch, and `step` is the number of
/// epochs so far. A restored callback continues to count. If a training has two such callbacks, the rate of the later
/// one is used.
///
///   fit(model, pairs, loss, optimizer, options, rng, LearningRate{CosineDecay{.decay_steps = whole_training}});
///
/// If the schedule has a member `over(Index steps)`, as CosineDecay has, the rate is `schedule.over(steps)(step)`,
/// where `steps` is the number of all steps of the training: the steps so far, including those before a restore, and
/// the remaining ones. It assumes that each remaining epoch has as many batches as the current one. (If the
/// number of batches varies from epoch to epoch, so does `steps`; it is exact in the last epoch.)
template <class Schedule>
class LearningRate {
  static_assert(detail::UsableOver<Schedule>,
                "gemel: this schedule has a member over, which must take the number of steps of the training and give "
                "a schedule (callback/learning_rate.hpp)");

 public:
  /// Constructs from any `double f(Index step)`; see optimizer/schedule.hpp.
  explicit LearningRate(Schedule schedule, Per per = Per::Batch) : schedule_(std::move(schedule)), per_(per) {}

  /// Members of the Callback concept (callback/callback.hpp).
  template <class State>
  void on_train_begin(State&) {
    if (!resumed_) step_ = 0;
    resumed_ = false;
  }

  /// @{
  /// Members of the Callback concept. Throws ValueError, which names the step, if the schedule returns a rate that is
  /// negative, infinite or NaN, and whatever the schedule throws.
  template <class State>
  void on_epoch_begin(State& state) {
    const Index epochs_left = std::max<Index>(state.epochs - state.epoch, 0);
    const Index each = per_ == Per::Epoch ? 1 : std::max<Index>(state.batches, 0);
    const Index max_left = std::numeric_limits<Index>::max() - step_;
    steps_ = step_ + (each > 0 && epochs_left > max_left / each ? max_left : epochs_left * each);
    if (per_ == Per::Epoch) state.learning_rate = next();
  }

  template <class State>
  void on_batch_begin(State& state) {
    if (per_ == Per::Batch) state.learning_rate = next();
  }

  /// @}

  /// The number of steps so far, one value, for checkpoints.
  std::vector<double> save() const { return {static_cast<double>(step_)}; }

  /// Takes over what `save` returned. Throws FormatError for values that `save` never returns.
  void restore(std::span<const double> saved) {
    const double limit = std::min(1e15, static_cast<double>(std::numeric_limits<Index>::max()));
    if (saved.size() != 1 || !(saved[0] >= 0 && saved[0] < limit && saved[0] == std::floor(saved[0]))) {
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
  Index steps_ = 0;       // of the whole training, if each remaining epoch is as long as the current one
  bool resumed_ = false;  // the next training continues from step_
};

}  // namespace gemel
