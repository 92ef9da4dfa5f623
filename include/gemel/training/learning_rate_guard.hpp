#pragma once

#include "gemel/core/compiler.hpp"

namespace gemel::detail {

/// Sets an optimizer's learning rate during a training, and restores it. A schedule or a scale applies to one training
/// only: the optimizer has the rate of a step from that step until the end of the epoch, and its own rate again after
/// each epoch and when the training ends, also with an error. So a second training begins with the optimizer's own
/// rate, and a copy of the optimizer that a callback takes after an epoch has its own rate, so that a restored training
/// does not scale it twice.
template <class OptimizerType>
class LearningRateGuard {
 public:
  explicit LearningRateGuard(OptimizerType& optimizer)
      : optimizer_(&optimizer), own_(optimizer.learning_rate()), applied_(own_), known_(own_) {}
  ~LearningRateGuard() {
    try {
      restore();
    } catch (...) {
      // The optimizer has accepted this rate before. If it now rejects it, the cause lies outside the training.
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

  /// Must be called after each hook, since a callback may have set the optimizer's rate or replaced the optimizer. The
  /// new rate becomes the optimizer's own rate. state.learning_rate is set so that learning_rate * rate_scale is the
  /// new rate; if the scale is 0, the product stays 0.
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
  double known_;  // the rate that this guard has last seen or set in the optimizer
};

}  // namespace gemel::detail
