// What packet/portable.inl and packet/neon.inl have in common: packets of 16 bytes in the vector types that GCC and
// Clang share. They compile to SSE2, NEON, or other instructions if the processor has no such registers.
// packet/requirements.inl says what the functions do.

namespace gemel::kernel::GEMEL_SET {

template <class S>
struct PacketOf {
  using type [[gnu::vector_size(16)]] = S;
  using Unaligned [[gnu::vector_size(16), gnu::aligned(sizeof(S)), gnu::may_alias]] = S;
  using Words [[gnu::vector_size(16)]] = std::uint32_t;
  using Mask = Index;  // the number of lanes
  static constexpr int size = 16 / sizeof(S);
};
using Floats = PacketOf<float>::type;
using Doubles = PacketOf<double>::type;
using WordBits = PacketOf<float>::Words;
using FloatBits [[gnu::vector_size(16)]] = std::int32_t;
using DoubleBits [[gnu::vector_size(16)]] = std::int64_t;

inline constexpr int depth_unroll = 1;
inline constexpr bool copies_panels = false;
inline constexpr bool interleaving = false;
inline constexpr bool packs_batch = false;

GEMEL_INLINE void clear_wide_registers() {}  // no register is wider than 16 bytes

GEMEL_INLINE void multiply_words(WordBits a, std::uint32_t factor, WordBits& low, WordBits& high) {
  GEMEL_UNROLL for (int l = 0; l < 4; ++l) {
    const std::uint64_t product = std::uint64_t{a[l]} * factor;
    low[l] = static_cast<std::uint32_t>(product);
    high[l] = static_cast<std::uint32_t>(product >> 32);
  }
}

template <class S>
GEMEL_INLINE Index mask(Index count) {
  return count;
}

template <class S>
GEMEL_INLINE typename PacketOf<S>::type load(const S* p) {
  return *reinterpret_cast<const typename PacketOf<S>::Unaligned*>(p);
}
/// Loads the first `count` lanes. This function and store_part are not inlined, because they have a branch per lane,
/// which takes long to compile in every place that uses them.
template <class S>
GEMEL_NOINLINE typename PacketOf<S>::type load_part(const S* p, Index count) {
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
GEMEL_NOINLINE void store_part(S* p, P v, Index count) {
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
template <class S>
GEMEL_INLINE Doubles load_doubles(const S* p) {
  return Doubles{static_cast<double>(p[0]), static_cast<double>(p[1])};
}
template <class S>
GEMEL_INLINE void store_doubles(S* p, Doubles v) {
  p[0] = static_cast<S>(v[0]);
  p[1] = static_cast<S>(v[1]);
}
template <class P>
GEMEL_INLINE P max(P a, P b) {
  return a > b ? a : b;
}
template <class P>
GEMEL_INLINE P min(P a, P b) {
  return a < b ? a : b;
}
GEMEL_INLINE Floats truncate(Floats a) {
  return __builtin_convertvector(__builtin_convertvector(a, FloatBits), Floats);
}
GEMEL_INLINE Doubles truncate(Doubles a) {
  return __builtin_convertvector(__builtin_convertvector(a, DoubleBits), Doubles);
}
template <class P>
GEMEL_INLINE void store_integers(std::int32_t* p, P a) {
  for (std::size_t i = 0; i < sizeof(P) / sizeof(a[0]); ++i) p[i] = static_cast<std::int32_t>(a[i]);
}
GEMEL_INLINE Floats abs(Floats a) { return (Floats)((FloatBits)a & 0x7fffffff); }
GEMEL_INLINE Doubles abs(Doubles a) { return (Doubles)((DoubleBits)a & 0x7fffffffffffffff); }
template <class P>
GEMEL_INLINE P zero_if_less(P a, P b, P v) {
  return a < b ? P{} : v;
}
template <class P>
GEMEL_INLINE P keep_if_positive(P a, P v) {
  return a > P{} ? v : P{};
}
GEMEL_INLINE Floats max_abs_of(Floats a, Floats b) {
  const auto x = (FloatBits)abs(a), y = (FloatBits)abs(b);
  return (Floats)(x > y ? x : y);
}
GEMEL_INLINE Doubles max_abs_of(Doubles a, Doubles b) {
  const auto x = (DoubleBits)abs(a), y = (DoubleBits)abs(b);
  return (Doubles)(x > y ? x : y);
}
template <class P>
GEMEL_INLINE void include_magnitude(P& top, P a) {
  top = max_abs_of(top, a);
}
template <class P>
GEMEL_INLINE bool any_not_above(P a, P b) {
  const auto above = (DoubleBits)(a > b);
  return (above[0] & above[1]) != -1;
}

template <class S, class P>
GEMEL_INLINE void store_folded(S* p, P v) {
  store(p, v);
}

template <class Column>
GEMEL_INLINE void load_transposed(const Column& column, Floats (&rows)[4]) {
  const Floats a = load(column(0)), b = load(column(1)), c = load(column(2)), d = load(column(3));
  const Floats low = __builtin_shufflevector(a, b, 0, 4, 1, 5), high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  const Floats low2 = __builtin_shufflevector(c, d, 0, 4, 1, 5), high2 = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  rows[0] = __builtin_shufflevector(low, low2, 0, 1, 4, 5);
  rows[1] = __builtin_shufflevector(low, low2, 2, 3, 6, 7);
  rows[2] = __builtin_shufflevector(high, high2, 0, 1, 4, 5);
  rows[3] = __builtin_shufflevector(high, high2, 2, 3, 6, 7);
}
template <class Column>
GEMEL_INLINE void load_transposed(const Column& column, Doubles (&rows)[2]) {
  const Doubles a = load(column(0)), b = load(column(1));
  rows[0] = __builtin_shufflevector(a, b, 0, 2);
  rows[1] = __builtin_shufflevector(a, b, 1, 3);
}

GEMEL_INLINE void store_interleaved(float* p, Floats a, Floats b) {
  store(p, __builtin_shufflevector(a, b, 0, 4, 1, 5));
  store(p + 4, __builtin_shufflevector(a, b, 2, 6, 3, 7));
}
GEMEL_INLINE void store_interleaved(double* p, Doubles a, Doubles b) {
  store(p, __builtin_shufflevector(a, b, 0, 2));
  store(p + 2, __builtin_shufflevector(a, b, 1, 3));
}

}  // namespace gemel::kernel::GEMEL_SET
