// Packets of 16 bytes by the vector types that GCC and Clang share: SSE2, NEON, or what the compiler makes of them
// where it knows no such registers. Where no fused multiply-add is sure to be there, a product is rounded before it is
// added.

namespace gemel::kernel::GEMEL_SET {

template <class S>
struct PacketOf {
  using type [[gnu::vector_size(16)]] = S;
  using Unaligned [[gnu::vector_size(16), gnu::aligned(sizeof(S)), gnu::may_alias]] = S;
  using Mask = Index;  // how many lanes
  static constexpr int size = 16 / sizeof(S);
};
using Floats = PacketOf<float>::type;
using Doubles = PacketOf<double>::type;
using FloatBits [[gnu::vector_size(16)]] = std::int32_t;
using DoubleBits [[gnu::vector_size(16)]] = std::int64_t;

#if defined(__aarch64__)
inline constexpr int tile_rows = 4;  // 20 of 32 registers; of 24, GCC's scheduler spills two
inline constexpr int tile_cols = 5;
#else
inline constexpr int tile_rows = 2;
inline constexpr int tile_cols = 4;
#endif
inline constexpr int depth_at_once = 1;
inline constexpr bool interleaving = false;

struct ClearWideRegisters {};  // there are none

template <class S>
GEMEL_INLINE Index mask(Index count) {
  return count;
}

template <class S>
GEMEL_INLINE typename PacketOf<S>::type load(const S* p) {
  return *reinterpret_cast<const typename PacketOf<S>::Unaligned*>(p);
}
/// Less than a packet: functions of their own, since the compiler takes long over a branch a lane wherever they are
/// used.
template <class S>
GEMEL_CALL typename PacketOf<S>::type load_part(const S* p, Index count) {
  typename PacketOf<S>::type v{};
  for (int i = 0; i < PacketOf<S>::size; ++i) {
    if (i < count) v[i] = p[i];
  }
  return v;
}
template <class S>
GEMEL_INLINE typename PacketOf<S>::type load(const S* p, Index count) {
  return count == PacketOf<S>::size ? load(p) : load_part(p, count);
}
GEMEL_INLINE void store(float* p, Floats v) { *reinterpret_cast<PacketOf<float>::Unaligned*>(p) = v; }
GEMEL_INLINE void store(double* p, Doubles v) { *reinterpret_cast<PacketOf<double>::Unaligned*>(p) = v; }
template <class S, class P>
GEMEL_CALL void store_part(S* p, P v, Index count) {
  for (int i = 0; i < PacketOf<S>::size; ++i) {
    if (i < count) p[i] = v[i];
  }
}
template <class S, class P>
GEMEL_INLINE void store(S* p, P v, Index count) {
  count == PacketOf<S>::size ? store(p, v) : store_part(p, v, count);
}
GEMEL_INLINE Floats broadcast(float x) { return Floats{x, x, x, x}; }
GEMEL_INLINE Doubles broadcast(double x) { return Doubles{x, x}; }

#if defined(__aarch64__)
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
#else
#if defined(__FP_FAST_FMA) && defined(__FP_FAST_FMAF) && !defined(__x86_64__) && !defined(__i386__)
// Every processor of this kind fuses them; left to itself, a compiler does so depending on its flags.
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
/// c - a b.
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
#endif

template <class P>
GEMEL_INLINE P sqrt_beside_products(P a) {
  return sqrt(a);
}
template <class P>
GEMEL_INLINE P mul(P a, P b) {
  return a * b;
}
template <class P>
GEMEL_INLINE P add(P a, P b) {
  return a + b;
}
template <class P>
GEMEL_INLINE P sub(P a, P b) {
  return a - b;
}
template <class P>
GEMEL_INLINE P div(P a, P b) {
  return a / b;
}
/// As many numbers as a packet has doubles, wherever they lie; and back, each rounded once.
template <class S>
GEMEL_INLINE Doubles load_doubles(const S* p) {
  return Doubles{static_cast<double>(p[0]), static_cast<double>(p[1])};
}
template <class S>
GEMEL_INLINE void store_doubles(S* p, Doubles v) {
  p[0] = static_cast<S>(v[0]);
  p[1] = static_cast<S>(v[1]);
}
/// a > b ? a : b, and a < b ? a : b; b where either is NaN.
template <class P>
GEMEL_INLINE P max(P a, P b) {
  return a > b ? a : b;
}
template <class P>
GEMEL_INLINE P min(P a, P b) {
  return a < b ? a : b;
}
GEMEL_INLINE Floats abs(Floats a) { return (Floats)((FloatBits)a & 0x7fffffff); }
GEMEL_INLINE Doubles abs(Doubles a) { return (Doubles)((DoubleBits)a & 0x7fffffffffffffff); }
/// a < b ? 0 : v.
template <class P>
GEMEL_INLINE P zero_if_less(P a, P b, P v) {
  return a < b ? P{} : v;
}
/// a > 0 ? v : 0.
template <class P>
GEMEL_INLINE P keep_if_positive(P a, P v) {
  return a > P{} ? v : P{};
}
/// max(|a|, |b|) by bits: infinity and NaN rank on top.
GEMEL_INLINE Floats max_abs_of(Floats a, Floats b) {
  const auto x = (FloatBits)abs(a), y = (FloatBits)abs(b);
  return (Floats)(x > y ? x : y);
}
GEMEL_INLINE Doubles max_abs_of(Doubles a, Doubles b) {
  const auto x = (DoubleBits)abs(a), y = (DoubleBits)abs(b);
  return (Doubles)(x > y ? x : y);
}

/// Stores 16 bytes of sums of lanes: there are no more.
template <class S, class P>
GEMEL_INLINE void store_folded(S* p, P v) {
  store(p, v);
}

/// wt(i, o) = w(o, i) for o < side and i < the packet's size: each store is a whole packet.
template <class S>
inline constexpr int transpose_side = 16 / sizeof(S);
GEMEL_INLINE void transpose_strip(const float* w, Index ldw, float* wt, Index ldt) {
  const Floats a = load(w), b = load(w + ldw), c = load(w + 2 * ldw), d = load(w + 3 * ldw);
  const Floats low = __builtin_shufflevector(a, b, 0, 4, 1, 5), high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  const Floats low2 = __builtin_shufflevector(c, d, 0, 4, 1, 5), high2 = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  store(wt, __builtin_shufflevector(low, low2, 0, 1, 4, 5));
  store(wt + ldt, __builtin_shufflevector(low, low2, 2, 3, 6, 7));
  store(wt + 2 * ldt, __builtin_shufflevector(high, high2, 0, 1, 4, 5));
  store(wt + 3 * ldt, __builtin_shufflevector(high, high2, 2, 3, 6, 7));
}
GEMEL_INLINE void transpose_strip(const double* w, Index ldw, double* wt, Index ldt) {
  const Doubles a = load(w), b = load(w + ldw);
  store(wt, __builtin_shufflevector(a, b, 0, 2));
  store(wt + ldt, __builtin_shufflevector(a, b, 1, 3));
}

}  // namespace gemel::kernel::GEMEL_SET
