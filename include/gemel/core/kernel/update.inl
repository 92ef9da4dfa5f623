// What the optimizers' updates share; each rule has a file of its own, update_*.inl. Every product that feeds a sum is
// an explicit fma, and roots and divisions are rounded correctly: so the bits are those of a single element computed
// alone.

namespace gemel::kernel::GEMEL_SET {

/// A packet of a constant that is read anew each time. Otherwise it would occupy a register that a sum needs, or lie on
/// the stack.
template <Scalar S>
GEMEL_INLINE typename PacketOf<S>::type from_memory(const S& constant) {
  const S* at = &constant;
  GEMEL_OPAQUE_POINTER(at);
  return broadcast(*at);
}

/// x, or 0 where it is below the normal numbers. State that decays, for example that of a dead unit, would reach
/// denormal numbers, which make a step nearly twice as slow. NaN stays.
template <Scalar S, class P>
GEMEL_INLINE P flush(P x) {
  static constexpr S least = std::numeric_limits<S>::min();
  return zero_if_less(abs(x), from_memory(least), x);
}

/// The same for an average of squares, in one instruction: the floor is so far below any epsilon that it adds nothing,
/// and so far above the denormal numbers that neither the average's next decay nor the remainder of its root is one.
template <Scalar S, class P>
GEMEL_INLINE P floor_of_squares(P x) {
  static constexpr S least = std::numeric_limits<S>::min() * 2 / std::numeric_limits<S>::epsilon();
  return max(from_memory(least), x);  // in this order NaN stays
}

// A step takes one packet of parameters w, with gradient g, through a rule. It has
//   arrays        the number of packets of state;
//   all_variants  whether it handles every variant of its rule, testing the flags per packet: this costs nothing beside
//                 the memory accesses and roots, and spares the compiler one loop per variant;
//   take          the step.
// A step that divides by a root also has its parts, so that other work can be done while the root and the quotient are
// computed:
//   radicand      updates the state, turns g into the numerator, and returns the number under the root;
//   direction     divides the numerator by what the root gives;
//   apply         returns the updated w.

/// The parts of a step, one directly after the other.
template <class Step, class P, Scalar S, class Rule>
GEMEL_INLINE void take_parts(const Rule& r, P g, P& w, P* state) {
  const P root = sqrt(Step::template radicand<P, S>(r, g, state));
  w = Step::template apply<P, S>(r, Step::template direction<P, S>(r, g, root), w);
}

/// A rule's step for fused_update.inl, which derives from the step of the rule's plain variant (see `interleaves`).
template <class Rule>
struct InterleavedStep;

/// The parameters from i on: a whole packet, or the lanes of a mask.
template <class Step, class Rule, Scalar S, class... Mask>
GEMEL_INLINE void update_packet(const Update<Rule, S>& u, Index i, Mask... lanes) {
  using P = typename PacketOf<S>::type;
  const Rule& rule = u.rule;
  P w = load(u.w + i, lanes...);
  P state[Update<Rule, S>::arrays];
  GEMEL_UNROLL for (int k = 0; k < Step::arrays; ++k) {
    state[k] = Step::all_variants && !u.state[k] ? broadcast(S{0}) : load(u.state[k] + i, lanes...);
  }
  const P g = fma(broadcast(rule.l2), w, load(u.g + i, lanes...));
  w = fnma(broadcast(rule.decay), w, w);
  Step::template take<P, S>(rule, g, w, state);
  store(u.w + i, w, lanes...);
  GEMEL_UNROLL for (int k = 0; k < Step::arrays; ++k) {
    if (!Step::all_variants || u.state[k]) store(u.state[k] + i, state[k], lanes...);
  }
}

template <class Step, class Rule, Scalar S>
GEMEL_NOINLINE void update_block(const Update<Rule, S>& u) {
  constexpr Index size = PacketOf<S>::size;
  const Update<Rule, S>* block = &u;
  Index i = 0;
  for (; i + size <= u.n; i += size) {
    if constexpr (Step::all_variants) GEMEL_OPAQUE_POINTER(block);  // keeps the compiler from one loop per variant
    update_packet<Step>(*block, i);
  }
  if (i < u.n) update_packet<Step>(*block, i, mask<S>(u.n - i));
}

}  // namespace gemel::kernel::GEMEL_SET
