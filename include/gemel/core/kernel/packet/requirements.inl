// A list of what an instruction set must offer to the kernels. The set's own file, packet/*.inl, defines all of it in
// the namespace GEMEL_SET. This file is included after it, so that the compiler checks the functions.
//
// Types
//   PacketOf<S>::type   A register's worth of float or double.
//   PacketOf<S>::size   Its number of lanes, a divisor of 64 / sizeof(S), known at compile time.
//   PacketOf<S>::Mask   Selects the first lanes of a packet.
//   PacketOf<float>::Words   A packet of floats as unsigned integers of 32 bits, for random numbers (normal.inl).
//
// Constants
//   tile_rows           The number of packets in each column of a tile, for products and gradients.
//   tile_cols           The number of columns of a tile. tile_rows x tile_cols sums must stay in registers;
//                       tests/spills/run.sh checks it.
//   depth_unroll        How many steps of the depth a product makes per iteration of its inner loop.
//   copies_panels       Whether each product with more than a few columns copies A, a panel at a time
//                       (product_blocks.inl); otherwise only a product whose A does not fit into the cache does.
//   interleaving        Whether parameters are updated between the multiplications of a gradient (fused_update.inl).
//   packs_batch         Whether these gradients copy the batch first (packed_tiles.inl) or read it where it is
//                       (tiles_in_place.inl).
//
// Functions
//   The concepts below list them, for float and double. All of them are GEMEL_INLINE.
//   clear_wide_registers() clears the part of each register beyond its first 16 bytes: values left there would slow
//   down other code.

namespace gemel::kernel::GEMEL_SET {

/// The square root, for use while the multipliers are busy. A set whose sqrt needs the multipliers overloads it.
template <class P>
GEMEL_INLINE P sqrt_beside_products(P a) {
  return sqrt(a);
}

/// |a|, for use while registers are scarce. A set whose abs needs a constant overloads it.
template <class P>
GEMEL_INLINE P abs_beside_products(P a) {
  return abs(a);
}

/// The number of values in 16 bytes, which load_transposed reads of each column.
template <class S>
inline constexpr int transpose_side = 16 / sizeof(S);

/// The columns of a matrix that begin `stride` values apart, as an argument of load_transposed.
template <class S>
struct EvenColumns {
  const S* first;
  Index stride;
  GEMEL_INLINE const S* operator()(int i) const { return first + i * stride; }
};

template <class S, class P = PacketOf<S>>
concept CompletePackets = requires(typename P::type a, typename P::type b, typename P::type c, typename P::Mask lanes,
                                   typename P::type (&rows)[transpose_side<S>], const S* from, S* to, S number, Index n,
                                   std::int32_t* integers) {
  requires 64 / sizeof(S) % P::size == 0;

  lanes = mask<S>(n);  // the first n lanes, 0 <= n <= size

  // Memory need not be aligned. With a mask, only the lanes in the mask are read or written; the others are loaded as
  // 0.
  a = load(from);
  a = load(from, lanes);
  store(to, a);
  store(to, a, lanes);
  a = broadcast(number);  // the number in all lanes

  // Arithmetic. Every result is rounded once, so that all sets give the same bits. Only packets for processors that may
  // lack a fused multiply-add round the product in fma and fnma too.
  a = add(a, b);
  a = sub(a, b);
  a = mul(a, b);
  a = div(a, b);
  a = fma(a, b, c);     // a b + c
  a = fnma(a, b, c);    // c - a b
  accumulate(c, a, b);  // c = fma(a, b, c), for the sums of a tile
  a = sqrt(a);
  a = sqrt_beside_products(a);
  a = abs_beside_products(a);
  a = abs(a);

  // Selections. A comparison with NaN is false.
  a = max(a, b);               // a > b ? a : b
  a = min(a, b);               // a < b ? a : b
  a = zero_if_less(a, b, c);   // a < b ? 0 : c
  a = keep_if_positive(a, b);  // a > 0 ? b : 0
  include_magnitude(a, b);     // a = max_abs_of(a, b) for a >= 0, and for use after a loop that needs all registers
  a = max_abs_of(a, b);        // max(|a|, |b|), compared as integers with the same bits: numbers < infinity < NaN

  { any_not_above(a, b) } -> std::same_as<bool>;  // whether a(i) <= b(i) for some lane i; NaN in a lane counts as true

  // Adds the upper half of the lanes to the lower half until 16 bytes remain, and stores them.
  store_folded(to, a);

  // Whole numbers, for 0 <= a < 2^31.
  a = truncate(a);              // the largest whole number that is not above a
  store_integers(integers, a);  // the same, as `size` integers

  // Lane i of rows[o] is column(i)[o], for i < size and o < transpose_side<S>.
  load_transposed(EvenColumns<S>{from, n}, rows);
  store_interleaved(to, a, b);  // a[0], b[0], a[1], b[1], …
};

/// Conversions, because features of both types are scaled in double.
template <class S>
concept ConvertedPackets = requires(typename PacketOf<double>::type a, const S* from, S* to) {
  a = load_doubles(from);  // converts as many numbers as a packet has doubles
  store_doubles(to, a);    // rounds each number once
};

/// Integers, for random numbers. All else that normal.inl does with them are operators of vector types.
template <class P>
concept CompleteWords = requires(typename P::Words a, typename P::Words low, typename P::Words high,
                                 std::uint32_t factor) {
  requires sizeof(typename P::Words) == sizeof(typename P::type);
  multiply_words(a, factor, low, high);  // the lower and the upper 32 bits of each product
};

static_assert(CompletePackets<float> && CompletePackets<double> && ConvertedPackets<float> &&
                  ConvertedPackets<double> && CompleteWords<PacketOf<float>>,
              "gemel: these packets do not offer all that core/kernel/packet/requirements.inl lists");

}  // namespace gemel::kernel::GEMEL_SET
