#pragma once

#include "gemel/core/compiler.hpp"

namespace gemel::detail {

/// Sets an optimizer's learning rate during a training, and restores it. Schedules and scales change the rate of the
/// training only: the optimizer has that rate from a batch's step to the hooks after the batch, and its own rate after
/// each epoch and when the training ends, also by an error. So a second training begins with the optimizer's own rate,
/// and an optimizer that is restored from a copy taken after an epoch is not scaled twice.
template <class OptimizerType>
class LearningRateGuard {
 public:
  explicit LearningRateGuard(OptimizerType& optimizer)
      : optimizer_(&optimizer), own_(optimizer.learning_rate()), applied_(own_), known_(own_) {}
  ~LearningRateGuard() {
    try {
      restore();
    } catch (...) {
      // The optimizer accepted this rate before. Where it refuses it now, the reason is not the training's.
    }
  }
  LearningRateGuard(const LearningRateGuard&) = delete;
  LearningRateGuard& operator=(const LearningRateGuard&) = delete;

  /// The optimizer's own rate.
  double own() const { return own_; }
  /// The rate of the last step.
  double applied() const { return applied_; }

  /// Gives the optimizer the rate of the next step.
  template <class State>
  void apply(const State& state) {
    optimizer_->learning_rate(state.learning_rate * state.rate_scale);
    applied_ = known_ = optimizer_->learning_rate();
  }

  /// Gives the optimizer its own rate back.
  void restore() {
    optimizer_->learning_rate(own_);
    known_ = optimizer_->learning_rate();
  }

  /// To be called after each hook: a callback may have set the optimizer's rate, or replaced the optimizer. That rate
  /// is from then on the optimizer's own and the training's. Steps apply it unscaled, unless the scale is 0: then they
  /// apply 0.
  template <class State>
  void adopt_changes(State& state) {
    const double rate = optimizer_->learning_rate();
    if (rate == known_) return;
    own_ = known_ = rate;
    state.learning_rate = state.rate_scale > 0 ? rate / state.rate_scale : rate;
  }

 private:
  OptimizerType* optimizer_;
  double own_;
  double applied_;
  double known_;  // the optimizer's rate after the last change by this guard
};

}  // namespace gemel::detail
