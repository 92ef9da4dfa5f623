#pragma once

#include "gemel/core/types.hpp"

namespace gemel::kernel {

// The optimizers' update rules, in the form that the kernels take: the constants have the scalar type of the
// parameters. Every rule begins with g += l2 w (weight decay as a penalty, as in PyTorch) and w -= decay w (decoupled
// from the gradient, as in Keras); at least one of l2 and decay is 0. The formulas are in optimizer/sgd.hpp,
// rmsprop.hpp and adam.hpp; update_sgd.inl, update_rmsprop.inl and update_adam.inl implement them.

/// SGD. State: the velocity, if momentum is not 0.
template <Scalar S>
struct SGDRule {
  S l2, decay;
  S rate, momentum;
  bool nesterov;
  bool pytorch;  ///< whether the rate multiplies the velocity (PyTorch) or each gradient in it (Keras)
};

/// RMSprop. State: v, the mean square of the gradient; then the mean gradient, if centered; then the velocity, if
/// momentum is not 0.
template <Scalar S>
struct RMSpropRule {
  S l2, decay;
  S rate, rho, one_minus_rho, momentum, epsilon;
  bool centered;
  /// Whether epsilon is added to the root, and the rate multiplies the velocity (PyTorch); otherwise epsilon is added
  /// under the root, and the rate multiplies each step in the velocity (Keras).
  bool pytorch;
};

/// Adam. State: m, v; then the largest v so far, if amsgrad. The bias correction is part of `rate`, except for the part
/// under the root, which is v_scale.
template <Scalar S>
struct AdamRule {
  S l2, decay;
  S rate, one_minus_beta_1, one_minus_beta_2, epsilon;
  S v_scale;  ///< multiplies v under the root
  bool amsgrad;
};

/// The size of the scratch memory of a fused update (core/kernel.hpp), and the largest number of columns of a batch for
/// which it is used.
template <Scalar S>
inline constexpr Index fused_scratch = (Index{1} << 20) / static_cast<Index>(sizeof(S));
inline constexpr Index fused_depth = 2048;

/// One update of n parameters w with gradient g. Each array of the rule's state has n values; the pointer to a missing
/// array is null.
template <class RuleType, Scalar S>
struct Update {
  using Rule = RuleType;
  static constexpr int arrays = 3;
  Rule rule;
  Index n;
  const S* g;
  S* w;
  S* state[arrays];
  /// Scratch memory of fused_scratch<S> values, aligned to 64 bytes, for a fused update; null: it does without.
  S* scratch = nullptr;

  /// The update of `count` parameters, beginning at `first`, with their gradient.
  Update part(Index first, Index count, const S* gradient) const {
    Update some{rule, count, gradient, w + first, {}};
    for (int k = 0; k < arrays; ++k) some.state[k] = state[k] ? state[k] + first : nullptr;
    return some;
  }
};

/// Whether an update can be interleaved with the computation of the gradient, during which roots and divisions cost
/// almost no time. Only the plain variant of each rule can be, without weight decay.
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
