// Standard normal numbers in bulk, with the same bits for every instruction set: integers, and float arithmetic in
// which every operation is rounded once. Products are kept apart from sums, because a processor may lack a fused
// multiply-add. first_lanes is in tile.inl.
//
// Sixteen blocks of Philox4x32-10 (core/random.hpp) give a group of 64 numbers. Block l of a group gives the numbers l,
// 16 + l, 32 + l and 48 + l: its first two words give the first two, its other words the other two. So no packet needs
// to be transposed, and the order does not depend on the packets' size.

namespace gemel::kernel::GEMEL_SET {

inline constexpr Index normal_group = 64;

using FloatPacket = PacketOf<float>::type;
using PacketWords = PacketOf<float>::Words;
using Words [[gnu::vector_size(sizeof(FloatPacket))]] = std::uint32_t;
using SignedWords [[gnu::vector_size(sizeof(FloatPacket))]] = std::int32_t;

/// A product that is rounded before anything is added to it.
template <class P>
GEMEL_INLINE P rounded_product(P a, P b) {
  P product = mul(a, b);
  GEMEL_ROUND_PACKET(product);
  return product;
}

/// c[0] + c[1] x + c[2] x^2 + …
template <std::size_t N>
GEMEL_INLINE FloatPacket polynomial(const float (&c)[N], FloatPacket x) {
  FloatPacket sum = broadcast(c[N - 1]);
  GEMEL_UNROLL for (int i = static_cast<int>(N) - 2; i >= 0; --i) sum = add(rounded_product(sum, x), broadcast(c[i]));
  return sum;
}

/// Signed integers as floats, rounded to the nearest.
GEMEL_INLINE FloatPacket to_floats(Words w) {
  using Converted [[gnu::vector_size(sizeof(FloatPacket))]] = float;
  return (FloatPacket) __builtin_convertvector((SignedWords)w, Converted);
}

/// The words of the Philox blocks in `c`, which holds the counters.
GEMEL_INLINE void philox(Words (&c)[4], std::uint64_t seed) {
  auto key_0 = static_cast<std::uint32_t>(seed), key_1 = static_cast<std::uint32_t>(seed >> 32);
  GEMEL_UNROLL for (int round = 0; round < 10; ++round) {
    PacketWords low_0, high_0, low_2, high_2;
    multiply_words((PacketWords)c[0], 0xD2511F53, low_0, high_0);
    multiply_words((PacketWords)c[2], 0xCD9E8D57, low_2, high_2);
    c[0] = (Words)high_2 ^ c[1] ^ key_0;
    c[1] = (Words)low_2;
    c[2] = (Words)high_0 ^ c[3] ^ key_1;
    c[3] = (Words)low_0;
    key_0 += 0x9E3779B9;
    key_1 += 0xBB67AE85;
  }
}

/// sqrt(-2 log u), where u = (w >> 1) 2^-31 + 2^-32, rounded to float, is uniform in (0, 1]. The logarithm is that of
/// portable_log (core/arithmetic.hpp) in float.
GEMEL_INLINE FloatPacket radius(Words w) {
  const FloatPacket u = add(rounded_product(to_floats(w >> 1), broadcast(0x1p-31F)), broadcast(0x1p-32F));
  const auto bits = (Words)u;
  const auto exponent =
      (Words)((SignedWords)(bits - 0x3f3504f3U) >> 23);  // u = 2^exponent m, m in [sqrt(1/2), sqrt(2))
  const FloatPacket f = sub((FloatPacket)(bits - (exponent << 23)), broadcast(1.0F));  // m - 1
  const FloatPacket s = div(f, add(f, broadcast(2.0F))), square = rounded_product(s, s);
  static constexpr float artanh[] = {1.0F / 3, 1.0F / 5, 1.0F / 7, 1.0F / 9};
  const FloatPacket rest = rounded_product(s, rounded_product(square, polynomial(artanh, square)));
  const FloatPacket half_log_m = add(s, rest), log_m = add(half_log_m, half_log_m);
  const FloatPacket whole = rounded_product(to_floats(exponent), broadcast(-0x1.62e42ep+0F));  // -2 log 2 exponent
  return sqrt(sub(whole, add(log_m, log_m)));
}

/// cos and sin of w 2^-32 turns. The angle is reduced exactly to an eighth of a turn, as in cos_of_turns.
GEMEL_INLINE void cos_and_sin(Words w, FloatPacket& cosine, FloatPacket& sine) {
  const Words quarter = w + 0x20000000U;  // its upper two bits are the number of the nearest quarter
  const FloatPacket x = rounded_product(to_floats(w - (quarter & 0xC0000000U)), broadcast(0x1.921fb6p-30F));
  const FloatPacket square = rounded_product(x, x);
  static constexpr float cosines[] = {1.0F, -1.0F / 2, 1.0F / 24, -1.0F / 720, 1.0F / 40320};
  static constexpr float sines[] = {-1.0F / 6, 1.0F / 120, -1.0F / 5040, 1.0F / 362880};
  const auto c = (Words)polynomial(cosines, square);
  const auto s = (Words)add(x, rounded_product(x, rounded_product(square, polynomial(sines, square))));
  const Words swap = (c ^ s) & (Words)((SignedWords)(quarter << 1) >> 31);  // in the odd quarters
  cosine = (FloatPacket)(c ^ swap ^ ((quarter + 0x40000000U) & 0x80000000U));
  sine = (FloatPacket)(s ^ swap ^ (quarter & 0x80000000U));
}

/// Two normal numbers per lane from two words (Box and Muller: A note on the generation of random normal deviates,
/// 1958).
GEMEL_INLINE void store_normals(Words radius_word, Words angle_word, float* first, float* second) {
  FloatPacket cosine, sine;
  cos_and_sin(angle_word, cosine, sine);
  const FloatPacket r = radius(radius_word);
  store(first, rounded_product(r, cosine));
  store(second, rounded_product(r, sine));
}

/// The 64 numbers of one group.
GEMEL_NOINLINE void normal_numbers(std::uint64_t seed, std::uint64_t stream, std::uint64_t group, float* z) {
  constexpr Index blocks = 16, size = PacketOf<float>::size;
  const std::uint64_t first = group * std::uint64_t{blocks};
  const Words zero = {};
  Words lane;
  for (int l = 0; l < size; ++l) lane[l] = static_cast<std::uint32_t>(l);
  for (Index block = 0; block < blocks; block += size) {  // adding to the low word cannot overflow it
    Words c[4] = {lane + (static_cast<std::uint32_t>(first) + static_cast<std::uint32_t>(block)),
                  zero + static_cast<std::uint32_t>(first >> 32), zero + static_cast<std::uint32_t>(stream),
                  zero + static_cast<std::uint32_t>(stream >> 32)};
    philox(c, seed);
    store_normals(c[0], c[1], z + block, z + blocks + block);
    store_normals(c[2], c[3], z + 2 * blocks + block, z + 3 * blocks + block);
  }
}

/// Loads a packet of S from floats.
template <Scalar S>
GEMEL_INLINE typename PacketOf<S>::type load_normals(const float* z) {
  if constexpr (sizeof(S) == sizeof(float)) {
    return load(z);
  } else {
    return load_doubles(z);
  }
}

template <Scalar S>
GEMEL_TARGET inline void add_normal(const NormalNoise<S>& p) {
  constexpr Index size = PacketOf<S>::size;
  const auto scale = broadcast(p.scale);
  float z[normal_group];
  for (Index first = 0; first < p.n; first += normal_group) {
    normal_numbers(p.seed, p.stream, static_cast<std::uint64_t>(first / normal_group), z);
    const Index end = p.n - first < normal_group ? p.n : first + normal_group;
    for (Index i = first; i < end; i += size) {
      const auto lanes_left = first_lanes<S>(end - i);
      auto noise = rounded_product(scale, load_normals<S>(z + (i - first)));
      if (p.x != nullptr) noise = add(load(p.x + i, lanes_left), noise);
      store(p.y + i, noise, lanes_left);
    }
  }
}

}  // namespace gemel::kernel::GEMEL_SET
