// The search for the nearest columns of a matrix: the squared distances of one query, and for many queries a screening
// that finds the columns which may be near. sums.inl defines the order of a distance's sums, and product.inl the tiles.

namespace gemel::kernel::GEMEL_SET {

/// Fetches a cache line into the first or, if Second, into the second cache. The line begins so many bytes after
/// `from`; it may be beyond the end of the memory.
template <bool Second>
GEMEL_INLINE void fetch(const void* from, Index bytes) {
  const auto address = reinterpret_cast<std::uintptr_t>(from) + static_cast<std::uintptr_t>(bytes);
  // A pointer beyond an array is undefined behavior, a number is not.
  __builtin_prefetch(reinterpret_cast<const void*>(address), 0, Second ? 2 : 3);  // NOLINT(performance-no-int-to-ptr)
}

/// Writes the folded sums (see fold) of (a(i) - b(i))^2. It also fetches what lies 384 bytes later, usually in one of
/// the next columns. Without that, the processor sometimes waits for memory. With more than 512 bytes, its own
/// prefetcher works less well: a Zen 4 took 1.3 times as long.
template <Scalar S>
GEMEL_INLINE void squares_to_column(const S* a, const S* b, Index n, S* sums) {
  using P = typename PacketOf<S>::type;
  constexpr int size = PacketOf<S>::size, packets = lanes<S> / size;
  constexpr Index ahead = 384;
  P sum[packets];
  GEMEL_UNROLL for (int r = 0; r < packets; ++r) sum[r] = broadcast(S{0});
  Index i = 0;
  for (; i + lanes<S> <= n; i += lanes<S>) {
    fetch<false>(b + i, ahead);
    GEMEL_UNROLL for (int r = 0; r < packets; ++r) {
      sum[r] = SquaredDifference::add_term(load(a + i + r * size), load(b + i + r * size), sum[r]);
    }
  }
  GEMEL_UNROLL for (int r = 0; r < packets; ++r) {
    const Index at = i + Index{r} * size;
    if (at >= n) break;
    const auto last = first_lanes<S>(n - at);
    sum[r] = SquaredDifference::add_term(load(a + at, last), load(b + at, last), sum[r]);
  }
  fold<S>(sum, sums);
}

/// d_j = |a - b_j|^2, for 16 columns at a time; see squared_distances. The columns are read one after another, as
/// they lie in memory. Four at a time took 1.17 times as long on a Zen 3.
template <Scalar S>
GEMEL_TARGET inline void squared_distances_to(const DistancesTo<S>& p) {
  constexpr Index rows = folded_lanes<S>;
  alignas(64) S sums[rows * sums_at_once]{};
  for (Index first = 0; first < p.count; first += sums_at_once) {
    const Index columns = p.count - first < sums_at_once ? p.count - first : sums_at_once;
    for (Index j = 0; j < columns; ++j) {
      squares_to_column(p.a, p.b + (first + j) * p.ldb, p.rows, sums + j * rows);
    }
    finish_sums(sums, columns, p.d + first);
  }
}

/// The values that the sums of a tile's columns start with. The columns themselves, transposed and moved or normalized
/// as Screening says, are in its panel (rows x height): row k has element k of all columns.
template <Scalar S>
struct ScreenedTile {
  static constexpr Index height = tile_rows * PacketOf<S>::size;
  alignas(64) S start[height];
};

/// Whether the next columns are fetched little by little between the products, because there are many of them. If there
/// are few, they are fetched while the present columns are transposed.
template <Scalar S>
GEMEL_INLINE bool fetches_between_products(const Screening<S>& p) {
  return p.queries > 5 * tile_cols;
}

/// Writes element k of the columns v_j of Screening (not yet divided by their norms) to row k of a panel, for a packet
/// of columns. Returns the squares of the norms.
template <Scalar S>
GEMEL_INLINE typename PacketOf<S>::type move_columns(const Screening<S>& p, const S* columns, S* panel) {
  using P = typename PacketOf<S>::type;
  constexpr Index height = ScreenedTile<S>::height, size = PacketOf<S>::size;
  constexpr int side = transpose_side<S>;
  P square = broadcast(S{0});
  Index k = 0;
  for (; k + side <= p.rows; k += side) {
    if (k % lanes<S> == 0 && !fetches_between_products(p)) {  // a cache line of each column
      const Index ahead = p.columns * p.lda * static_cast<Index>(sizeof(S));
      for (Index j = 0; j < size; ++j) fetch<false>(columns + j * p.lda + k, ahead);
    }
    P rows[side];
    load_transposed(EvenColumns<S>{columns + k, p.lda}, rows);
    GEMEL_UNROLL for (int o = 0; o < side; ++o) {
      const P v = sub(rows[o], broadcast(p.center[k + o]));
      store(panel + (k + o) * height, v);
      square = fma(v, v, square);
    }
  }
  for (; k < p.rows; ++k) {
    alignas(64) S row[size];
    for (Index j = 0; j < size; ++j) row[j] = columns[j * p.lda + k];
    const P v = sub(load(row), broadcast(p.center[k]));
    store(panel + k * height, v);
    square = fma(v, v, square);
  }
  return square;
}

/// Columns whose squared norm is not between `above` and `below` become zero and start with the lowest number, so
/// that they are hits for every query.
template <Scalar S>
GEMEL_NOINLINE void mark_bad_columns(const Screening<S>& p, const S* squares, ScreenedTile<S>& tile) {
  for (Index l = 0; l < tile.height; ++l) {
    if (squares[l] > p.above && squares[l] < p.below) continue;
    for (Index k = 0; k < p.rows; ++k) p.panel[k * tile.height + l] = 0;
    tile.start[l] = std::numeric_limits<S>::lowest();
  }
}

template <Scalar S>
GEMEL_NOINLINE void prepare_tile(const Screening<S>& p, const S* columns, ScreenedTile<S>& tile) {
  using P = typename PacketOf<S>::type;
  constexpr Index size = PacketOf<S>::size, height = ScreenedTile<S>::height;
  alignas(64) S squares[height];
  bool bad = false;
  for (Index i = 0; i < height; i += size) {
    const P square = move_columns(p, columns + i * p.lda, p.panel + i);
    store(squares + i, square);
    store(tile.start + i, mul(square, broadcast(p.of_square)));
    bad |= any_not_above(square, broadcast(p.above)) || any_not_above(broadcast(p.below), square);
    if (!p.normalize) continue;
    const P factor = div(broadcast(S{1}), sqrt(square));
    for (Index k = 0; k < p.rows; ++k) store(p.panel + k * height + i, mul(load(p.panel + k * height + i), factor));
  }
  if (bad) mark_bad_columns(p, squares, tile);
}

/// Screens the columns of a tile for N queries. Sets bits `shift`, … of their hits.
template <int N, Scalar S>
GEMEL_NOINLINE bool screen_tile(const Screening<S>& p, const ScreenedTile<S>& tile, Index query, Index shift) {
  using P = typename PacketOf<S>::type;
  constexpr int M = tile_rows;
  constexpr Index size = PacketOf<S>::size, height = ScreenedTile<S>::height;
  P sum[N][M];
  const S* b[N];
  GEMEL_UNROLL for (int j = 0; j < N; ++j) b[j] = p.b + (query + j) * p.rows;
  GEMEL_UNROLL for (int j = 0; j < N; ++j) {
    GEMEL_UNROLL for (int i = 0; i < M; ++i) sum[j][i] = load(tile.start + i * size);
    // GCC would share the registers of equal sums, and spill one later.
    GEMEL_UNROLL for (int i = 0; i < M; ++i) GEMEL_OPAQUE_PACKET(sum[j][i]);
  }
  const S* a = p.panel;
  Index k = 0;
  if constexpr (depth_unroll > 1 && N == tile_cols) {
    for (; k + depth_unroll <= p.rows; k += depth_unroll) {
      GEMEL_UNROLL for (int q = 0; q < depth_unroll; ++q, a += height) {
        add_depth<false, M, N, S>(sum, a, b, k + q, typename PacketOf<S>::Mask{});
        GEMEL_UNROLL for (int j = 0; j < N; ++j) {
          GEMEL_UNROLL for (int i = 0; i < M; ++i) GEMEL_OPAQUE_PACKET(sum[j][i]);
        }
      }
    }
  }
  for (; k < p.rows; ++k, a += height) add_depth<false, M, N, S>(sum, a, b, k, typename PacketOf<S>::Mask{});
  // All sums are numbers, because prepare_tile and the caller have left out what is not.
  P lowest = broadcast(std::numeric_limits<S>::max());
  GEMEL_UNROLL for (int j = 0; j < N; ++j) {
    P least = sum[j][0];
    GEMEL_UNROLL for (int i = 1; i < M; ++i) least = min(least, sum[j][i]);
    lowest = min(lowest, sub(least, broadcast(p.limits[query + j])));
  }
  if (!any_not_above(lowest, broadcast(S{0}))) return false;
  GEMEL_UNROLL for (int j = 0; j < N; ++j) {
    alignas(64) S values[height];
    GEMEL_UNROLL for (int i = 0; i < M; ++i) store(values + i * size, sum[j][i]);
    std::uint64_t hits = 0;
    for (Index l = 0; l < height; ++l) hits |= std::uint64_t{!(values[l] > p.limits[query + j])} << l;
    p.hits[query + j] |= hits << shift;
  }
  return true;
}

/// Fetches one of `parts` parts of the next 64 columns.
template <Scalar S>
GEMEL_INLINE void fetch_part(const Screening<S>& p, Index part, Index parts) {
  const Index lines = p.columns * p.lda / lanes<S> + 1;
  for (Index l = lines * part / parts; l < lines * (part + 1) / parts; ++l) fetch<true>(p.a, (lines + l) * 64);
}

template <Scalar S>
GEMEL_TARGET inline bool screen(const Screening<S>& p) {
  constexpr Index height = ScreenedTile<S>::height;
  static_assert(Screening<S>::columns % height == 0);
  ScreenedTile<S> tile;
  for (Index q = 0; q < p.queries; ++q) p.hits[q] = 0;
  bool any = false;
  const Index parts = p.queries / tile_cols * (p.columns / height);
  Index part = 0;
  for (Index column = 0; column < p.columns; column += height) {
    prepare_tile(p, p.a + column * p.lda, tile);
    Index q = 0;
    for (; q + tile_cols <= p.queries; q += tile_cols) {
      if (fetches_between_products(p)) fetch_part(p, part++, parts);
      any |= screen_tile<tile_cols>(p, tile, q, column);
    }
    if constexpr (tile_cols > 4) {
      if (q + 4 <= p.queries) {
        any |= screen_tile<4>(p, tile, q, column);
        q += 4;
      }
    }
    for (; q + 2 <= p.queries; q += 2) any |= screen_tile<2>(p, tile, q, column);
    if (q < p.queries) any |= screen_tile<1>(p, tile, q, column);
  }
  return any;
}

}  // namespace gemel::kernel::GEMEL_SET
