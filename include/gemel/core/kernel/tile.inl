// Helpers of the kernels that work in tiles: loads and stores of a column of packets, the last of which may be partial,
// and copies of columns and of their pointers.

namespace gemel::kernel::GEMEL_SET {

/// The mask of a packet's first `count` lanes, or of all lanes if count is larger.
template <Scalar S>
GEMEL_INLINE typename PacketOf<S>::Mask first_lanes(Index count) {
  return mask<S>(count < PacketOf<S>::size ? count : PacketOf<S>::size);
}

/// Loads packet i of the M packets at `from`. If Masked, the last packet has only the lanes in `last`.
template <bool Masked, int M, Scalar S>
GEMEL_INLINE typename PacketOf<S>::type load_row(const S* from, int i,
                                                 [[maybe_unused]] typename PacketOf<S>::Mask last) {
  constexpr int size = PacketOf<S>::size;
  if constexpr (Masked) {
    if (i == M - 1) return load(from + i * size, last);
  }
  return load(from + i * size);
}
/// Stores packet i of the M packets at `to`, with the same meaning of Masked and `last`.
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

/// The number of rows of a panel: those of a tile.
template <Scalar S>
inline constexpr Index panel_height = tile_rows* PacketOf<S>::size;

/// The part of a gradient whose parameters are updated by interleaved tiles: some rows and columns, from the first on.
struct TiledPart {
  Index rows = 0, cols = 0;
};

/// How the columns of such a part are divided. First come whole tiles, then narrow tiles of four columns. If two
/// columns would be left, the last whole tile and these two become two narrow tiles. One or three columns may remain.
struct TiledColumns {
  static constexpr int narrow = 4;
  Index wide, end;  ///< where the whole tiles end, and the narrow ones

  GEMEL_INLINE explicit TiledColumns(Index cols)
      : wide(cols - cols % tile_cols - (cols % tile_cols == 2 && cols > 2 ? tile_cols : 0)),
        end(wide + (cols - wide) / narrow * narrow) {}
};

/// The number of values that fit into a cache of 512 KB. A larger matrix is processed in blocks.
template <Scalar S>
inline constexpr Index cache_size = (Index{1} << 19) / static_cast<Index>(sizeof(S));

/// Copies `cols` columns of `rows` values to `panel`. The columns are ld values apart, and in `panel` the height of a
/// tile apart; rows must not exceed that height.
template <Scalar S>
GEMEL_NOINLINE void copy_panel(const S* from, Index ld, Index rows, Index cols, S* panel) {
  constexpr Index size = PacketOf<S>::size;
  if (rows == panel_height<S>) {
    for (Index k = 0; k < cols; ++k, from += ld, panel += panel_height<S>) {
      __builtin_prefetch(from + 8 * ld);
      GEMEL_UNROLL for (int i = 0; i < tile_rows; ++i) store(panel + i * size, load(from + i * size));
    }
    return;
  }
  for (Index k = 0; k < cols; ++k, from += ld, panel += panel_height<S>) {
    for (Index i = 0; i < rows; i += size) store(panel + i, load(from + i, first_lanes<S>(rows - i)));
  }
}

}  // namespace gemel::kernel::GEMEL_SET
