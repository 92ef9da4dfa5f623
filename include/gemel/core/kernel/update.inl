// What the updates of all optimizers share; each rule has a file of its own, update_*.inl. Every product that feeds a
// sum is an explicit fma, and roots and divisions are correctly rounded, so the packet's size does not change the bits
// of an element.

namespace gemel::kernel::GEMEL_SET {

/// A packet with a constant in all lanes, which is read from memory at each use. Otherwise the compiler would keep it
/// in a register that a sum needs, or on the stack.
template <Scalar S>
GEMEL_INLINE typename PacketOf<S>::type from_memory(const S& constant) {
  const S* at = &constant;
  GEMEL_OPAQUE_POINTER(at);
  return broadcast(*at);
}

/// x, or 0 if |x| is below the normal numbers. State that decays, for example the state of a dead unit, would otherwise
/// reach denormal numbers, which make a step nearly twice as slow. NaN stays NaN.
template <Scalar S, class P>
GEMEL_INLINE P flush(P x) {
  static constexpr S min_normal = std::numeric_limits<S>::min();
  return zero_if_less(abs_beside_products(x), from_memory(min_normal), x);
}

/// As above, but for an average of squares, and in one instruction: x, or a tiny floor if x is smaller. The floor is so
/// small that it adds nothing to any epsilon. It is large enough that the decayed average of the next step and the
/// remainder of its root are normal numbers.
template <Scalar S, class P>
GEMEL_INLINE P floor_of_squares(P x) {
  static constexpr S floor = std::numeric_limits<S>::min() * 2 / std::numeric_limits<S>::epsilon();
  return max(from_memory(floor), x);  // in this order NaN stays NaN
}

// A step applies a rule to one packet of parameters w, with gradient g. It is a struct with these static members:
//   arrays        the number of the state's arrays, of which it gets one packet each;
//   all_variants  whether it handles every variant of its rule, testing the flags per packet: this costs nothing beside
//                 the memory accesses and roots, and spares the compiler one loop per variant;
//   take          performs the step.
// A step that divides by a root also offers its parts, so that other work can be done while the root and the quotient
// are computed:
//   radicand      updates a part of the state, and returns the number under the root;
//   numerator     updates the rest of the state, and returns the numerator;
//   gradient_is_numerator   whether it returns the gradient as it is;
//   direction     divides the numerator by the denominator, which it computes from the root;
//   apply         returns the updated w. A step without a state, that of plain SGD, offers only this part.

/// A packet of the state that is loaded when it is read and stored when it is set, so that it needs no register before
/// and after.
template <Scalar S>
struct InMemory {
  S* at;
  GEMEL_INLINE operator typename PacketOf<S>::type() const { return load(at); }
  GEMEL_INLINE InMemory& operator=(typename PacketOf<S>::type v) {
    store(at, v);
    return *this;
  }
};

/// Performs the parts of a step directly one after the other.
template <class Step, class P, Scalar S, class Rule>
GEMEL_INLINE void take_parts(const Rule& r, P g, P& w, P* state) {
  const P root = sqrt(Step::template radicand<P, S>(r, g, state));
  const P numerator = Step::template numerator<P, S>(r, g, state);
  w = Step::template apply<P, S>(r, Step::template direction<P, S>(r, numerator, root), w);
}

/// The step that fused_update.inl uses for a rule. Each rule specializes it, derived from the step of its plain variant
/// (see `interleaves`).
template <class Rule>
struct InterleavedStep;

/// Updates one packet of parameters, beginning at i: all its lanes, or those of a mask.
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
    if constexpr (Step::all_variants)
      GEMEL_OPAQUE_POINTER(block);  // so that compilers make one loop, not one per variant
    update_packet<Step>(*block, i);
  }
  if (i < u.n) update_packet<Step>(*block, i, mask<S>(u.n - i));
}

}  // namespace gemel::kernel::GEMEL_SET
