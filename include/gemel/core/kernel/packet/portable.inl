// Packets of 16 bytes for any architecture that has no file of its own, and for x86-64 without AVX2, where they compile
// to SSE2. If the processor may lack a fused multiply-add, fma rounds the product before it adds.

#include "gemel/core/kernel/packet/vector.inl"

namespace gemel::kernel::GEMEL_SET {

inline constexpr int tile_rows = 2;
inline constexpr int tile_cols = 4;

#if defined(__FP_FAST_FMA) && defined(__FP_FAST_FMAF) && !defined(__x86_64__) && !defined(__i386__)
// Every processor of this architecture has a fused multiply-add. With a * b + c, the compiler's flags would decide
// whether it is used.
template <class P>
GEMEL_INLINE P fma(P a, P b, P c) {
  P sum;
  for (std::size_t i = 0; i < sizeof(P) / sizeof(a[0]); ++i) sum[i] = std::fma(a[i], b[i], c[i]);
  return sum;
}
template <class P>
GEMEL_INLINE P fnma(P a, P b, P c) {
  return fma(-a, b, c);
}
#else
template <class P>
GEMEL_INLINE P fma(P a, P b, P c) {
  return a * b + c;
}
template <class P>
GEMEL_INLINE P fnma(P a, P b, P c) {
  return c - a * b;
}
#endif
#if defined(__x86_64__)
GEMEL_INLINE Floats sqrt(Floats a) { return (Floats)_mm_sqrt_ps((__m128)a); }
GEMEL_INLINE Doubles sqrt(Doubles a) { return (Doubles)_mm_sqrt_pd((__m128d)a); }
#else
GEMEL_INLINE Floats sqrt(Floats a) {
  return Floats{std::sqrt(a[0]), std::sqrt(a[1]), std::sqrt(a[2]), std::sqrt(a[3])};
}
GEMEL_INLINE Doubles sqrt(Doubles a) { return Doubles{std::sqrt(a[0]), std::sqrt(a[1])}; }
#endif

template <class P>
GEMEL_INLINE void accumulate(P& sum, P a, P b) {
  sum = fma(a, b, sum);
}

}  // namespace gemel::kernel::GEMEL_SET
