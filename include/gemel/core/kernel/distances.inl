// The squared distances of many pairs of columns at once, and the gradient of distances. sums.inl defines the order of
// the sums and the distance of a single pair; the other helpers are in tile.inl and packet/requirements.inl.

namespace gemel::kernel::GEMEL_SET {

/// Writes the folded sums (see fold) of (a_j(i) - b_j(i))^2 for N pairs of columns, pair after pair.
template <int N, Scalar S>
GEMEL_NOINLINE void squares_in_lanes(const S* const* a, const S* const* b, Index n, S* sums) {
  using P = typename PacketOf<S>::type;
  constexpr int size = PacketOf<S>::size, packets = lanes<S> / size;
  P sum[N][packets];
  GEMEL_UNROLL for (int j = 0; j < N; ++j) {
    GEMEL_UNROLL for (int r = 0; r < packets; ++r) sum[j][r] = broadcast(S{0});
  }
  Index i = 0;
  for (; i + lanes<S> <= n; i += lanes<S>) {
    GEMEL_UNROLL for (int r = 0; r < packets; ++r) {
      GEMEL_UNROLL for (int j = 0; j < N; ++j) {
        const Index at = i + Index{r} * size;
        sum[j][r] = SquaredDifference::add_term(load(a[j] + at), load(b[j] + at), sum[j][r]);
      }
    }
  }
  GEMEL_UNROLL for (int r = 0; r < packets; ++r) {
    const Index at = i + Index{r} * size;
    if (at >= n) break;
    const auto last = first_lanes<S>(n - at);
    GEMEL_UNROLL for (int j = 0; j < N; ++j) {
      sum[j][r] = SquaredDifference::add_term(load(a[j] + at, last), load(b[j] + at, last), sum[j][r]);
    }
  }
  GEMEL_UNROLL for (int j = 0; j < N; ++j) fold<S>(sum[j], sums + j * folded_lanes<S>);
}

/// The number of pairs whose sums are finished together.
inline constexpr Index sums_at_once = 16;

/// Finishes the folded sums of up to 16 pairs. They are transposed, so that the tree of the sums adds whole packets,
/// with one pair per lane.
template <Scalar S>
GEMEL_INLINE void finish_sums(const S* sums, Index pairs, S* d) {
  using P = typename PacketOf<S>::type;
  constexpr Index size = PacketOf<S>::size, rows = folded_lanes<S>;
  static_assert(rows == transpose_side<S>);
  alignas(64) S by_lane[rows * sums_at_once];
  for (Index j = 0; j < sums_at_once; j += size) transpose_strip(sums + j * rows, rows, by_lane + j, sums_at_once);
  for (Index j = 0; j < pairs; j += size) {
    P sum[rows];
    GEMEL_UNROLL for (Index l = 0; l < rows; ++l) sum[l] = load(by_lane + l * sums_at_once + j);
    GEMEL_UNROLL for (Index half = rows / 2; half > 0; half /= 2) {
      GEMEL_UNROLL for (Index l = 0; l < half; ++l) sum[l] = add(sum[l], sum[l + half]);
    }
    store(d + j, sum[0], first_lanes<S>(pairs - j));
  }
}

/// d_j = |a_j - b_j|^2, for 16 pairs at a time.
template <Scalar S>
GEMEL_TARGET inline void squared_distances(const S* const* a, const S* const* b, Index n, Index count, S* d) {
  constexpr Index rows = folded_lanes<S>;
  constexpr int at_once = 2 * PacketOf<S>::size >= lanes<S> ? 4 : 2;
  alignas(64) S sums[rows * sums_at_once]{};
  for (Index first = 0; first < count; first += sums_at_once) {
    const Index pairs = count - first < sums_at_once ? count - first : sums_at_once;
    if (pairs < 4) {  // faster one by one
      for (; first < count; ++first) d[first] = squared_distance(a[first], b[first], n);
      return;
    }
    Index j = 0;
    for (; j + at_once <= pairs; j += at_once) {
      squares_in_lanes<at_once>(a + first + j, b + first + j, n, sums + j * rows);
    }
    for (; j < pairs; ++j) squares_in_lanes<1>(a + first + j, b + first + j, n, sums + j * rows);
    finish_sums(sums, pairs, d + first);
  }
}

/// Processes M packets of rows, beginning at `row`. If Masked, the last packet has only the lanes in `last`.
template <int M, bool Masked, Scalar S>
GEMEL_INLINE void add_differences_tile(const Differences<S>& p, Index row, typename PacketOf<S>::Mask last) {
  using P = typename PacketOf<S>::type;
  P a[M], da[M];
  GEMEL_UNROLL for (int i = 0; i < M; ++i) a[i] = load_row<Masked, M>(p.a + row, i, last);
  GEMEL_UNROLL for (int i = 0; i < M; ++i) da[i] = load_row<Masked, M>(p.da + row, i, last);
  for (Index j = 0; j < p.count; ++j) {
    const S* b = p.b[j] + row;
    S* db = p.db[j] + row;
    GEMEL_OPAQUE_POINTER(b);  // GCC would keep each address's offset in a register
    GEMEL_OPAQUE_POINTER(db);
    const P c = broadcast(p.c[j]);
    GEMEL_UNROLL for (int i = 0; i < M; ++i) {
      const P difference = sub(a[i], load_row<Masked, M>(b, i, last));
      da[i] = fma(c, difference, da[i]);
      store_row<Masked, M>(db, i, fnma(c, difference, load_row<Masked, M>(db, i, last)), last);
    }
  }
  GEMEL_UNROLL for (int i = 0; i < M; ++i) store_row<Masked, M>(p.da + row, i, da[i], last);
}

template <Scalar S>
GEMEL_TARGET inline void add_differences(const Differences<S>& p) {
  constexpr Index size = PacketOf<S>::size;
  constexpr int M = 2 * tile_rows;
  Index row = 0;
  for (; row + M * size <= p.rows; row += M * size) {
    add_differences_tile<M, false>(p, row, typename PacketOf<S>::Mask{});
  }
  for (; row < p.rows; row += size) add_differences_tile<1, true>(p, row, first_lanes<S>(p.rows - row));
}

/// Sets one packet of a pair's da and db, and includes their magnitudes in `top`. `lanes` is empty or a mask.
template <Scalar S, class P, class... Mask>
GEMEL_INLINE void set_difference(const PairDifferences<S>& p, Index j, Index i, P c, P& top, Mask... lanes) {
  const P a = load(p.a[j] + i, lanes...), b = load(p.b[j] + i, lanes...), difference = sub(a, b);
  P da = fma(c, difference, broadcast(S{0})), db = fnma(c, difference, broadcast(S{0}));
  if (p.masked) {
    da = keep_if_positive(a, da);
    db = keep_if_positive(b, db);
  }
  store(p.da[j] + i, da, lanes...);
  store(p.db[j] + i, db, lanes...);
  include_magnitude(top, da);
  include_magnitude(top, db);
}

template <Scalar S>
GEMEL_TARGET inline S set_differences(const PairDifferences<S>& p) {
  constexpr Index size = PacketOf<S>::size;
  LargestInLanes<S> largest;
  auto top = broadcast(S{0});
  for (Index j = 0; j < p.count; ++j) {
    const auto c = broadcast(p.c[j]);
    Index i = 0;
    for (; i + size <= p.rows; i += size) set_difference(p, j, i, c, top);
    if (i < p.rows) set_difference(p, j, i, c, top, mask<S>(p.rows - i));
  }
  largest.include(top);
  return largest.largest();
}

}  // namespace gemel::kernel::GEMEL_SET
