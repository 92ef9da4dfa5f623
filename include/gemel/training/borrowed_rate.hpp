#pragma once

#include "gemel/core/compiler.hpp"

namespace gemel::detail {

/// An optimizer's learning rate while a training sets it. What schedules and scales make of the rate is the training's:
/// the optimizer has it from a batch's step to the hooks after the batch, and its own after each epoch and when the
/// training ends, also by an error. So a second training begins with its own, and one that is restored from a copy that
/// was taken after an epoch does not scale what is scaled already.
template <class OptimizerType>
class BorrowedRate {
 public:
  explicit BorrowedRate(OptimizerType& optimizer)
      : optimizer_(&optimizer), own_(optimizer.learning_rate()), taken_(own_), known_(own_) {}
  ~BorrowedRate() {
    try {
      give_back();
    } catch (...) {
      // It was the optimizer's own, and so it takes it. One that does not has a reason that is not the training's.
    }
  }
  BorrowedRate(const BorrowedRate&) = delete;
  BorrowedRate& operator=(const BorrowedRate&) = delete;

  double own() const { return own_; }
  /// What the last step took.
  double taken() const { return taken_; }

  /// Gives the optimizer the rate of the next step.
  template <class State>
  void set(const State& state) {
    optimizer_->learning_rate(state.learning_rate * state.rate_scale);
    taken_ = known_ = optimizer_->learning_rate();
  }

  /// Gives the optimizer its own rate back.
  void give_back() {
    optimizer_->learning_rate(own_);
    known_ = optimizer_->learning_rate();
  }

  /// A rate that a callback gave the optimizer, by itself or with another one that it put in its place, is the
  /// optimizer's own from then on, and the training's. The steps take it as it is, unless the scale is 0: then they
  /// take 0.
  template <class State>
  void adopt(State& state) {
    const double given = optimizer_->learning_rate();
    if (given == known_) return;
    own_ = known_ = given;
    state.learning_rate = state.rate_scale > 0 ? given / state.rate_scale : given;
  }

 private:
  OptimizerType* optimizer_;
  double own_;
  double taken_;
  double known_;  // what it has, as far as the training knows
};

}  // namespace gemel::detail
