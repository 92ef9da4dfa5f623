// The tiles of a fused update, computed from a copy of the batch in contiguous memory: a panel of rows of D, and the
// rows of X for as many tiles as fit into the cache. Without the copy, a panel of D would share few sets of the cache,
// and each panel would load the rows of X from memory again, with one cache line per column.

namespace gemel::kernel::GEMEL_SET {

/// The number of columns of the batch that are multiplied per update of a packet: the update of a packet keeps the
/// divider busy for as long as these keep the multipliers busy.
inline constexpr int update_pace = 5;

/// The size of the copy of X.
template <Scalar S>
inline constexpr Index packed_values = (Index{192} << 10) / static_cast<Index>(sizeof(S));

/// Copies a panel of D, one column of the batch after the other, and computes the sum of these columns.
template <Scalar S>
GEMEL_NOINLINE void pack_panel(const Gradient<S>& p, Index row, S* panel, S* sum_of_columns) {
  using P = typename PacketOf<S>::type;
  constexpr Index size = PacketOf<S>::size, ahead = 8;  // how many columns ahead to prefetch
  P sum[tile_rows];
  GEMEL_UNROLL for (int i = 0; i < tile_rows; ++i) sum[i] = broadcast(S{0});
  for (Index k = 0; k < p.depth; ++k) {
    const S* from = p.d[k] + row;
    __builtin_prefetch(p.d[k + ahead < p.depth ? k + ahead : k] + row);
    GEMEL_UNROLL for (int i = 0; i < tile_rows; ++i, panel += size) {
      const P v = load(from + i * size);
      sum[i] = add(sum[i], v);
      store(panel, v);
    }
  }
  GEMEL_UNROLL for (int i = 0; i < tile_rows; ++i) store(sum_of_columns + i * size, sum[i]);
}

/// Adds one column of the batch to a tile's sums, and moves on to the next.
template <int M, int N, Scalar S>
GEMEL_INLINE void add_packed(typename PacketOf<S>::type (&sum)[N][M], const S*& d, const S*& x) {
  add_column<false, M, N, S>(sum, d, x, typename PacketOf<S>::Mask{});
  d += M * PacketOf<S>::size;
  x += N;
  // The sums must be computed before what follows: compilers would postpone them, and spill registers.
  GEMEL_UNROLL for (int j = 0; j < N; ++j) { GEMEL_UNROLL for (int i = 0; i < M; ++i) GEMEL_OPAQUE_PACKET(sum[j][i]); }
}

/// Computes the gradient of a tile of N columns, and meanwhile updates the waiting columns. Then the tile waits. The
/// depth must be at least update_pace * tile_rows * waiting.columns.
template <int N, class Rule, Scalar S>
GEMEL_INLINE void packed_tile(const S* d, const S* x, Index depth, Index offset, WaitingTile<Rule, S>& waiting) {
  using P = typename PacketOf<S>::type;
  constexpr int M = tile_rows;
  P sum[N][M];
  GEMEL_UNROLL for (int j = 0; j < N; ++j) { GEMEL_UNROLL for (int i = 0; i < M; ++i) sum[j][i] = broadcast(S{0}); }
  UpdateCursor<Rule, S> cursor(waiting);
  Index left = depth, ahead = offset;
  for (Index q = waiting.columns; q > 0; --q, ahead += waiting.ld) {
    waiting.fetch(ahead);  // the tile's own parameters
    GEMEL_UNROLL for (int i = 0; i < M; ++i) {
      cursor.end(i);
      cursor.template begin<true>(i);
      GEMEL_UNROLL for (int n = 0; n < update_pace; ++n) add_packed<M, N, S>(sum, d, x);
    }
    cursor.next(waiting.ld);
    left -= Index{update_pace} * M;
  }
  for (; left >= depth_unroll; left -= depth_unroll) {
    GEMEL_UNROLL for (int q = 0; q < depth_unroll; ++q) add_packed<M, N, S>(sum, d, x);
  }
  for (; left > 0; --left) add_packed<M, N, S>(sum, d, x);
  waiting.pass(cursor);
  waiting.accept(sum, offset);
}

/// The rows of X for some tiles of N columns: tile after tile, and within a tile one column of the batch after the
/// other.
template <int N, Scalar S>
struct PackedTiles {
  /// The distance between two tiles. The gap keeps them from beginning in the same set of the cache.
  static constexpr Index stride(Index depth) { return N * depth + 64 / static_cast<Index>(sizeof(S)); }

