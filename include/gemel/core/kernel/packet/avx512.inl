// Packets of 16 floats or 8 doubles, for AVX-512 (F, DQ, VL, BW). packet/requirements.inl says what the functions do.

namespace gemel::kernel::avx512 {

template <class S>
struct PacketOf;
template <>
struct PacketOf<float> {
  using type = __m512;
  using Words = __m512i;
  using Mask = __mmask16;
  static constexpr int size = 16;
};
template <>
struct PacketOf<double> {
  using type = __m512d;
  using Mask = __mmask8;
  static constexpr int size = 8;
};

GEMEL_INLINE void clear_wide_registers() { _mm256_zeroupper(); }

// 24 of the 32 registers hold sums.
inline constexpr int tile_rows = 4;
inline constexpr int tile_cols = 6;
inline constexpr int depth_unroll = 4;
inline constexpr bool copies_panels = false;
inline constexpr bool interleaving = true;
inline constexpr bool packs_batch = false;

// GCC 12 warns about uninitialized values within the plain forms of some intrinsics. The masked forms, with all lanes
// set, compile to the same instructions.
inline constexpr __mmask16 all16 = 0xffff;
inline constexpr __mmask8 all8 = 0xff;

template <class S>
GEMEL_INLINE typename PacketOf<S>::Mask mask(Index count) {
  return static_cast<typename PacketOf<S>::Mask>((1U << count) - 1U);
}

GEMEL_INLINE __m512 load(const float* p) { return _mm512_loadu_ps(p); }
GEMEL_INLINE __m512d load(const double* p) { return _mm512_loadu_pd(p); }
GEMEL_INLINE __m512 load(const float* p, __mmask16 m) { return _mm512_maskz_loadu_ps(m, p); }
GEMEL_INLINE __m512d load(const double* p, __mmask8 m) { return _mm512_maskz_loadu_pd(m, p); }
GEMEL_INLINE void store(float* p, __m512 v) { _mm512_storeu_ps(p, v); }
GEMEL_INLINE void store(double* p, __m512d v) { _mm512_storeu_pd(p, v); }
GEMEL_INLINE void store(float* p, __m512 v, __mmask16 m) { _mm512_mask_storeu_ps(p, m, v); }
GEMEL_INLINE void store(double* p, __m512d v, __mmask8 m) { _mm512_mask_storeu_pd(p, m, v); }
GEMEL_INLINE __m512 broadcast(float x) { return _mm512_set1_ps(x); }
GEMEL_INLINE __m512d broadcast(double x) { return _mm512_set1_pd(x); }

GEMEL_INLINE __m512 fma(__m512 a, __m512 b, __m512 c) { return _mm512_fmadd_ps(a, b, c); }
GEMEL_INLINE __m512d fma(__m512d a, __m512d b, __m512d c) { return _mm512_fmadd_pd(a, b, c); }
GEMEL_INLINE __m512 fnma(__m512 a, __m512 b, __m512 c) { return _mm512_fnmadd_ps(a, b, c); }
GEMEL_INLINE __m512d fnma(__m512d a, __m512d b, __m512d c) { return _mm512_fnmadd_pd(a, b, c); }
// In assembly, because GCC would load `a` from memory again for each sum that uses it.
GEMEL_INLINE void accumulate(__m512& sum, __m512 a, __m512 b) {
  asm volatile("vfmadd231ps %2, %1, %0" : "+v"(sum) : "v"(a), "v"(b));
}
GEMEL_INLINE void accumulate(__m512d& sum, __m512d a, __m512d b) {
  asm volatile("vfmadd231pd %2, %1, %0" : "+v"(sum) : "v"(a), "v"(b));
}
GEMEL_INLINE __m512 mul(__m512 a, __m512 b) { return _mm512_mul_ps(a, b); }
GEMEL_INLINE __m512d mul(__m512d a, __m512d b) { return _mm512_mul_pd(a, b); }
GEMEL_INLINE __m512 add(__m512 a, __m512 b) { return _mm512_add_ps(a, b); }
GEMEL_INLINE __m512d add(__m512d a, __m512d b) { return _mm512_add_pd(a, b); }
GEMEL_INLINE __m512 sub(__m512 a, __m512 b) { return _mm512_sub_ps(a, b); }
GEMEL_INLINE __m512d sub(__m512d a, __m512d b) { return _mm512_sub_pd(a, b); }
GEMEL_INLINE __m512 div(__m512 a, __m512 b) { return _mm512_div_ps(a, b); }
GEMEL_INLINE __m512d div(__m512d a, __m512d b) { return _mm512_div_pd(a, b); }
/// The correctly rounded square root of a, from an estimate y of 1 / sqrt(a) with a relative error of at most 2^-14.
/// The function makes one step of Goldschmidt's iteration (double: two), and then corrects the root g with the
/// remainder a - g g, which is exact. (Markstein, Computation of elementary functions on the IBM RISC System/6000,
/// 1990.) Before the last rounding the relative error is below 2^-46 (double: 2^-102). So the rounding can be wrong
/// only if the root is that close to the middle between two neighboring numbers; the tests try every such a.
GEMEL_INLINE __m512 sqrt_from(__m512 y, __m512 a) {
  const __m512 half = broadcast(0.5F);
  __m512 g = mul(a, y), h = mul(half, y);
  const __m512 e = fnma(g, h, half);
  g = fma(g, e, g);
  h = fma(h, e, h);
  return fma(fnma(g, g, a), h, g);
}
GEMEL_INLINE __m512d sqrt_from(__m512d y, __m512d a) {
  const __m512d half = broadcast(0.5);
  __m512d g = mul(a, y), h = mul(half, y);
  GEMEL_UNROLL for (int step = 0; step < 2; ++step) {
    const __m512d e = fnma(g, h, half);
    g = fma(g, e, g);
    h = fma(h, e, h);
  }
  return fma(fnma(g, g, a), h, g);
}
/// Faster than the square root instruction. That instruction is still used for NaN, for negative numbers, and for
/// numbers outside [2^-102, 2^100] (double: [2^-969, 2^900]); for smaller ones the remainder could be denormal.
GEMEL_INLINE __m512 sqrt(__m512 a) {
  const __m512i above = _mm512_sub_epi32(_mm512_castps_si512(a), _mm512_set1_epi32((127 - 102) << 23));
  if (_mm512_cmpgt_epu32_mask(above, _mm512_set1_epi32((102 + 100) << 23)) != 0) [[unlikely]] {
    return _mm512_maskz_sqrt_ps(all16, a);
  }
  return sqrt_from(_mm512_maskz_rsqrt14_ps(all16, a), a);
}
GEMEL_INLINE __m512d sqrt(__m512d a) {
  const __m512i above = _mm512_sub_epi64(_mm512_castpd_si512(a), _mm512_set1_epi64((1023LL - 969) << 52));
  if (_mm512_cmpgt_epu64_mask(above, _mm512_set1_epi64((969LL + 900) << 52)) != 0) [[unlikely]] {
    return _mm512_maskz_sqrt_pd(all8, a);
  }
  return sqrt_from(_mm512_maskz_rsqrt14_pd(all8, a), a);
}
// The square root instruction does not use the multipliers. While they are busy, it is faster than sqrt, but only for
// floats.
GEMEL_INLINE __m512 sqrt_beside_products(__m512 a) { return _mm512_maskz_sqrt_ps(all16, a); }
GEMEL_INLINE __m512d sqrt_beside_products(__m512d a) { return sqrt(a); }
GEMEL_INLINE __m512d load_doubles(const float* p) { return _mm512_maskz_cvtps_pd(all8, _mm256_loadu_ps(p)); }
GEMEL_INLINE __m512d load_doubles(const double* p) { return load(p); }
GEMEL_INLINE void store_doubles(float* p, __m512d v) { _mm256_storeu_ps(p, _mm512_maskz_cvtpd_ps(all8, v)); }
GEMEL_INLINE void store_doubles(double* p, __m512d v) { store(p, v); }
GEMEL_INLINE __m512 max(__m512 a, __m512 b) { return _mm512_maskz_max_ps(all16, a, b); }
GEMEL_INLINE __m512d max(__m512d a, __m512d b) { return _mm512_maskz_max_pd(all8, a, b); }
GEMEL_INLINE __m512 min(__m512 a, __m512 b) { return _mm512_maskz_min_ps(all16, a, b); }
GEMEL_INLINE __m512d min(__m512d a, __m512d b) { return _mm512_maskz_min_pd(all8, a, b); }
GEMEL_INLINE __m512 abs(__m512 a) { return _mm512_abs_ps(a); }
GEMEL_INLINE __m512d abs(__m512d a) { return _mm512_abs_pd(a); }
GEMEL_INLINE __m512 truncate(__m512 a) {
  return _mm512_maskz_roundscale_ps(all16, a, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC);
}
GEMEL_INLINE __m512d truncate(__m512d a) {
  return _mm512_maskz_roundscale_pd(all8, a, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC);
}
GEMEL_INLINE void store_integers(std::int32_t* p, __m512 a) {
  _mm512_storeu_si512(p, _mm512_maskz_cvttps_epi32(all16, a));
}
GEMEL_INLINE void store_integers(std::int32_t* p, __m512d a) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_maskz_cvttpd_epi32(all8, a));
}
GEMEL_INLINE __m512 zero_if_less(__m512 a, __m512 b, __m512 v) {
  return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(a, b, _CMP_NLT_UQ), v);
}
GEMEL_INLINE __m512d zero_if_less(__m512d a, __m512d b, __m512d v) {
  return _mm512_maskz_mov_pd(_mm512_cmp_pd_mask(a, b, _CMP_NLT_UQ), v);
}
GEMEL_INLINE __m512 keep_if_positive(__m512 a, __m512 v) {
  return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(a, _mm512_setzero_ps(), _CMP_GT_OQ), v);
}
GEMEL_INLINE __m512d keep_if_positive(__m512d a, __m512d v) {
  return _mm512_maskz_mov_pd(_mm512_cmp_pd_mask(a, _mm512_setzero_pd(), _CMP_GT_OQ), v);
}
GEMEL_INLINE __m512 max_abs_of(__m512 a, __m512 b) {
  return _mm512_castsi512_ps(_mm512_maskz_max_epi32(all16, _mm512_castps_si512(abs(a)), _mm512_castps_si512(abs(b))));
}
GEMEL_INLINE __m512d max_abs_of(__m512d a, __m512d b) {
  return _mm512_castsi512_pd(_mm512_maskz_max_epi64(all8, _mm512_castpd_si512(abs(a)), _mm512_castpd_si512(abs(b))));
}
// In assembly, so that GCC uses two registers for it. Left to itself, it would spill the sums of the loop before.
inline constexpr std::uint32_t float_magnitude = 0x7fffffff;
inline constexpr std::uint64_t double_magnitude = ~0ULL >> 1;
GEMEL_INLINE void include_magnitude(__m512& top, __m512 a) {
  asm volatile("vpandd %2%{1to16%}, %1, %1\n\tvpmaxsd %1, %0, %0" : "+v"(top), "+v"(a) : "m"(float_magnitude));
}
GEMEL_INLINE void include_magnitude(__m512d& top, __m512d a) {
  asm volatile("vpandq %2%{1to8%}, %1, %1\n\tvpmaxsq %1, %0, %0" : "+v"(top), "+v"(a) : "m"(double_magnitude));
}
GEMEL_INLINE bool any_not_above(__m512 a, __m512 b) { return _mm512_cmp_ps_mask(a, b, _CMP_NGT_UQ) != 0; }
GEMEL_INLINE bool any_not_above(__m512d a, __m512d b) { return _mm512_cmp_pd_mask(a, b, _CMP_NGT_UQ) != 0; }

