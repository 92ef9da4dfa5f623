// The gradient g += D X^T of some columns of a layer's weights, summed over the columns of a batch, and the gradient of
// the layer's bias. As in product.inl, a tile is some packets of rows by some columns of g, whose sums stay in
// registers. The helpers are in tile.inl.

namespace gemel::kernel::GEMEL_SET {

/// Adds one column of the batch to a tile's sums: sum(i, j) += d(i) * x(j).
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
    GEMEL_UNROLL for (int i = 0; i < M; ++i) accumulate(sum[j][i], left[i], right);
  }
}

/// Adds one tile to g, whose columns are ldg values apart: M packets of rows beginning at `row`, and N columns
/// beginning at `col`. If Masked, the last packet has only the lanes in `last`.
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

/// Adds the rows from `row` on, which fill at most M packets, as one tile.
template <int M, int N, Scalar S>
GEMEL_INLINE void gradient_rest(const Gradient<S>& p, Index row, Index col, Index ldg) {
  constexpr Index whole = (M - 1) * PacketOf<S>::size;  // the rows in all packets but the last
  if (p.rows - row > whole) {
    gradient_tile<M, N, true>(p, row, col, p.g + col * ldg + row, ldg, first_lanes<S>(p.rows - row - whole));
  } else if constexpr (M > 1) {
    gradient_rest<M - 1, N>(p, row, col, ldg);
  }
}

/// Adds all rows of N columns: whole tiles, then the remaining rows.
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

/// Adds columns from `col` on, N at a time. Returns the first column that remains.
template <int N, Scalar S>
GEMEL_INLINE Index gradient_by(const Gradient<S>& p, Index col, Index ldg) {
  for (; col + N <= p.cols; col += N) gradient_columns<N>(p, col, ldg);
  return col;
}

/// Adds the whole gradient to g, whose columns are ldg values apart.
template <Scalar S>
GEMEL_NOINLINE void gradient_in_one(const Gradient<S>& p, Index ldg) {
  Index col = gradient_by<tile_cols>(p, 0, ldg);
  if constexpr (tile_cols > 4) col = gradient_by<4>(p, col, ldg);
  gradient_by<1>(p, gradient_by<2>(p, col, ldg), ldg);
}

/// As above, but in blocks, for a D that does not fit into the cache: a panel of D and the rows of X for some tiles are
/// each copied into contiguous memory.
template <Scalar S>
GEMEL_NOINLINE void gradient_in_blocks(const Gradient<S>& p) {
  constexpr Index height = tile_rows * PacketOf<S>::size, block_depth = 256;
  constexpr Index block_cols = 64 / static_cast<Index>(sizeof(S)) * tile_cols;
  alignas(64) S panel[height * block_depth];
  alignas(64)
      S rows_of_x[block_cols * block_depth];  // tile after tile, each with one column of the batch after the other
  const S* d[block_depth];
  const S* x[block_depth];
  for (Index k = 0; k < block_depth; ++k) {
    d[k] = panel + k * height;
    x[k] = rows_of_x + k * tile_cols;
  }
  for (Index begin = 0; begin < p.cols; begin += block_cols) {
    const Index end = p.cols - begin < block_cols ? p.cols : begin + block_cols;
    for (Index k = 0; k < p.depth; k += block_depth) {
      const Index depth = p.depth - k < block_depth ? p.depth - k : block_depth;
      S* to = rows_of_x;
      for (Index col = begin; col < end; col += tile_cols, to += block_depth * tile_cols) {
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
          gradient_in_one(Gradient<S>{rows, cols, depth, d, x, (col - begin) * block_depth, p.g + col * p.rows + row},
                          p.rows);
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

/// Adds the gradient of a bias: g(i) += sum over k of d_k(i).
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
