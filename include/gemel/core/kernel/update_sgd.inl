// SGD's update, with and without momentum. update.inl has the helpers and says what a step is.

namespace gemel::kernel::GEMEL_SET {

struct PlainSGDStep {
  static constexpr int arrays = 0;
  static constexpr bool all_variants = false;
  template <class P, Scalar S>
  static GEMEL_INLINE P apply(const SGDRule<S>& r, P g, P w) {
    return fnma(broadcast(r.rate), g, w);
  }
  template <class P, Scalar S>
  static GEMEL_INLINE void take(const SGDRule<S>& r, P g, P& w, P*) {
    w = apply<P, S>(r, g, w);
  }
};

struct MomentumStep {
  static constexpr int arrays = 1;
  static constexpr bool all_variants = true;
  template <class P, Scalar S>
  static GEMEL_INLINE void take(const SGDRule<S>& r, P g, P& w, P* state) {
    const P rate = broadcast(r.rate), momentum = broadcast(r.momentum);
    P& m = state[0];
    if (r.pytorch) {
      m = flush<S>(fma(momentum, m, g));
      w = fnma(rate, r.nesterov ? fma(momentum, m, g) : m, w);
    } else {
      m = flush<S>(fnma(rate, g, mul(momentum, m)));
      w = add(w, r.nesterov ? fnma(rate, g, mul(momentum, m)) : m);
    }
  }
};

template <Scalar S>
struct InterleavedStep<SGDRule<S>> : PlainSGDStep {};

template <Scalar S>
GEMEL_TARGET inline void update(const Update<SGDRule<S>, S>& u) {
  u.rule.momentum == 0 ? update_block<PlainSGDStep>(u) : update_block<MomentumStep>(u);
}

}  // namespace gemel::kernel::GEMEL_SET