GEMEL_INLINE void multiply_words(__m512i a, std::uint32_t factor, __m512i& low, __m512i& high) {
  const __m512i f = _mm512_set1_epi32(static_cast<int>(factor));
  const __m512i even = _mm512_maskz_mul_epu32(all8, a, f);
  const __m512i odd = _mm512_maskz_mul_epu32(all8, _mm512_maskz_srli_epi64(all8, a, 32), f);
  low = _mm512_mask_shuffle_epi32(even, 0xaaaa, odd, _MM_PERM_CCAA);
  high = _mm512_mask_shuffle_epi32(odd, 0x5555, even, _MM_PERM_DDBB);
}

GEMEL_INLINE void store_folded(float* p, __m512 v) {
  const __m256 low = _mm512_maskz_extractf32x8_ps(0xff, v, 0), high = _mm512_maskz_extractf32x8_ps(0xff, v, 1);
  const __m256 half = _mm256_add_ps(low, high);
  _mm_storeu_ps(p, _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1)));
}
GEMEL_INLINE void store_folded(double* p, __m512d v) {
  const __m256d low = _mm512_maskz_extractf64x4_pd(0xf, v, 0), high = _mm512_maskz_extractf64x4_pd(0xf, v, 1);
  const __m256d half = _mm256_add_pd(low, high);
  _mm_storeu_pd(p, _mm_add_pd(_mm256_castpd256_pd128(half), _mm256_extractf128_pd(half, 1)));
}

