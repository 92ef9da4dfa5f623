// The gradient g += D X^T of some columns of a layer's weights, in tiles as in the product, over the columns of a
// batch; and the gradient of its bias. The helpers are in tile.inl.

namespace gemel::kernel::GEMEL_SET {

/// One column of the batch: sum(i, j) += d(i) * x(j).
template <bool Masked, int M, int N, Scalar S>
GEMEL_INLINE void add_column(typename PacketOf<S>::type (&sum)[N][M], const S* d, const S* x,
                             [[maybe_unused]] typename PacketOf<S>::Mask last) {
  using P = typename PacketOf<S>::type;
  // GCC would keep each address's offset in a register, and move the last two of them back and forth.
  GEMEL_OPAQUE_POINTER(d);
  GEMEL_OPAQUE_POINTER(x);
  P left[M];
  GEMEL_UNROLL for (int i = 0; i < M; ++i) left[i] = load_row<Masked, M>(d, i, last);
  GEMEL_UNROLL for (int j = 0; j < N; ++j) {
    const P right = broadcast(x[j]);
    GEMEL_UNROLL for (int i = 0; i < M; ++i) sum[j][i] = fma(left[i], right, sum[j][i]);
  }
}

/// Adds the tile of M packets of rows from `row` and N columns from `col` to g, whose columns are ldg apart. Masked:
/// the last packet has only the lanes `last`.
template <int M, int N, bool Masked, Scalar S>
GEMEL_INLINE void gradient_tile(const Gradient<S>& p, Index row, Index col, S* g, Index ldg,
                                typename PacketOf<S>::Mask last) {
  using P = typename PacketOf<S>::type;
  P sum[N][M];
  GEMEL_UNROLL for (int j = 0; j < N; ++j) {
    GEMEL_UNROLL for (int i = 0; i < M; ++i) sum[j][i] = load_row<Masked, M>(g + j * ldg, i, last);
  }
  for (Index k = 0; k < p.depth; ++k) {
    add_column<Masked, M, N, S>(sum, p.d[k] + row, p.x[k] + p.first + col, last);
  }
  GEMEL_UNROLL for (int j = 0; j < N; ++j) {
    GEMEL_UNROLL for (int i = 0; i < M; ++i) store_row<Masked, M>(g + j * ldg, i, sum[j][i], last);
  }
}

/// The rows from `row` on, which fill at most M packets, in one tile.
template <int M, int N, Scalar S>
GEMEL_INLINE void gradient_rest(const Gradient<S>& p, Index row, Index col, Index ldg) {
  constexpr Index most = (M - 1) * PacketOf<S>::size;
  if (p.rows - row > most) {
    gradient_tile<M, N, true>(p, row, col, p.g + col * ldg + row, ldg, first_lanes<S>(p.rows - row - most));
  } else if constexpr (M > 1) {
    gradient_rest<M - 1, N>(p, row, col, ldg);
  }
}

/// All rows of N columns: whole tiles, then the rows that are left.
template <int N, Scalar S>
GEMEL_NOINLINE void gradient_columns(const Gradient<S>& p, Index col, Index ldg) {
  constexpr Index size = PacketOf<S>::size;
  Index row = 0;
  for (; row + tile_rows * size <= p.rows; row += tile_rows * size) {
    gradient_tile<tile_rows, N, false>(p, row, col, p.g + col * ldg + row, ldg, typename PacketOf<S>::Mask{});
  }
  if constexpr (N == tile_cols) return gradient_rest<tile_rows, N>(p, row, col, ldg);
  for (; row < p.rows; row += size) gradient_rest<1, N>(p, row, col, ldg);
}

/// Columns from `col` on, N at a time; returns the first column that is left.
template <int N, Scalar S>
GEMEL_INLINE Index gradient_by(const Gradient<S>& p, Index col, Index ldg) {
  for (; col + N <= p.cols; col += N) gradient_columns<N>(p, col, ldg);
  return col;
}

/// The whole gradient; the columns of g are ldg apart.
template <Scalar S>
GEMEL_NOINLINE void gradient_in_one(const Gradient<S>& p, Index ldg) {
  Index col = gradient_by<tile_cols>(p, 0, ldg);
  if constexpr (tile_cols > 4) col = gradient_by<4>(p, col, ldg);
  gradient_by<1>(p, gradient_by<2>(p, col, ldg), ldg);
}

/// The same in blocks, for a D that does not fit the cache: panels of D, and the rows of X tile by tile, are copied to
/// one place each.
template <Scalar S>
GEMEL_NOINLINE void gradient_in_blocks(const Gradient<S>& p) {
  constexpr Index height = tile_rows * PacketOf<S>::size, deep = 256, tiles = 64 / static_cast<Index>(sizeof(S));
  constexpr Index wide = tiles * tile_cols;
  alignas(64) S panel[height * deep];
  alignas(64) S rows_of_x[wide * deep];  // tile by tile, and within a tile column by column of the batch
  const S* d[deep];
  const S* x[deep];
  for (Index k = 0; k < deep; ++k) {
    d[k] = panel + k * height;
    x[k] = rows_of_x + k * tile_cols;
  }
  for (Index begin = 0; begin < p.cols; begin += wide) {
    const Index end = p.cols - begin < wide ? p.cols : begin + wide;
    for (Index k = 0; k < p.depth; k += deep) {
      const Index depth = p.depth - k < deep ? p.depth - k : deep;
      S* to = rows_of_x;
      for (Index col = begin; col < end; col += tile_cols, to += deep * tile_cols) {
        const Index cols = end - col < tile_cols ? end - col : Index{tile_cols};
        for (Index q = 0; q < depth; ++q) {
          const S* from = p.x[k + q] + p.first + col;
          for (Index j = 0; j < cols; ++j) to[q * tile_cols + j] = from[j];
        }
      }
      for (Index row = 0; row < p.rows; row += height) {
        const Index rows = p.rows - row < height ? p.rows - row : height;
        for (Index q = 0; q < depth; ++q) copy_panel(p.d[k + q] + row, 0, rows, 1, panel + q * height);
        for (Index col = begin; col < end; col += tile_cols) {
          const Index cols = end - col < tile_cols ? end - col : Index{tile_cols};
          gradient_in_one(Gradient<S>{rows, cols, depth, d, x, (col - begin) * deep, p.g + col * p.rows + row}, p.rows);
        }
      }
    }
  }
}

template <Scalar S>
GEMEL_TARGET inline void add_gradient(const Gradient<S>& p) {
  if (p.rows * p.depth > cache_size<S> / 2 && p.cols >= 4 * tile_cols) return gradient_in_blocks(p);
  gradient_in_one(p, p.rows);
}

/// The gradient of a bias: g(i) += sum over k of d_k(i).
template <Scalar S>
GEMEL_TARGET inline void add_sum(const S* const* d, Index rows, Index depth, S* g) {
  constexpr Index size = PacketOf<S>::size;
  for (Index i = 0; i < rows; i += size) {
    const auto lanes_left = first_lanes<S>(rows - i);
    auto sum = load(g + i, lanes_left);
    for (Index k = 0; k < depth; ++k) sum = add(sum, load(d[k] + i, lanes_left));
    store(g + i, sum, lanes_left);
  }
}

}  // namespace gemel::kernel::GEMEL_SET
