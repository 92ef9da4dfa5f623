#pragma once

#include <span>

#include "gemel/core/choice.hpp"
#include "gemel/core/types.hpp"
#include "gemel/optimizer/adam.hpp"
#include "gemel/optimizer/clipping.hpp"
#include "gemel/optimizer/optimizer.hpp"
#include "gemel/optimizer/rmsprop.hpp"
#include "gemel/optimizer/sgd.hpp"

namespace gemel {

/// Any of the library's optimizers, chosen at run time: `AnyOptimizer<float> optimizer = Adam<float>{}`. The default is
/// RMSprop. It models Optimizer. A callback may assign an optimizer of another kind to it, which brings its own state
/// (none if it is new). It cannot hold an optimizer of your own; pass such an optimizer to fit directly.
template <Scalar S>
class AnyOptimizer final : public Choice<RMSprop<S>, SGD<S>, Adam<S>, AdamW<S>> {
  using Base = Choice<RMSprop<S>, SGD<S>, Adam<S>, AdamW<S>>;

 public:
  /// Constructs from one of the optimizers, or from the default.
  using Base::Base;

  /// @{
  /// Required by the Optimizer concept (optimizer/optimizer.hpp); forwards to the chosen optimizer.
  void reserve(Index n) {
    this->visit([n](auto& optimizer) { optimizer.reserve(n); });
  }
  void advance() {
    this->visit([](auto& optimizer) { optimizer.advance(); });
  }
  void update(Index first, std::span<const S> g, std::span<S> w) {
    this->visit([&](auto& optimizer) { optimizer.update(first, g, w); });
  }
  double learning_rate() const {
    return this->visit([](const auto& optimizer) { return optimizer.learning_rate(); });
  }
  void learning_rate(double rate) {
    this->visit([rate](auto& optimizer) { optimizer.learning_rate(rate); });
  }
  Clipping clipping() const {
    return this->visit([](const auto& optimizer) { return optimizer.clipping(); });
  }
  double penalty() const {
    return this->visit([](const auto& optimizer) { return detail::penalty_of(optimizer); });
  }
  OptimizerState<S> state() {
    return this->visit([](auto& optimizer) { return optimizer.state(); });
  }
  /// @}
};

}  // namespace gemel
