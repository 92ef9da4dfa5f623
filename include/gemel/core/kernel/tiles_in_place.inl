// The tiles of a fused update, computed from the batch where it is. While one tile's gradient is computed, the
// parameters of the tile before it are updated (waiting_tile.inl).

namespace gemel::kernel::GEMEL_SET {

/// Computes the gradient of a tile of N columns, and meanwhile updates the waiting columns. Then the tile waits. The
/// depth must be at least tile_rows * waiting.columns.
template <int N, class Rule, Scalar S>
GEMEL_INLINE void interleaved_tile(const Gradient<S>& p, Index row, Index col, const S* const* x, Index first,
                                   WaitingTile<Rule, S>& waiting) {
  using P = typename PacketOf<S>::type;
  constexpr int M = tile_rows;
  constexpr typename PacketOf<S>::Mask all{};
  P sum[N][M];
  GEMEL_UNROLL for (int j = 0; j < N; ++j) { GEMEL_UNROLL for (int i = 0; i < M; ++i) sum[j][i] = broadcast(S{0}); }
  UpdateCursor<Rule, S> cursor(waiting);
  Index k = 0;
  // The update of a packet keeps the divider busy for as long as two or three columns of the batch keep the multipliers
  // busy, so up to three columns are multiplied per update.
  const Index turns = waiting.columns * M;
  const Index pace = p.depth < 2 * turns ? 1 : p.depth < 3 * turns ? 2 : 3;
  for (Index q = waiting.columns; q > 0; --q) {
    GEMEL_UNROLL for (int i = 0; i < M; ++i) {
      for (const Index next = k + pace; k < next; ++k) {
        add_column<false, M, N, S>(sum, p.d[k] + row, x[k] + first, all);
      }
      // The sums must be computed before the update: Clang would postpone them, and spill registers.
      GEMEL_UNROLL for (int j = 0; j < N; ++j) {
        GEMEL_UNROLL for (int r = 0; r < M; ++r) GEMEL_OPAQUE_PACKET(sum[j][r]);
      }
      cursor.end(i);
      cursor.template begin<true>(i);
    }
    cursor.next(waiting.ld);
  }
  for (; k < p.depth; ++k) add_column<false, M, N, S>(sum, p.d[k] + row, x[k] + first, all);
  waiting.pass(cursor);
  waiting.accept(sum, col * p.rows + row);
}

/// A copy of the rows of X that some tiles need: tile after tile, and within a tile one column of the batch after the
/// other. Without the copy, each panel would load these rows from memory again, with one cache line per column.
template <Scalar S>
struct PackedRows {
  static constexpr Index max_depth = 1024;  // the largest number of columns of the batch
  static constexpr Index capacity = (Index{48} << 10) / static_cast<Index>(sizeof(S));
  const S* x[max_depth];
  S values[capacity];

  /// Whether packing takes less time than it saves.
  static bool pays(const Gradient<S>& p, Index panels) {
    return panels >= 4 && p.depth >= 128 && p.depth <= max_depth && p.depth * tile_cols <= capacity;
  }
  /// The number of tiles that fit if the batch has `depth` columns.
  static Index tiles(Index depth) { return capacity / (depth * tile_cols); }

  /// Packs the rows of `count` tiles, beginning at row `first`. The rows of tile t begin at x_k[t * depth * tile_cols].
  GEMEL_INLINE void pack(const Gradient<S>& p, Index first, Index count) {
    constexpr Index ahead = 8;  // how many columns ahead to prefetch
    const Index stride = p.depth * tile_cols;
    for (Index k = 0; k < p.depth; ++k) {
      S* to = values + k * tile_cols;
      x[k] = to;
      const S* from = p.x[k] + first;
      if (k + ahead < p.depth) {
        const S* later = p.x[k + ahead] + first;
        for (Index i = 0; i < count * tile_cols; i += 64 / static_cast<Index>(sizeof(S))) __builtin_prefetch(later + i);
      }
      for (Index t = 0; t < count; ++t, to += stride, from += tile_cols) {
        GEMEL_UNROLL for (int j = 0; j < tile_cols; ++j) to[j] = from[j];
      }
    }
  }
};

/// Computes the tiles of N columns from col to end - 1 in the panel of rows that begins at `row`. Their rows of X begin
/// at x_k[first].
template <int N, class Rule, Scalar S>
GEMEL_NOINLINE void interleaved_panel(const Gradient<S>& p, Index row, Index col, Index end, const S* const* x,
                                      Index first, WaitingTile<Rule, S>& waiting) {
  const bool out_of_cache = p.rows * p.cols > cache_size<S>;
  for (; col < end; col += N, first += N) {
    if (p.depth < tile_rows * waiting.columns) update_columns(waiting);
    interleaved_tile<N>(p, row, col, x, first, waiting);
    if (out_of_cache) fetch_parameters(waiting);
  }
}

/// Updates the first `rows` rows, which are whole panels, except for the columns that do not fill a tile.
template <class Rule, Scalar S>
GEMEL_NOINLINE TiledPart update_tiles_in_place(const Gradient<S>& p, Index rows, const Update<Rule, S>& u) {
  const TiledColumns cols(p.cols);
  WaitingTile<Rule, S> waiting(u, p.rows);
  if (PackedRows<S>::pays(p, rows / panel_height<S>)) {
    PackedRows<S> packed;
    const Index block = PackedRows<S>::tiles(p.depth) * tile_cols;
    for (Index begin = 0; begin < cols.wide; begin += block) {
      const Index end = begin + block < cols.wide ? begin + block : cols.wide;
      packed.pack(p, p.first + begin, (end - begin) / tile_cols);
      for (Index col = begin; col < end; col += tile_cols) {
        for (Index row = 0; row < rows; row += panel_height<S>) {
          interleaved_panel<tile_cols>(p, row, col, col + tile_cols, packed.x, (col - begin) * p.depth, waiting);
        }
      }
    }
  } else {
    // So few columns at a time that their rows of X stay in the cache for all panels.
    constexpr Index block = Index{8} * tile_cols;
    for (Index col = 0; col < cols.wide; col += block) {
      const Index end = col + block < cols.wide ? col + block : cols.wide;
      for (Index row = 0; row < rows; row += panel_height<S>) {
        interleaved_panel<tile_cols>(p, row, col, end, p.x, p.first + col, waiting);
      }
    }
  }
  for (Index row = 0; row < rows; row += panel_height<S>) {
    interleaved_panel<TiledColumns::narrow>(p, row, cols.wide, cols.end, p.x, p.first + cols.wide, waiting);
  }
  finish(waiting);
  return {rows, cols.end};
}

}  // namespace gemel::kernel::GEMEL_SET
