// W transposed, in blocks that fit 16-byte registers: a strided copy costs ten times as much.

namespace gemel::kernel::GEMEL_SET {

GEMEL_INLINE void transpose_block(const float* w, Index ldw, float* wt, Index ldt) {
  typedef float V __attribute__((vector_size(16)));
  typedef float U __attribute__((vector_size(16), aligned(4), may_alias));
  const V a = *reinterpret_cast<const U*>(w), b = *reinterpret_cast<const U*>(w + ldw);
  const V c = *reinterpret_cast<const U*>(w + 2 * ldw), d = *reinterpret_cast<const U*>(w + 3 * ldw);
  const V ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5), ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  const V cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5), cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  *reinterpret_cast<U*>(wt) = __builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5);
  *reinterpret_cast<U*>(wt + ldt) = __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7);
  *reinterpret_cast<U*>(wt + 2 * ldt) = __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5);
  *reinterpret_cast<U*>(wt + 3 * ldt) = __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7);
}

GEMEL_INLINE void transpose_block(const double* w, Index ldw, double* wt, Index ldt) {
  typedef double V __attribute__((vector_size(16)));
  typedef double U __attribute__((vector_size(16), aligned(8), may_alias));
  for (Index i = 0; i < 4; i += 2) {
    for (Index o = 0; o < 4; o += 2) {
      const V a = *reinterpret_cast<const U*>(w + i * ldw + o), b = *reinterpret_cast<const U*>(w + (i + 1) * ldw + o);
      *reinterpret_cast<U*>(wt + o * ldt + i) = __builtin_shufflevector(a, b, 0, 2);
      *reinterpret_cast<U*>(wt + (o + 1) * ldt + i) = __builtin_shufflevector(a, b, 1, 3);
    }
  }
}

/// wt(i, o) = w(o, i), i < count, o < out; wt's columns (one an o) are ldt apart.
template <Scalar S>
GEMEL_TARGET inline void transpose(const S* w, Index out, Index count, S* wt, Index ldt) {
  constexpr Index side = 4;
  Index i = 0;
  for (; i + side <= count; i += side) {
    Index o = 0;
    for (; o + side <= out; o += side) transpose_block(w + i * out + o, out, wt + o * ldt + i, ldt);
    for (; o < out; ++o) {
      for (Index q = i; q < i + side; ++q) wt[o * ldt + q] = w[q * out + o];
    }
  }
  for (; i < count; ++i) {
    for (Index o = 0; o < out; ++o) wt[o * ldt + i] = w[i * out + o];
  }
}

}  // namespace gemel::kernel::GEMEL_SET
