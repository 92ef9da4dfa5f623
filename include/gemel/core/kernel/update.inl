// The optimizers' updates, a packet at a time. Every product that feeds a sum is an explicit fma, root and division are
// exact: so the bits are those of a single element computed alone.

namespace gemel::kernel::GEMEL_SET {

/// Packets of a constant that is read anew each time: else it is kept in a register that a sum needs, or on the stack.
template <Scalar S>
GEMEL_INLINE typename PacketOf<S>::type from_memory(const S& constant) {
  const S* at = &constant;
  GEMEL_FORGET(at);
  return broadcast(*at);
}

/// x, or 0 where it is below the normal numbers: state that decays (of a unit that is dead, say) would reach denormal
/// numbers, which make a step nearly twice as slow. NaN stays.
template <Scalar S, class P>
GEMEL_INLINE P flush(P x) {
  static constexpr S least = std::numeric_limits<S>::min();
  return zero_if_less(abs(x), from_memory(least), x);
}

/// The same for an average of squares, in one instruction: the floor is so far below any epsilon that it adds nothing,
/// and so far above the denormal numbers that neither its next decay is one nor the remainder of its root.
template <Scalar S, class P>
GEMEL_INLINE P floor_of_squares(P x) {
  static constexpr S least = std::numeric_limits<S>::min() * 2 / std::numeric_limits<S>::epsilon();
  return max(from_memory(least), x);  // in this order NaN stays
}

// Each step: one packet of parameters w with gradient g, and `arrays` packets of state. A step that divides by a root
// has parts, for those who have other work to do while root and quotient take their time:
//   radicand   takes the state on, makes g the numerator, and returns what is under the root
//   direction  the numerator by what the root gives
//   apply      w, a step further
// A step that `asks` has all of its rule's forms in one: its flags are asked packet by packet, which takes no time
// beside the memory's or the root's, and spares the compiler a loop for each.

struct PlainStep {
  static constexpr int arrays = 0;
  static constexpr bool asks = false;
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
  static constexpr bool asks = true;
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

/// Neither centered nor with momentum nor with epsilon outside the root: the one form that has parts.
struct PlainRMSpropStep {
  static constexpr int arrays = 1;
  static constexpr bool asks = false;
  template <class P, Scalar S>
  static GEMEL_INLINE P radicand(const RMSpropRule<S>& r, P& g, P* state) {
    P& v = state[0];
    v = floor_of_squares<S>(fma(mul(broadcast(r.one_minus_rho), g), g, mul(broadcast(r.rho), v)));
    return add(v, broadcast(r.epsilon));
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
    const P root = sqrt(radicand<P, S>(r, g, state));
    w = apply<P, S>(r, direction<P, S>(r, g, root), w);
  }
};

/// Every form. The state is v, the mean gradient and the momentum, of which the last two may be missing.
struct RMSpropStep {
  static constexpr int arrays = 3;
  static constexpr bool asks = true;
  template <class P, Scalar S>
  static GEMEL_INLINE void take(const RMSpropRule<S>& r, P g, P& w, P* state) {
    const P rate = broadcast(r.rate), rho = broadcast(r.rho), epsilon = broadcast(r.epsilon);
    const P new_part = mul(broadcast(r.one_minus_rho), g);
    P &v = state[0], &a = state[1], &m = state[2];
    v = floor_of_squares<S>(fma(new_part, g, mul(rho, v)));
    P variance = v;
    if (r.centered) {
      a = flush<S>(fma(rho, a, new_part));
      variance = max(broadcast(S{0}), fnma(a, a, v));  // in this order NaN stays
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

template <bool AMSGrad>
struct AdamStep {
  static constexpr int arrays = 2 + AMSGrad;
  static constexpr bool asks = false;
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

/// Parameters i, i + 1, …: a packet of them, or the lanes of a mask.
template <class Step, class Rule, Scalar S, class... Mask>
GEMEL_INLINE void update_packet(const Update<Rule, S>& u, Index i, Mask... lanes) {
  using P = typename PacketOf<S>::type;
  const Rule& rule = u.rule;
  P w = load(u.w + i, lanes...);
  P state[Update<Rule, S>::arrays];
  GEMEL_UNROLL for (int k = 0; k < Step::arrays; ++k) {
    state[k] = Step::asks && !u.state[k] ? broadcast(S{0}) : load(u.state[k] + i, lanes...);
  }
  const P g = fma(broadcast(rule.l2), w, load(u.g + i, lanes...));
  w = fnma(broadcast(rule.decay), w, w);
  Step::template take<P, S>(rule, g, w, state);
  store(u.w + i, w, lanes...);
  GEMEL_UNROLL for (int k = 0; k < Step::arrays; ++k) {
    if (!Step::asks || u.state[k]) store(u.state[k] + i, state[k], lanes...);
  }
}

template <class Step, class Rule, Scalar S>
GEMEL_CALL void update_block(const Update<Rule, S>& u) {
  constexpr Index size = PacketOf<S>::size;
  const Update<Rule, S>* block = &u;
  Index i = 0;
  for (; i + size <= u.n; i += size) {
    if constexpr (Step::asks) GEMEL_FORGET(block);  // else the compiler makes a loop of each of the answers
    update_packet<Step>(*block, i);
  }
  if (i < u.n) update_packet<Step>(*block, i, mask<S>(u.n - i));
}

template <Scalar S>
GEMEL_TARGET inline void update(const Update<SGDRule<S>, S>& u) {
  u.rule.momentum == 0 ? update_block<PlainStep>(u) : update_block<MomentumStep>(u);
}

template <Scalar S>
GEMEL_TARGET inline void update(const Update<RMSpropRule<S>, S>& u) {
  const RMSpropRule<S>& r = u.rule;
  if (r.momentum == 0 && !r.centered && !r.pytorch) return update_block<PlainRMSpropStep>(u);
  Update<RMSpropRule<S>, S> block = u;
  if (!r.centered) {  // then the momentum comes next
    block.state[1] = nullptr;
    block.state[2] = u.state[1];
  }
  update_block<RMSpropStep>(block);
}

template <Scalar S>
GEMEL_TARGET inline void update(const Update<AdamRule<S>, S>& u) {
  u.rule.amsgrad ? update_block<AdamStep<true>>(u) : update_block<AdamStep<false>>(u);
}

}  // namespace gemel::kernel::GEMEL_SET
