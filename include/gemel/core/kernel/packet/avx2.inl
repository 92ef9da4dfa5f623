// Packets of 8 floats or 4 doubles, for AVX2 and FMA. packet/requirements.inl says what the functions do.

namespace gemel::kernel::avx2 {

template <class S>
struct PacketOf;
template <>
struct PacketOf<float> {
  using type = __m256;
  using Words = __m256i;
  using Mask = __m256i;
  static constexpr int size = 8;
};
template <>
struct PacketOf<double> {
  using type = __m256d;
  using Mask = __m256i;
  static constexpr int size = 4;
};

GEMEL_INLINE void clear_wide_registers() { _mm256_zeroupper(); }

// 12 of the 16 registers hold sums; more sums would spill.
inline constexpr int tile_rows = 2;
inline constexpr int tile_cols = 6;
inline constexpr int depth_unroll = 4;
inline constexpr bool copies_panels = true;
inline constexpr bool interleaving = true;
inline constexpr bool packs_batch = true;

template <class S>
GEMEL_INLINE __m256i mask(Index count) {
  if constexpr (sizeof(S) == 4) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(count)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
  } else {
    return _mm256_cmpgt_epi64(_mm256_set1_epi64x(count), _mm256_setr_epi64x(0, 1, 2, 3));
  }
}

GEMEL_INLINE __m256 load(const float* p) { return _mm256_loadu_ps(p); }
GEMEL_INLINE __m256d load(const double* p) { return _mm256_loadu_pd(p); }
GEMEL_INLINE __m256 load(const float* p, __m256i m) { return _mm256_maskload_ps(p, m); }
GEMEL_INLINE __m256d load(const double* p, __m256i m) { return _mm256_maskload_pd(p, m); }
GEMEL_INLINE void store(float* p, __m256 v) { _mm256_storeu_ps(p, v); }
GEMEL_INLINE void store(double* p, __m256d v) { _mm256_storeu_pd(p, v); }
GEMEL_INLINE void store(float* p, __m256 v, __m256i m) { _mm256_maskstore_ps(p, m, v); }
GEMEL_INLINE void store(double* p, __m256d v, __m256i m) { _mm256_maskstore_pd(p, m, v); }
GEMEL_INLINE __m256 broadcast(float x) { return _mm256_set1_ps(x); }
GEMEL_INLINE __m256d broadcast(double x) { return _mm256_set1_pd(x); }

GEMEL_INLINE __m256 fma(__m256 a, __m256 b, __m256 c) { return _mm256_fmadd_ps(a, b, c); }
GEMEL_INLINE __m256d fma(__m256d a, __m256d b, __m256d c) { return _mm256_fmadd_pd(a, b, c); }
GEMEL_INLINE __m256 fnma(__m256 a, __m256 b, __m256 c) { return _mm256_fnmadd_ps(a, b, c); }
GEMEL_INLINE __m256d fnma(__m256d a, __m256d b, __m256d c) { return _mm256_fnmadd_pd(a, b, c); }
// As an instruction of its own, so that the sum stays where it is: the compiler would move some sums, and spill others.
GEMEL_INLINE void accumulate(__m256& sum, __m256 a, __m256 b) {
  asm volatile("vfmadd231ps %2, %1, %0" : "+x"(sum) : "x"(a), "x"(b));
}
GEMEL_INLINE void accumulate(__m256d& sum, __m256d a, __m256d b) {
  asm volatile("vfmadd231pd %2, %1, %0" : "+x"(sum) : "x"(a), "x"(b));
}
GEMEL_INLINE __m256 mul(__m256 a, __m256 b) { return _mm256_mul_ps(a, b); }
GEMEL_INLINE __m256d mul(__m256d a, __m256d b) { return _mm256_mul_pd(a, b); }
GEMEL_INLINE __m256 add(__m256 a, __m256 b) { return _mm256_add_ps(a, b); }
GEMEL_INLINE __m256d add(__m256d a, __m256d b) { return _mm256_add_pd(a, b); }
GEMEL_INLINE __m256 sub(__m256 a, __m256 b) { return _mm256_sub_ps(a, b); }
GEMEL_INLINE __m256d sub(__m256d a, __m256d b) { return _mm256_sub_pd(a, b); }
GEMEL_INLINE __m256 div(__m256 a, __m256 b) { return _mm256_div_ps(a, b); }
GEMEL_INLINE __m256d div(__m256d a, __m256d b) { return _mm256_div_pd(a, b); }
GEMEL_INLINE __m256 sqrt(__m256 a) { return _mm256_sqrt_ps(a); }
GEMEL_INLINE __m256d sqrt(__m256d a) { return _mm256_sqrt_pd(a); }
GEMEL_INLINE __m256d load_doubles(const float* p) { return _mm256_cvtps_pd(_mm_loadu_ps(p)); }
GEMEL_INLINE __m256d load_doubles(const double* p) { return load(p); }
GEMEL_INLINE void store_doubles(float* p, __m256d v) { _mm_storeu_ps(p, _mm256_cvtpd_ps(v)); }
GEMEL_INLINE void store_doubles(double* p, __m256d v) { store(p, v); }
GEMEL_INLINE __m256 max(__m256 a, __m256 b) { return _mm256_max_ps(a, b); }
GEMEL_INLINE __m256d max(__m256d a, __m256d b) { return _mm256_max_pd(a, b); }
GEMEL_INLINE __m256 min(__m256 a, __m256 b) { return _mm256_min_ps(a, b); }
GEMEL_INLINE __m256d min(__m256d a, __m256d b) { return _mm256_min_pd(a, b); }
GEMEL_INLINE __m256 abs(__m256 a) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0F), a); }
GEMEL_INLINE __m256d abs(__m256d a) { return _mm256_andnot_pd(_mm256_set1_pd(-0.0), a); }
/// All bits but the sign, for the instructions that read them from memory.
alignas(32) inline constexpr std::uint32_t float_magnitude[8] = {0x7fffffff, 0x7fffffff, 0x7fffffff, 0x7fffffff,
                                                                 0x7fffffff, 0x7fffffff, 0x7fffffff, 0x7fffffff};
