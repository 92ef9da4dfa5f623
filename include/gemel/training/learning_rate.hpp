#pragma once

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
/// the number of batches so far in this training, or before each epoch, step being the epoch.
///
///   fit(model, pairs, loss, optimizer, options, rng, LearningRate{CosineDecay{.decay_steps = 2000}});
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
    if (per_ == Per::Epoch) state.learning_rate = schedule_(state.epoch);
  }

  template <class State>
  void on_batch_begin(State& state) {
    if (per_ == Per::Batch) state.learning_rate = schedule_(step_++);
  }

  std::vector<double> save() const { return {static_cast<double>(step_)}; }

  /// Throws FormatError where the values are not those that `save` gives.
  void restore(std::span<const double> saved) {
    if (saved.size() != 1 || !(saved[0] >= 0 && saved[0] < 1e15)) {
      throw FormatError("the saved state of the callback LearningRate is not one step count");
    }
    step_ = static_cast<Index>(saved[0]);
    resumed_ = true;
  }

 private:
  Schedule schedule_;
  Per per_;
  Index step_ = 0;
  bool resumed_ = false;  ///< the next training goes on from step_
};

}  // namespace gemel