  Index col, count;  ///< the first tile's column, and the number of tiles
  S* values;

  /// Copies the rows. Where a packet is longer than N values, it copies the values after them too, which the next copy
  /// overwrites, except for the last tile, after which x may end.
  GEMEL_NOINLINE void pack(const Gradient<S>& p) const {
    constexpr Index ahead = 8, line = 64 / static_cast<Index>(sizeof(S));
    for (Index k = 0; k < p.depth; ++k) {
      const S* from = p.x[k] + p.first + col;
      const S* later = p.x[k + ahead < p.depth ? k + ahead : k] + p.first + col;
      for (Index i = 0; i < count * N; i += line) __builtin_prefetch(later + i);
      S* to = values + k * N;
      Index left = count;
      for (; left > 1 && PacketOf<S>::size >= N; --left, from += N, to += stride(p.depth)) store(to, load(from));
      for (; left > 0; --left, from += N, to += stride(p.depth)) __builtin_memcpy(to, from, N * sizeof(S));
    }
  }

  /// Computes the tiles in the panel of rows that begins at `row`.
  template <class Rule>
  GEMEL_NOINLINE void compute(const Gradient<S>& p, Index row, const S* panel, WaitingTile<Rule, S>& waiting) const {
    const S* x = values;
    Index offset = col * p.rows + row;
    for (Index t = 0; t < count; ++t, x += stride(p.depth), offset += N * p.rows) {
      if (p.depth < update_pace * tile_rows * waiting.columns) update_columns(waiting);
      packed_tile<N>(panel, x, p.depth, offset, waiting);
    }
  }
};

/// Updates the first `rows` rows, which are whole panels, except for the columns that do not fill a tile, and these
/// rows of the bias if it is not null. Does nothing if u.scratch is null or the batch is too large for it.
template <class Rule, Scalar S>
GEMEL_NOINLINE TiledPart update_packed_tiles(const Gradient<S>& p, Index rows, const Update<Rule, S>& u,
                                             const Update<Rule, S>* bias) {
  using Wide = PackedTiles<tile_cols, S>;
  using Narrow = PackedTiles<TiledColumns::narrow, S>;
  if (!u.scratch || p.depth > fused_depth) return {};
  const TiledColumns cols(p.cols);
  const Index at_once = Wide::stride(p.depth) < packed_values<S> ? packed_values<S> / Wide::stride(p.depth) : 1;
  S* const panel = u.scratch;
  S* const copy = panel + panel_height<S> * p.depth;
  WaitingTile<Rule, S> waiting(u, p.rows);
  Index col = 0;
  do {
    const Index tiles = (cols.wide - col) / tile_cols, count = tiles < at_once ? tiles : at_once;
    const Wide wide{col, count, copy};
    col += count * tile_cols;
    const Narrow narrow{col, col == cols.wide ? (cols.end - col) / TiledColumns::narrow : 0,
                        copy + count * Wide::stride(p.depth)};
    wide.pack(p);
    narrow.pack(p);
    for (Index row = 0; row < rows; row += panel_height<S>) {
      alignas(64) S sum[panel_height<S>];
      pack_panel(p, row, panel, sum);
      if (bias && wide.col == 0) update(bias->part(row, panel_height<S>, sum));
      wide.compute(p, row, panel, waiting);
      narrow.compute(p, row, panel, waiting);
    }
  } while (col < cols.wide);
  finish(waiting);
  return {rows, cols.end};
}

}  // namespace gemel::kernel::GEMEL_SET