alignas(32) inline constexpr std::uint64_t double_magnitude[4] = {~0ULL >> 1, ~0ULL >> 1, ~0ULL >> 1, ~0ULL >> 1};
GEMEL_INLINE __m256 abs_beside_products(__m256 a) {
  const std::uint32_t* bits = float_magnitude;
  GEMEL_OPAQUE_POINTER(bits);  // otherwise Clang keeps them in a register, and that on the stack
  return _mm256_and_ps(a, _mm256_load_ps(reinterpret_cast<const float*>(bits)));
}
GEMEL_INLINE __m256d abs_beside_products(__m256d a) {
  const std::uint64_t* bits = double_magnitude;
  GEMEL_OPAQUE_POINTER(bits);
  return _mm256_and_pd(a, _mm256_load_pd(reinterpret_cast<const double*>(bits)));
}
GEMEL_INLINE __m256 truncate(__m256 a) { return _mm256_round_ps(a, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC); }
GEMEL_INLINE __m256d truncate(__m256d a) { return _mm256_round_pd(a, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC); }
GEMEL_INLINE void store_integers(std::int32_t* p, __m256 a) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm256_cvttps_epi32(a));
}
GEMEL_INLINE void store_integers(std::int32_t* p, __m256d a) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm256_cvttpd_epi32(a));
}
GEMEL_INLINE __m256 zero_if_less(__m256 a, __m256 b, __m256 v) {
  return _mm256_and_ps(_mm256_cmp_ps(a, b, _CMP_NLT_UQ), v);
}
GEMEL_INLINE __m256d zero_if_less(__m256d a, __m256d b, __m256d v) {
  return _mm256_and_pd(_mm256_cmp_pd(a, b, _CMP_NLT_UQ), v);
}
GEMEL_INLINE __m256 keep_if_positive(__m256 a, __m256 v) {
  return _mm256_and_ps(_mm256_cmp_ps(a, _mm256_setzero_ps(), _CMP_GT_OQ), v);
}
GEMEL_INLINE __m256d keep_if_positive(__m256d a, __m256d v) {
  return _mm256_and_pd(_mm256_cmp_pd(a, _mm256_setzero_pd(), _CMP_GT_OQ), v);
}
GEMEL_INLINE __m256 max_abs_of(__m256 a, __m256 b) {
  return _mm256_castsi256_ps(_mm256_max_epi32(_mm256_castps_si256(abs(a)), _mm256_castps_si256(abs(b))));
}
GEMEL_INLINE __m256d max_abs_of(__m256d a, __m256d b) {
  const __m256d x = abs(a), y = abs(b);
  return _mm256_blendv_pd(y, x,
                          _mm256_castsi256_pd(_mm256_cmpgt_epi64(_mm256_castpd_si256(x), _mm256_castpd_si256(y))));
}
// In assembly, so that GCC uses two registers for it. Left to itself, it would spill the sums of the loop before.
GEMEL_INLINE void include_magnitude(__m256& top, __m256 a) {
  asm volatile("vandps %2, %1, %1\n\tvpmaxsd %1, %0, %0" : "+x"(top), "+x"(a) : "m"(float_magnitude));
}
GEMEL_INLINE void include_magnitude(__m256d& top, __m256d a) {
  __m256d larger;
  asm volatile("vandpd %3, %1, %1\n\tvpcmpgtq %0, %1, %2\n\tvblendvpd %2, %1, %0, %0"
               : "+x"(top), "+x"(a), "=&x"(larger)
               : "m"(double_magnitude));
}
GEMEL_INLINE bool any_not_above(__m256 a, __m256 b) {
  return _mm256_movemask_ps(_mm256_cmp_ps(a, b, _CMP_NGT_UQ)) != 0;
}
GEMEL_INLINE bool any_not_above(__m256d a, __m256d b) {
  return _mm256_movemask_pd(_mm256_cmp_pd(a, b, _CMP_NGT_UQ)) != 0;
}

