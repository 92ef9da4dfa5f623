// Adam's update, with and without AMSGrad. update.inl has the helpers and says what a step is.

namespace gemel::kernel::GEMEL_SET {

template <bool AMSGrad>
struct AdamStep {
  static constexpr int arrays = 2 + AMSGrad;
  static constexpr bool all_variants = false;
  static constexpr bool gradient_is_numerator = false;
  template <class P, Scalar S, class State>
  static GEMEL_INLINE P radicand(const AdamRule<S>& r, P g, State* state) {
    P v = state[1];
    v = floor_of_squares<S>(fnma(broadcast(r.one_minus_beta_2), fnma(g, g, v), v));  // v - (1 - beta_2) (v - g^2)
    state[1] = v;
    if constexpr (AMSGrad) {
      v = max(P(state[2]), v);
      state[2] = v;
    }
    return mul(v, broadcast(r.v_scale));
  }
  template <class P, Scalar S, class State>
  static GEMEL_INLINE P numerator(const AdamRule<S>& r, P g, State* state) {
    P m = state[0];
    m = flush<S>(fma(broadcast(r.one_minus_beta_1), sub(g, m), m));
    state[0] = m;
    return mul(broadcast(r.rate), m);
  }
  template <class P, Scalar S>
  static GEMEL_INLINE P direction(const AdamRule<S>& r, P numerator, P root) {
    return div(numerator, add(root, broadcast(r.epsilon)));
  }
  template <class P, Scalar S>
  static GEMEL_INLINE P apply(const AdamRule<S>&, P direction, P w) {
    return sub(w, direction);
  }
  template <class P, Scalar S>
  static GEMEL_INLINE void take(const AdamRule<S>& r, P g, P& w, P* state) {
    take_parts<AdamStep, P, S>(r, g, w, state);
  }
};

template <Scalar S>
struct InterleavedStep<AdamRule<S>> : AdamStep<false> {};

template <Scalar S>
GEMEL_TARGET inline void update(const Update<AdamRule<S>, S>& u) {
  u.rule.amsgrad ? update_block<AdamStep<true>>(u) : update_block<AdamStep<false>>(u);
}

}  // namespace gemel::kernel::GEMEL_SET
