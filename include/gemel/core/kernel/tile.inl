// What the kernels that work in tiles of packets x columns share: access to rows of packets, of which the last may be
// partial, and to columns by their pointers.

namespace gemel::kernel::GEMEL_SET {

/// The mask of a packet's first `count` lanes, or of all of them.
template <Scalar S>
GEMEL_INLINE typename PacketOf<S>::Mask first_lanes(Index count) {
  return mask<S>(count < PacketOf<S>::size ? count : PacketOf<S>::size);
}

/// Packet i of M. Masked: the last one has only the lanes `last`.
template <bool Masked, int M, Scalar S>
GEMEL_INLINE typename PacketOf<S>::type load_row(const S* from, int i,
                                                 [[maybe_unused]] typename PacketOf<S>::Mask last) {
  constexpr int size = PacketOf<S>::size;
  if constexpr (Masked) {
    if (i == M - 1) return load(from + i * size, last);
  }
  return load(from + i * size);
}
template <bool Masked, int M, Scalar S>
GEMEL_INLINE void store_row(S* to, int i, typename PacketOf<S>::type v,
                            [[maybe_unused]] typename PacketOf<S>::Mask last) {
  constexpr int size = PacketOf<S>::size;
  if constexpr (Masked) {
    if (i == M - 1) return store(to + i * size, v, last);
  }
  store(to + i * size, v);
}

/// to[j] = from[j] + offset.
template <Scalar S>
GEMEL_NOINLINE void move_pointers(const S* const* from, Index count, Index offset, const S** to) {
  for (Index j = 0; j < count; ++j) to[j] = from[j] + offset;
}

/// Numbers that fit the cache, 512 KB: it pays to process a larger matrix in blocks.
template <Scalar S>
inline constexpr Index cache_size = (Index{1} << 19) / static_cast<Index>(sizeof(S));

/// Copies `cols` columns of `rows` elements, ld apart, to the columns of `panel`, which are the height of a tile apart.
/// rows must not exceed that height.
template <Scalar S>
GEMEL_NOINLINE void copy_panel(const S* from, Index ld, Index rows, Index cols, S* panel) {
  constexpr Index size = PacketOf<S>::size, height = tile_rows * size;
  for (Index k = 0; k < cols; ++k, from += ld, panel += height) {
    for (Index i = 0; i < rows; i += size) store(panel + i, load(from + i, first_lanes<S>(rows - i)));
  }
}

}  // namespace gemel::kernel::GEMEL_SET