template <class Column>
GEMEL_INLINE void load_transposed(const Column& column, __m512 (&rows)[4]) {
  __m512 r[4];
  GEMEL_UNROLL for (int m = 0; m < 4; ++m) {  // quarter q of r[m] is from column m + 4 q
    r[m] = _mm512_castps128_ps512(_mm_loadu_ps(column(m)));
    // Insertions would use the execution port that the shuffles below need; masked broadcasts do not.
    r[m] = _mm512_mask_broadcast_f32x4(r[m], 0x00f0, _mm_loadu_ps(column(m + 4)));
    r[m] = _mm512_mask_broadcast_f32x4(r[m], 0x0f00, _mm_loadu_ps(column(m + 8)));
    r[m] = _mm512_mask_broadcast_f32x4(r[m], 0xf000, _mm_loadu_ps(column(m + 12)));
  }
  const __m512 low = _mm512_maskz_unpacklo_ps(all16, r[0], r[1]), high = _mm512_maskz_unpackhi_ps(all16, r[0], r[1]);
  const __m512 low2 = _mm512_maskz_unpacklo_ps(all16, r[2], r[3]), high2 = _mm512_maskz_unpackhi_ps(all16, r[2], r[3]);
  rows[0] = _mm512_maskz_shuffle_ps(all16, low, low2, 0x44);
  rows[1] = _mm512_maskz_shuffle_ps(all16, low, low2, 0xee);
  rows[2] = _mm512_maskz_shuffle_ps(all16, high, high2, 0x44);
  rows[3] = _mm512_maskz_shuffle_ps(all16, high, high2, 0xee);
}
template <class Column>
GEMEL_INLINE void load_transposed(const Column& column, __m512d (&rows)[2]) {
  __m512d r[2];
  GEMEL_UNROLL for (int m = 0; m < 2; ++m) {
    r[m] = _mm512_castpd128_pd512(_mm_loadu_pd(column(m)));
    r[m] = _mm512_mask_broadcast_f64x2(r[m], 0x0c, _mm_loadu_pd(column(m + 2)));
    r[m] = _mm512_mask_broadcast_f64x2(r[m], 0x30, _mm_loadu_pd(column(m + 4)));
    r[m] = _mm512_mask_broadcast_f64x2(r[m], 0xc0, _mm_loadu_pd(column(m + 6)));
  }
  rows[0] = _mm512_maskz_unpacklo_pd(all8, r[0], r[1]);
  rows[1] = _mm512_maskz_unpackhi_pd(all8, r[0], r[1]);
}

GEMEL_INLINE void store_interleaved(float* p, __m512 a, __m512 b) {
  const __m512i low = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  const __m512i high = _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  store(p, _mm512_permutex2var_ps(a, low, b));
  store(p + 16, _mm512_permutex2var_ps(a, high, b));
}
GEMEL_INLINE void store_interleaved(double* p, __m512d a, __m512d b) {
  store(p, _mm512_permutex2var_pd(a, _mm512_setr_epi64(0, 8, 1, 9, 2, 10, 3, 11), b));
  store(p + 8, _mm512_permutex2var_pd(a, _mm512_setr_epi64(4, 12, 5, 13, 6, 14, 7, 15), b));
}

}  // namespace gemel::kernel::avx512
