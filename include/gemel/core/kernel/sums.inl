// Sums over a vector in a fixed order: 16 lanes of float, or 8 of double, are summed separately and then added in a
// tree. first_lanes is in tile.inl.

namespace gemel::kernel::GEMEL_SET {

/// The number of lanes of every sum, whatever the packets' size.
template <Scalar S>
inline constexpr int lanes = 64 / sizeof(S);

/// The number of lanes of a sum after `fold`: 16 bytes.
template <Scalar S>
inline constexpr int folded_lanes = 16 / sizeof(S);

/// Adds the upper half of the lanes to the lower half until 16 bytes remain, and stores them.
template <Scalar S>
GEMEL_INLINE void fold(const typename PacketOf<S>::type* sum, S* part) {
  constexpr int packets = lanes<S> / PacketOf<S>::size;
  if constexpr (packets == 4) {
    store_folded(part, add(add(sum[0], sum[2]), add(sum[1], sum[3])));
  } else if constexpr (packets == 2) {
    store_folded(part, add(sum[0], sum[1]));
  } else {
    store_folded(part, sum[0]);
  }
}

/// The sum of all lanes: adds the upper half of the lanes to the lower half until one lane remains.
template <Scalar S>
GEMEL_INLINE S tree(const typename PacketOf<S>::type* sum) {
  S part[folded_lanes<S>];
  fold<S>(sum, part);
  GEMEL_UNROLL for (int half = folded_lanes<S> / 2; half > 0; half /= 2) {
    GEMEL_UNROLL for (int l = 0; l < half; ++l) part[l] += part[l + half];
  }
  return part[0];
}

// The terms of the sums: add_term returns sum + term(a, b), for packets.
struct Dot {
  template <class P>
  static GEMEL_INLINE P add_term(P a, P b, P sum) {
    return fma(a, b, sum);
  }
};
struct SquaredDifference {
  template <class P>
  static GEMEL_INLINE P add_term(P a, P b, P sum) {
    const P d = sub(a, b);
    return fma(d, d, sum);
  }
};
struct AbsoluteDifference {
  template <class P>
  static GEMEL_INLINE P add_term(P a, P b, P sum) {
    return add(sum, abs(sub(a, b)));
  }
};

template <class Term, Scalar S>
GEMEL_INLINE S sum_of(const S* a, const S* b, Index n) {
  using P = typename PacketOf<S>::type;
  constexpr Index size = PacketOf<S>::size;
  constexpr Index packets = lanes<S> / size;
  P sum[packets];
  GEMEL_UNROLL for (Index r = 0; r < packets; ++r) sum[r] = broadcast(S{0});
  Index i = 0;
  for (; i + lanes<S> <= n; i += lanes<S>) {
    GEMEL_UNROLL for (Index r = 0; r < packets; ++r) {
      sum[r] = Term::add_term(load(a + i + r * size), load(b + i + r * size), sum[r]);
    }
  }
  GEMEL_UNROLL for (Index r = 0; r < packets; ++r) {
    const Index left = n - i - r * size;
    if (left > 0) {
      const auto last = first_lanes<S>(left);
      sum[r] = Term::add_term(load(a + i + r * size, last), load(b + i + r * size, last), sum[r]);
    }
  }
  return tree<S>(sum);
}

template <Scalar S>
GEMEL_TARGET inline S dot(const S* a, const S* b, Index n) {
  return sum_of<Dot>(a, b, n);
}
template <Scalar S>
GEMEL_TARGET inline S squared_distance(const S* a, const S* b, Index n) {
  return sum_of<SquaredDifference>(a, b, n);
}
template <Scalar S>
GEMEL_TARGET inline S absolute_distance(const S* a, const S* b, Index n) {
  return sum_of<AbsoluteDifference>(a, b, n);
}

}  // namespace gemel::kernel::GEMEL_SET