GEMEL_INLINE void multiply_words(__m256i a, std::uint32_t factor, __m256i& low, __m256i& high) {
  const __m256i f = _mm256_set1_epi32(static_cast<int>(factor));
  const __m256i even = _mm256_mul_epu32(a, f), odd = _mm256_mul_epu32(_mm256_srli_epi64(a, 32), f);
  low = _mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xaa);
  high = _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xaa);
}

GEMEL_INLINE void store_folded(float* p, __m256 v) {
  _mm_storeu_ps(p, _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1)));
}
GEMEL_INLINE void store_folded(double* p, __m256d v) {
  _mm_storeu_pd(p, _mm_add_pd(_mm256_castpd256_pd128(v), _mm256_extractf128_pd(v, 1)));
}

/// A lower half, and an upper half from memory. Broadcast and blend take no multiplier's turn, unlike an insertion.
GEMEL_INLINE __m256 join(__m128 low, const float* high) {
  const __m256 both = _mm256_broadcast_ps(reinterpret_cast<const __m128*>(high));
  return _mm256_blend_ps(_mm256_castps128_ps256(low), both, 0xf0);
}
GEMEL_INLINE __m256d join(__m128d low, const double* high) {
  const __m256d both = _mm256_broadcast_pd(reinterpret_cast<const __m128d*>(high));
  return _mm256_blend_pd(_mm256_castpd128_pd256(low), both, 0xc);
}

template <class Column>
GEMEL_INLINE void load_transposed(const Column& column, __m256 (&rows)[4]) {
  __m256 r[4];
  GEMEL_UNROLL for (int m = 0; m < 4; ++m) {  // half h of r[m] is from column m + 4 h
    r[m] = join(_mm_loadu_ps(column(m)), column(m + 4));
  }
  const __m256 low = _mm256_unpacklo_ps(r[0], r[1]), high = _mm256_unpackhi_ps(r[0], r[1]);
  const __m256 low2 = _mm256_unpacklo_ps(r[2], r[3]), high2 = _mm256_unpackhi_ps(r[2], r[3]);
  rows[0] = _mm256_shuffle_ps(low, low2, 0x44);
  rows[1] = _mm256_shuffle_ps(low, low2, 0xee);
  rows[2] = _mm256_shuffle_ps(high, high2, 0x44);
  rows[3] = _mm256_shuffle_ps(high, high2, 0xee);
}
template <class Column>
GEMEL_INLINE void load_transposed(const Column& column, __m256d (&rows)[2]) {
  __m256d r[2];
  GEMEL_UNROLL for (int m = 0; m < 2; ++m) { r[m] = join(_mm_loadu_pd(column(m)), column(m + 2)); }
  rows[0] = _mm256_unpacklo_pd(r[0], r[1]);
  rows[1] = _mm256_unpackhi_pd(r[0], r[1]);
}

GEMEL_INLINE void store_interleaved(float* p, __m256 a, __m256 b) {
  const __m256 low = _mm256_unpacklo_ps(a, b), high = _mm256_unpackhi_ps(a, b);
  store(p, _mm256_permute2f128_ps(low, high, 0x20));
  store(p + 8, _mm256_permute2f128_ps(low, high, 0x31));
}
GEMEL_INLINE void store_interleaved(double* p, __m256d a, __m256d b) {
  const __m256d low = _mm256_unpacklo_pd(a, b), high = _mm256_unpackhi_pd(a, b);
  store(p, _mm256_permute2f128_pd(low, high, 0x20));
  store(p + 4, _mm256_permute2f128_pd(low, high, 0x31));
}

}  // namespace gemel::kernel::avx2
