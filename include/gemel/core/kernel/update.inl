// The optimizers' updates, a packet at a time. Every product that feeds a sum is an explicit fma, root and division are
// exact: so the bits are those of a single element computed alone.

namespace gemel::kernel::GEMEL_SET {

/// x, or 0 where it is below the normal numbers: state that decays (of a unit that is dead, say) would reach denormal
/// numbers, which make a step nearly twice as slow. NaN stays.
template <Scalar S, class P>
GEMEL_INLINE P flush(P x) {
  return zero_if_less(abs(x), broadcast(std::numeric_limits<S>::min()), x);
}

/// The same for an average of squares, in one instruction: the floor is so far below any epsilon that it adds nothing,
/// and so far above the denormal numbers that its next decay is none either.
template <Scalar S, class P>
GEMEL_INLINE P floor_of_squares(P x) {
  return max(broadcast(std::numeric_limits<S>::min() * S{1 << 20}), x);  // in this order NaN stays
}

// Each step: one packet of parameters w with gradient g, and `arrays` packets of state. A step that divides by a root
// has parts, for those who have other work to do while root and quotient take their time:
//   radicand   takes the state on, makes g the numerator, and returns what is under the root
//   direction  the numerator by what the root gives
//   apply      w, a step further

struct PlainStep {
  static constexpr int arrays = 0;
  template <class P, Scalar S>
  static GEMEL_INLINE P apply(const SGDRule<S>& r, P g, P w) {
    return fnma(broadcast(r.rate), g, w);
  }
  template <class P, Scalar S>
  static GEMEL_INLINE void take(const SGDRule<S>& r, P g, P& w, P*) {
    w = apply<P, S>(r, g, w);
  }
};

template <bool Nesterov, bool Outside>
struct MomentumStep {
  static constexpr int arrays = 1;
  template <class P, Scalar S>
  static GEMEL_INLINE void take(const SGDRule<S>& r, P g, P& w, P* state) {
    const P rate = broadcast(r.rate), momentum = broadcast(r.momentum);
    P& m = state[0];
    if constexpr (Outside) {
      m = flush<S>(fma(momentum, m, g));
      w = fnma(rate, Nesterov ? fma(momentum, m, g) : m, w);
    } else {
      m = flush<S>(fnma(rate, g, mul(momentum, m)));
      w = add(w, Nesterov ? fnma(rate, g, mul(momentum, m)) : m);
    }
  }
};

template <bool Centered, bool Momentum, bool Outside>
struct RMSpropStep {
  static constexpr int arrays = 1 + Centered + Momentum;
  template <class P, Scalar S>
  static GEMEL_INLINE P radicand(const RMSpropRule<S>& r, P& g, P* state) {
    const P new_part = mul(broadcast(r.one_minus_rho), g);
    P& v = state[0];
    v = floor_of_squares<S>(fma(new_part, g, mul(broadcast(r.rho), v)));
    P variance = v;
    if constexpr (Centered) {
      P& a = state[1];
      a = flush<S>(fma(broadcast(r.rho), a, new_part));
      variance = max(broadcast(S{0}), fnma(a, a, v));  // in this order NaN stays
    }
    return Outside ? variance : add(variance, broadcast(r.epsilon));
  }
  template <class P, Scalar S>
  static GEMEL_INLINE P direction(const RMSpropRule<S>& r, P g, P root) {
    return div(g, Outside ? add(root, broadcast(r.epsilon)) : root);
  }
  template <class P, Scalar S>
  static GEMEL_INLINE P apply(const RMSpropRule<S>& r, P direction, P w) {
    return fnma(broadcast(r.rate), direction, w);
  }
  template <class P, Scalar S>
  static GEMEL_INLINE void take(const RMSpropRule<S>& r, P g, P& w, P* state) {
    const P root = sqrt(radicand<P, S>(r, g, state));
    const P d = direction<P, S>(r, g, root);
    if constexpr (Momentum) {
      const P rate = broadcast(r.rate);
      P& m = state[arrays - 1];
      m = flush<S>(fma(broadcast(r.momentum), m, Outside ? d : mul(rate, d)));
      w = Outside ? fnma(rate, m, w) : sub(w, m);
    } else {
      w = apply<P, S>(r, d, w);
    }
  }
};

template <bool AMSGrad>
struct AdamStep {
  static constexpr int arrays = 2 + AMSGrad;
  template <class P, Scalar S>
  static GEMEL_INLINE P radicand(const AdamRule<S>& r, P& g, P* state) {
    P &m = state[0], &v = state[1];
    m = flush<S>(fma(broadcast(r.one_minus_beta_1), sub(g, m), m));
    v = floor_of_squares<S>(fnma(broadcast(r.one_minus_beta_2), fnma(g, g, v), v));  // v - (1 - beta_2) (v - g^2)
    P second = v;
    if constexpr (AMSGrad) second = state[2] = max(state[2], v);
    g = mul(broadcast(r.rate), m);
    return mul(second, broadcast(r.v_scale));
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
    const P root = sqrt(radicand<P, S>(r, g, state));
    w = apply<P, S>(r, direction<P, S>(r, g, root), w);
  }
};

template <class Step, class Rule, class P, Scalar S>
GEMEL_INLINE void decay_and_take(const Rule& rule, P g, P& w, P* state) {
  g = fma(broadcast(rule.l2), w, g);
  w = fnma(broadcast(rule.decay), w, w);
  Step::template take<P, S>(rule, g, w, state);
}

template <class Step, class Rule, Scalar S>
GEMEL_CALL void update_block(const Update<Rule, S>& u) {
  using P = typename PacketOf<S>::type;
  constexpr Index size = PacketOf<S>::size;
  P state[Update<Rule, S>::arrays];
  Index i = 0;
  for (; i + size <= u.n; i += size) {
    P w = load(u.w + i);
    GEMEL_UNROLL for (int k = 0; k < Step::arrays; ++k) state[k] = load(u.state[k] + i);
    decay_and_take<Step, Rule, P, S>(u.rule, load(u.g + i), w, state);
    store(u.w + i, w);
    GEMEL_UNROLL for (int k = 0; k < Step::arrays; ++k) store(u.state[k] + i, state[k]);
  }
  if (i < u.n) {
    const auto last = mask<S>(u.n - i);
    P w = load(u.w + i, last);
    GEMEL_UNROLL for (int k = 0; k < Step::arrays; ++k) state[k] = load(u.state[k] + i, last);
    decay_and_take<Step, Rule, P, S>(u.rule, load(u.g + i, last), w, state);
    store(u.w + i, w, last);
    GEMEL_UNROLL for (int k = 0; k < Step::arrays; ++k) store(u.state[k] + i, state[k], last);
  }
}

template <Scalar S>
GEMEL_TARGET inline void update(const Update<SGDRule<S>, S>& u) {
  const SGDRule<S>& r = u.rule;
  if (r.momentum == 0) {
    update_block<PlainStep>(u);
  } else if (r.nesterov) {
    r.outside ? update_block<MomentumStep<true, true>>(u) : update_block<MomentumStep<true, false>>(u);
  } else {
    r.outside ? update_block<MomentumStep<false, true>>(u) : update_block<MomentumStep<false, false>>(u);
  }
}

template <bool Centered, bool Momentum, Scalar S>
GEMEL_TARGET inline void update_rmsprop(const Update<RMSpropRule<S>, S>& u) {
  u.rule.outside ? update_block<RMSpropStep<Centered, Momentum, true>>(u)
                 : update_block<RMSpropStep<Centered, Momentum, false>>(u);
}

template <Scalar S>
GEMEL_TARGET inline void update(const Update<RMSpropRule<S>, S>& u) {
  if (u.rule.centered) {
    u.rule.momentum == 0 ? update_rmsprop<true, false>(u) : update_rmsprop<true, true>(u);
  } else {
    u.rule.momentum == 0 ? update_rmsprop<false, false>(u) : update_rmsprop<false, true>(u);
  }
}

template <Scalar S>
GEMEL_TARGET inline void update(const Update<AdamRule<S>, S>& u) {
  u.rule.amsgrad ? update_block<AdamStep<true>>(u) : update_block<AdamStep<false>>(u);
}

}  // namespace gemel::kernel::GEMEL_SET
