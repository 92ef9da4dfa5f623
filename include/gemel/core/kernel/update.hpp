#pragma once

#include "gemel/core/types.hpp"

namespace gemel::kernel {

// The optimizers' rules as the kernels take them: constants in the scalar type of the parameters. Before each rule
// g += l2 w (weight decay as a penalty, PyTorch's), then w -= decay w (decoupled from the gradient, Keras'); all but
// one are 0. What each constant does is said in optimizer/sgd.hpp, rmsprop.hpp and adam.hpp.

/// State: the momentum, if there is one.
template <Scalar S>
struct SGDRule {
  S l2, decay;
  S rate, momentum;
  bool nesterov;
  bool pytorch;  ///< the rate stands outside the momentum (PyTorch), not inside (Keras)
};

/// State: v; then the mean gradient, if centered; then the momentum, if there is one.
template <Scalar S>
struct RMSpropRule {
  S l2, decay;
  S rate, rho, one_minus_rho, momentum, epsilon;
  bool centered;
  bool pytorch;  ///< epsilon outside the root, the rate outside the momentum (PyTorch), not inside (Keras)
};

/// State: m, v; then the largest v so far, if amsgrad. `rate` holds all of the bias correction but that within the
/// root.
template <Scalar S>
struct AdamRule {
  S l2, decay;
  S rate, one_minus_beta_1, one_minus_beta_2, epsilon;
  S v_scale;  ///< v is multiplied by it under the root
  bool amsgrad;
};

/// One step of n parameters w with gradient g; each array of the rule's state has n values.
template <class RuleType, Scalar S>
struct Update {
  using Rule = RuleType;
  static constexpr int arrays = 3;
  Rule rule;
  Index n;
  const S* g;
  S* w;
  S* state[arrays];

  /// `count` parameters from `first` on, with their gradient.
  Update part(Index first, Index count, const S* gradient) const {
    Update some{rule, count, gradient, w + first, {}};
    for (int k = 0; k < arrays; ++k) some.state[k] = state[k] ? state[k] + first : nullptr;
    return some;
  }
};

// The plain form of each rule, without weight decay, can be taken between the steps of a gradient's computation, where
// its root and division cost next to nothing.

template <Scalar S>
bool interleaves(const SGDRule<S>& r) {
  return r.l2 == 0 && r.decay == 0 && r.momentum == 0;
}
template <Scalar S>
bool interleaves(const RMSpropRule<S>& r) {
  return r.l2 == 0 && r.decay == 0 && r.momentum == 0 && !r.centered && !r.pytorch;
}
template <Scalar S>
bool interleaves(const AdamRule<S>& r) {
  return r.l2 == 0 && r.decay == 0 && !r.amsgrad;
}

}  // namespace gemel::kernel
