#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/types.hpp"
#include "gemel/training/callback.hpp"

namespace gemel {

/// How often a schedule takes a step.
enum class Per { Batch, Epoch };

/// A callback that sets the learning rate by a schedule, a `double schedule(Index step)`: before each batch, step being
/// the number of batches so far in this training, or before each epoch, step being the number of epochs so far. One
/// that was restored counts on. Where a training is given two such callbacks, the later one's rate counts.
///
///   fit(model, pairs, loss, optimizer, options, rng, LearningRate{CosineDecay{.decay_steps = 2000}});
///
/// Throws ValueError, which names the step, where the schedule gives a rate that is negative, infinite or NaN.
template <class Schedule>
class LearningRate {
 public:
  explicit LearningRate(Schedule schedule, Per per = Per::Batch) : schedule_(std::move(schedule)), per_(per) {}

  template <class State>
  void on_train_begin(State&) {
    if (!resumed_) step_ = 0;
    resumed_ = false;
  }

  template <class State>
  void on_epoch_begin(State& state) {
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
    const double rate = schedule_(step_);
    if (!(rate >= 0 && std::isfinite(rate))) {
      throw ValueError({"the schedule of the callback LearningRate gives a rate of ", rate, " at step ", step_,
                        ", but a learning rate must be finite and not negative"});
    }
    ++step_;
    return rate;
  }

  Schedule schedule_;
  Per per_;
  Index step_ = 0;
  bool resumed_ = false;  ///< the next training goes on from step_
};

}  // namespace gemel
