// What the packets of an instruction set must offer: the list for whoever adds one. The set's own file, packet_*.inl,
// defines all of it in the namespace GEMEL_SET; this file comes after it, so that the compiler checks the functions.
//
// Types
//   PacketOf<S>::type   A register's worth of float or double.
//   PacketOf<S>::size   Its number of lanes, at most 64 / sizeof(S).
//   PacketOf<S>::Mask   Selects the first lanes of a packet.
//
// Constants
//   tile_rows           The number of packets in a column of a tile, for products and gradients, and
//   tile_cols           the number of its columns. Its sums must stay in registers; tests/spills/run.sh checks it.
//   depth_unroll        Steps of the depth between two checks of a product's end.
//   interleaving        Whether parameters are updated between the steps of a gradient (fused_update.inl).
//
// Functions
//   The concepts below list them, for float and double. All of them are GEMEL_INLINE.
//   clear_wide_registers() clears registers beyond their first 16 bytes: values left there would slow down other code.

namespace gemel::kernel::GEMEL_SET {

/// The square root while the multipliers are busy. A set overloads it if its sqrt needs the multipliers.
template <class P>
GEMEL_INLINE P sqrt_beside_products(P a) {
  return sqrt(a);
}

/// The rows that transpose_strip reads: 16 bytes of each column.
template <class S>
inline constexpr int transpose_side = 16 / sizeof(S);

template <class S, class P = PacketOf<S>>
concept CompletePackets = requires(typename P::type a, typename P::type b, typename P::type c, typename P::Mask lanes,
                                   const S* from, S* to, S number, Index n) {
  requires 64 / sizeof(S) % P::size == 0;

  lanes = mask<S>(n);  // the first n lanes, 0 <= n <= size

  // Memory need not be aligned. With a mask only its lanes are read or written; the others are loaded as 0.
  a = load(from);
  a = load(from, lanes);
  store(to, a);
  store(to, a, lanes);
  a = broadcast(number);  // the number in all lanes

  // Arithmetic. Every result is rounded once, so that all sets have the same bits; only packets for processors that may
  // have no fused multiply-add round the product of fma and fnma too.
  a = add(a, b);
  a = sub(a, b);
  a = mul(a, b);
  a = div(a, b);
  a = fma(a, b, c);   // a b + c
  a = fnma(a, b, c);  // c - a b
  a = sqrt(a);
  a = sqrt_beside_products(a);
  a = abs(a);

  // Comparisons; those with NaN are false.
  a = max(a, b);               // a > b ? a : b
  a = zero_if_less(a, b, c);   // a < b ? 0 : c
  a = keep_if_positive(a, b);  // a > 0 ? b : 0
  a = max_abs_of(a, b);        // max(|a|, |b|) as integers of the same bits: numbers < infinity < NaN

  // Adds the upper half of the lanes to the lower half until 16 bytes are left, and stores those.
  store_folded(to, a);

  // transpose_strip(w, ldw, wt, ldt): wt(i, o) = w(o, i) for i < size, o < transpose_side<S>. The columns of w (one an
  // i) are ldw apart, those of wt (one an o) ldt.
  transpose_strip(from, n, to, n);
};

/// Features of either type are scaled in double.
template <class S>
concept ConvertedPackets = requires(typename PacketOf<double>::type a, const S* from, S* to) {
  a = load_doubles(from);  // as many numbers as a packet has doubles
  store_doubles(to, a);    // each rounded once
  a = min(a, a);           // a < b ? a : b
};

static_assert(CompletePackets<float> && CompletePackets<double> && ConvertedPackets<float> && ConvertedPackets<double>,
              "gemel: these packets do not offer all that core/kernel/packet.inl lists");

}  // namespace gemel::kernel::GEMEL_SET
