// The largest magnitude of some values, where NaN counts as larger than infinity (see max_abs_of in
// packet/requirements.inl).

namespace gemel::kernel::GEMEL_SET {

/// The largest magnitude so far, in each lane of a packet. It is in memory, because a tile needs the registers.
template <Scalar S>
struct LargestInLanes {
  alignas(64) S lanes[PacketOf<S>::size] = {};

  GEMEL_INLINE void include(typename PacketOf<S>::type a) { store(lanes, max_abs_of(load(lanes), a)); }
  GEMEL_INLINE S largest() const {
    using Bits = std::conditional_t<sizeof(S) == 4, std::int32_t, std::int64_t>;
    Bits max_bits = 0;
    for (const S value : lanes) {
      const Bits bits = std::bit_cast<Bits>(value);
      max_bits = bits > max_bits ? bits : max_bits;
    }
    return std::bit_cast<S>(max_bits);
  }
};

/// Includes n values of each of `cols` columns.
template <Scalar S>
GEMEL_NOINLINE void include_columns(const S* const* columns, Index n, Index cols, LargestInLanes<S>& top) {
  using P = typename PacketOf<S>::type;
  constexpr Index size = PacketOf<S>::size;
  P largest[4];
  GEMEL_UNROLL for (int r = 0; r < 4; ++r) largest[r] = broadcast(S{0});
  for (Index j = 0; j < cols; ++j) {
    const S* x = columns[j];
    Index i = 0;
    for (; i + 4 * size <= n; i += 4 * size) {
      GEMEL_UNROLL for (int r = 0; r < 4; ++r) largest[r] = max_abs_of(largest[r], load(x + i + r * size));
    }
    for (; i + size <= n; i += size) largest[1] = max_abs_of(largest[1], load(x + i));
    if (i < n) largest[2] = max_abs_of(largest[2], load(x + i, mask<S>(n - i)));
  }
  top.include(max_abs_of(max_abs_of(largest[0], largest[1]), max_abs_of(largest[2], largest[3])));
}

/// The largest |x_j(i)|.
template <Scalar S>
GEMEL_TARGET inline S max_abs(const S* const* columns, Index n, Index cols) {
  LargestInLanes<S> top;
  include_columns(columns, n, cols, top);
  return top.largest();
}

}  // namespace gemel::kernel::GEMEL_SET
