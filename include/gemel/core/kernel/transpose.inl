// Transposes a matrix, strip after strip.

namespace gemel::kernel::GEMEL_SET {

/// wt(i, o) = w(o, i) for i < size and o < transpose_side<S>, with columns as in `transpose`.
template <Scalar S>
GEMEL_INLINE void transpose_strip(const S* w, Index ldw, S* wt, Index ldt) {
  typename PacketOf<S>::type rows[transpose_side<S>];
  load_transposed(EvenColumns<S>{w, ldw}, rows);
  GEMEL_UNROLL for (int o = 0; o < transpose_side<S>; ++o) store(wt + o * ldt, rows[o]);
}

/// wt(i, o) = w(o, i) for o < out and i < count. The columns of w (one per i) are ldw values apart, and those of wt
/// (one per o) ldt values. The matrix is processed in squares whose sides are a cache line long, because few lines stay
/// in the cache if the columns are a power of two apart.
template <Scalar S>
GEMEL_NOINLINE void transpose(const S* w, Index ldw, Index out, Index count, S* wt, Index ldt) {
  constexpr Index line = 64 / sizeof(S), width = PacketOf<S>::size, side = transpose_side<S>;
  for (Index i0 = 0; i0 < count; i0 += line) {
    const Index i1 = i0 + line < count ? i0 + line : count;
    for (Index o0 = 0; o0 < out; o0 += line) {
      const Index o1 = o0 + line < out ? o0 + line : out;
      Index i = i0;
      for (; i + width <= i1; i += width) {
        Index o = o0;
        for (; o + side <= o1; o += side) transpose_strip(w + i * ldw + o, ldw, wt + o * ldt + i, ldt);
        for (; o < o1; ++o) {
          for (Index q = i; q < i + width; ++q) wt[o * ldt + q] = w[q * ldw + o];
        }
      }
      for (; i < i1; ++i) {
        for (Index o = o0; o < o1; ++o) wt[o * ldt + i] = w[i * ldw + o];
      }
    }
  }
}

/// As above, with `count` = panel_height and ldt = panel_height, for a panel that is transposed from end to end.
template <Scalar S>
GEMEL_NOINLINE void transpose_panel(const S* w, Index ldw, Index out, S* panel) {
  constexpr Index width = PacketOf<S>::size, side = transpose_side<S>, height = panel_height<S>;
  Index o = 0;
  for (; o + side <= out; o += side) {
    GEMEL_UNROLL for (Index i = 0; i < height; i += width) {
      transpose_strip(w + i * ldw + o, ldw, panel + o * height + i, height);
    }
  }
  if (o < out) transpose(w + o, ldw, out - o, height, panel + o * height, height);
}

}  // namespace gemel::kernel::GEMEL_SET
