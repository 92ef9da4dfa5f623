// Packets of 16 bytes for aarch64. Every aarch64 processor has NEON with a fused multiply-add, so there these packets
// take the place of packet/portable.inl.

#include "gemel/core/kernel/packet/vector.inl"

namespace gemel::kernel::GEMEL_SET {

// 20 of the 32 registers hold sums; with 24 sums, GCC's scheduler spills two.
inline constexpr int tile_rows = 4;
inline constexpr int tile_cols = 5;

GEMEL_INLINE Floats fma(Floats a, Floats b, Floats c) {
  return (Floats)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
}
GEMEL_INLINE Doubles fma(Doubles a, Doubles b, Doubles c) {
  return (Doubles)vfmaq_f64((float64x2_t)c, (float64x2_t)a, (float64x2_t)b);
}
GEMEL_INLINE Floats fnma(Floats a, Floats b, Floats c) {
  return (Floats)vfmsq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
}
GEMEL_INLINE Doubles fnma(Doubles a, Doubles b, Doubles c) {
  return (Doubles)vfmsq_f64((float64x2_t)c, (float64x2_t)a, (float64x2_t)b);
}
GEMEL_INLINE Floats sqrt(Floats a) { return (Floats)vsqrtq_f32((float32x4_t)a); }
GEMEL_INLINE Doubles sqrt(Doubles a) { return (Doubles)vsqrtq_f64((float64x2_t)a); }

template <class P>
GEMEL_INLINE void accumulate(P& sum, P a, P b) {
  sum = fma(a, b, sum);
}

}  // namespace gemel::kernel::GEMEL_SET
