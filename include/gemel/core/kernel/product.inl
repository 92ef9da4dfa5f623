// y = f(bias + A b): tiles of packets x columns, A's column loaded, b's elements broadcast.

namespace gemel::kernel::GEMEL_SET {

/// The mask of a packet's first `count` lanes, or of all.
template <Scalar S>
GEMEL_INLINE typename PacketOf<S>::Mask first_lanes(Index count) {
  return mask<S>(count < PacketOf<S>::size ? count : PacketOf<S>::size);
}

/// Packet i of M rows; Masked: of the last one only the lanes `last` are there.
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

/// One step of the depth: sum(i, j) += a(i) * b_j[k].
template <bool Masked, int M, int N, Scalar S>
GEMEL_INLINE void add_depth(typename PacketOf<S>::type (&sum)[N][M], const S* a, const S* const (&b)[N], Index k,
                            [[maybe_unused]] typename PacketOf<S>::Mask last) {
  using P = typename PacketOf<S>::type;
  P left[M];
  GEMEL_UNROLL for (int i = 0; i < M; ++i) left[i] = load_row<Masked, M>(a, i, last);
  GEMEL_UNROLL for (int j = 0; j < N; ++j) {
    const P right = broadcast(b[j][k]);
    GEMEL_UNROLL for (int i = 0; i < M; ++i) sum[j][i] = fma(left[i], right, sum[j][i]);
  }
}

/// M packets of rows from `row`, N columns from `col`.
template <int M, int N, bool Masked, Scalar S>
GEMEL_INLINE void product_tile(const Product<S>& p, Index row, Index col,
                               [[maybe_unused]] typename PacketOf<S>::Mask last) {
  using P = typename PacketOf<S>::type;
  P sum[N][M];
  const S* b[N];
  GEMEL_UNROLL for (int j = 0; j < N; ++j) b[j] = p.b[col + j];
  GEMEL_UNROLL for (int i = 0; i < M; ++i) {
    P start = broadcast(S{0});
    if (p.bias) start = load_row<Masked, M>(p.bias + row, i, last);
    GEMEL_UNROLL for (int j = 0; j < N; ++j) sum[j][i] = start;
  }
  const S* a = p.a + row;
  Index k = 0;
  for (; k + depth_at_once <= p.depth; k += depth_at_once) {
    GEMEL_UNROLL for (int q = 0; q < depth_at_once; ++q, a += p.lda) add_depth<Masked, M, N, S>(sum, a, b, k + q, last);
  }
  for (; k < p.depth; ++k, a += p.lda) add_depth<Masked, M, N, S>(sum, a, b, k, last);
  if (p.relu) {
    const P zero = broadcast(S{0});
    GEMEL_UNROLL for (int j = 0; j < N; ++j) {
      GEMEL_UNROLL for (int i = 0; i < M; ++i) sum[j][i] = max(zero, sum[j][i]);  // in this order NaN stays
    }
  }
  GEMEL_UNROLL for (int j = 0; j < N; ++j) {
    S* y = p.y + (col + j) * p.ldy + row;
    GEMEL_UNROLL for (int i = 0; i < M; ++i) store_row<Masked, M>(y, i, sum[j][i], last);
  }
}

/// All rows of N columns: whole tiles, then packet by packet. A function of its own: the compilers allocate registers a
/// function.
template <int N, Scalar S>
GEMEL_CALL void product_columns(const Product<S>& p, Index col) {
  constexpr Index size = PacketOf<S>::size;
  Index row = 0;
  if constexpr (N <= 2) {  // taller tiles: longer runs of A, which is all that takes time here
    constexpr int tall = 2 * tile_rows;
    for (; row + tall * size <= p.rows; row += tall * size) {
      product_tile<tall, N, false>(p, row, col, typename PacketOf<S>::Mask{});
    }
  }
  for (; row + tile_rows * size <= p.rows; row += tile_rows * size) {
    product_tile<tile_rows, N, false>(p, row, col, typename PacketOf<S>::Mask{});
  }
  for (; row < p.rows; row += size) product_tile<1, N, true>(p, row, col, first_lanes<S>(p.rows - row));
}

/// Columns from `col` on, N at a time; returns where they end.
template <int N, Scalar S>
GEMEL_INLINE Index product_by(const Product<S>& p, Index col) {
  for (; col + N <= p.cols; col += N) product_columns<N>(p, col);
  return col;
}

template <Scalar S>
GEMEL_TARGET inline void product(const Product<S>& p) {
  Index col = product_by<tile_cols>(p, 0);
  if constexpr (tile_cols > 4) col = product_by<4>(p, col);
  product_by<1>(p, product_by<2>(p, col));
}

}  // namespace gemel::kernel::GEMEL_SET
