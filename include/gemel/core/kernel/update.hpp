#pragma once

#include "gemel/core/types.hpp"

namespace gemel::kernel {

// The optimizers' rules as the kernels take them, with constants in the scalar type of the parameters. Every rule
// begins with g += l2 w (weight decay as a penalty, as in PyTorch) and w -= decay w (decoupled from the gradient, as in
// Keras); at least one of l2 and decay is 0. The formulas are in optimizer/sgd.hpp, rmsprop.hpp and adam.hpp, the steps
// of each rule in update_sgd.inl, update_rmsprop.inl and update_adam.inl.

/// State: the momentum, unless it is 0.
template <Scalar S>
struct SGDRule {
  S l2, decay;
  S rate, momentum;
  bool nesterov;
  bool pytorch;  ///< the rate is outside the momentum (PyTorch), not inside (Keras)
};

/// State: v; then the mean gradient, if centered; then the momentum, unless it is 0.
template <Scalar S>
struct RMSpropRule {
  S l2, decay;
  S rate, rho, one_minus_rho, momentum, epsilon;
  bool centered;
  bool pytorch;  ///< epsilon outside the root, the rate outside the momentum (PyTorch), not inside (Keras)
};

/// State: m, v; then the largest v so far, if amsgrad. `rate` includes the bias correction, except for the part within
/// the root, v_scale.
template <Scalar S>
struct AdamRule {
  S l2, decay;
  S rate, one_minus_beta_1, one_minus_beta_2, epsilon;
  S v_scale;  ///< multiplies v under the root
  bool amsgrad;
};

/// One step of n parameters w with gradient g. Each array of the rule's state has n values; missing ones are null.
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

/// Whether an update can be interleaved with the computation of the gradient, where the root and the division cost next
/// to nothing: only the plain variant of each rule can, without weight decay.
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
