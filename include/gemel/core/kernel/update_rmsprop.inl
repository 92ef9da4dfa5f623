// RMSprop's update. update.inl has the helpers and says what a step is.

namespace gemel::kernel::GEMEL_SET {

/// The plain variant: not centered, without momentum, and with epsilon under the root. Only this variant has parts.
struct PlainRMSpropStep {
  static constexpr int arrays = 1;
  static constexpr bool all_variants = false;
  static constexpr bool gradient_is_numerator = true;
  template <class P, Scalar S, class State>
  static GEMEL_INLINE P radicand(const RMSpropRule<S>& r, P g, State* state) {
    P v = state[0];
    v = floor_of_squares<S>(fma(mul(broadcast(r.one_minus_rho), g), g, mul(broadcast(r.rho), v)));
    state[0] = v;
    return add(v, broadcast(r.epsilon));
  }
  template <class P, Scalar S, class State>
  static GEMEL_INLINE P numerator(const RMSpropRule<S>&, P g, State*) {
    return g;
  }
  template <class P, Scalar S>
  static GEMEL_INLINE P direction(const RMSpropRule<S>&, P g, P root) {
    return div(g, root);
  }
  template <class P, Scalar S>
  static GEMEL_INLINE P apply(const RMSpropRule<S>& r, P direction, P w) {
    return fnma(broadcast(r.rate), direction, w);
  }
  template <class P, Scalar S>
  static GEMEL_INLINE void take(const RMSpropRule<S>& r, P g, P& w, P* state) {
    take_parts<PlainRMSpropStep, P, S>(r, g, w, state);
  }
};

/// Handles every variant. The state is v, the mean gradient and the velocity; the last two may be missing.
struct RMSpropStep {
  static constexpr int arrays = 3;
  static constexpr bool all_variants = true;
  template <class P, Scalar S>
  static GEMEL_INLINE void take(const RMSpropRule<S>& r, P g, P& w, P* state) {
    const P rate = broadcast(r.rate), rho = broadcast(r.rho), epsilon = broadcast(r.epsilon);
    const P new_part = mul(broadcast(r.one_minus_rho), g);
    P &v = state[0], &a = state[1], &m = state[2];
    v = floor_of_squares<S>(fma(new_part, g, mul(rho, v)));
    P variance = v;
    if (r.centered) {
      a = flush<S>(fma(rho, a, new_part));
      variance = max(broadcast(S{0}), fnma(a, a, v));  // in this order NaN stays NaN
    }
    const P d = div(g, r.pytorch ? add(sqrt(variance), epsilon) : sqrt(add(variance, epsilon)));
    if (r.momentum == 0) {
      w = fnma(rate, d, w);
    } else {
      m = flush<S>(fma(broadcast(r.momentum), m, r.pytorch ? d : mul(rate, d)));
      w = r.pytorch ? fnma(rate, m, w) : sub(w, m);
    }
  }
};

template <Scalar S>
struct InterleavedStep<RMSpropRule<S>> : PlainRMSpropStep {};

template <Scalar S>
GEMEL_TARGET inline void update(const Update<RMSpropRule<S>, S>& u) {
  const RMSpropRule<S>& r = u.rule;
  if (r.momentum == 0 && !r.centered && !r.pytorch) return update_block<PlainRMSpropStep>(u);
  Update<RMSpropRule<S>, S> block = u;
  if (!r.centered) {  // then the velocity is the second array, but RMSpropStep expects it to be the third
    block.state[1] = nullptr;
    block.state[2] = u.state[1];
  }
  update_block<RMSpropStep>(block);
}

}  // namespace gemel::kernel::GEMEL_SET
