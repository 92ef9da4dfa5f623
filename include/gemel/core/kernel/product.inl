// The product y = f(bias + A b). A tile of y is some packets of rows by some columns, whose sums stay in registers.
// Each step of the depth loads a part of a column of A, and multiplies it by one broadcast element of each b. The
// helpers are in tile.inl and transpose.inl.

namespace gemel::kernel::GEMEL_SET {

/// Makes one step of the depth: sum(i, j) += a(i) * b_j[k].
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

/// Computes one tile: M packets of rows beginning at `row`, and N columns beginning at `col`. If Masked, the last
/// packet has only the lanes in `last`.
template <int M, int N, bool Masked, Scalar S>
GEMEL_INLINE void product_tile(const Product<S>& p, Index row, Index col,
                               [[maybe_unused]] typename PacketOf<S>::Mask last) {
  using P = typename PacketOf<S>::type;
  P sum[N][M];
  const S* b[N];
  GEMEL_UNROLL for (int j = 0; j < N; ++j) b[j] = p.b[col + j];
  GEMEL_UNROLL for (int j = 0; j < N; ++j) {
    GEMEL_UNROLL for (int i = 0; i < M; ++i) {
      sum[j][i] = p.bias ? load_row<Masked, M>(p.bias + (col + j) * p.ldbias + row, i, last) : broadcast(S{0});
    }
  }
  const S* a = p.a + row;
  Index k = 0;
  if constexpr (depth_unroll > 1 && !Masked && (N == tile_cols || M > tile_rows)) {
    for (; k + depth_unroll <= p.depth; k += depth_unroll) {
      GEMEL_UNROLL for (int q = 0; q < depth_unroll; ++q, a += p.lda) {
        add_depth<Masked, M, N, S>(sum, a, b, k + q, last);
        // Each step must be finished before the next: GCC would reorder some sums, and spill registers.
        GEMEL_UNROLL for (int j = 0; j < N; ++j) {
          GEMEL_UNROLL for (int i = 0; i < M; ++i) GEMEL_OPAQUE_PACKET(sum[j][i]);
        }
      }
    }
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

/// Computes the rows from `row` on, which fill at most M packets, as one tile.
template <int M, int N, Scalar S>
GEMEL_INLINE void product_rest(const Product<S>& p, Index row, Index col) {
  constexpr Index whole = (M - 1) * PacketOf<S>::size;  // the rows in all packets but the last
  if (p.rows - row > whole) {
    product_tile<M, N, true>(p, row, col, first_lanes<S>(p.rows - row - whole));
  } else if constexpr (M > 1) {
    product_rest<M - 1, N>(p, row, col);
  }
}

/// Computes all rows of N columns: whole tiles, then the remaining rows. It is not inlined, because compilers allocate
/// registers per function.
template <int N, Scalar S>
GEMEL_NOINLINE void product_columns(const Product<S>& p, Index col) {
  constexpr Index size = PacketOf<S>::size;
  Index row = 0;
  if constexpr (N <= 2) {  // the time goes into reading A, which is faster in longer runs
    constexpr int tall = 2 * tile_rows;
    for (; row + tall * size <= p.rows; row += tall * size) {
      product_tile<tall, N, false>(p, row, col, typename PacketOf<S>::Mask{});
    }
  }
  for (; row + tile_rows * size <= p.rows; row += tile_rows * size) {
    product_tile<tile_rows, N, false>(p, row, col, typename PacketOf<S>::Mask{});
  }
  if constexpr (N == tile_cols) return product_rest<tile_rows, N>(p, row, col);
  for (; row < p.rows; row += size) product_rest<1, N>(p, row, col);
}

/// Computes columns from `col` on, N at a time. Returns the first column that remains.
template <int N, Scalar S>
GEMEL_INLINE Index product_by(const Product<S>& p, Index col) {
  for (; col + N <= p.cols; col += N) product_columns<N>(p, col);
  return col;
}

template <Scalar S>
GEMEL_NOINLINE void product_in_one(const Product<S>& p) {
  Index col = product_by<tile_cols>(p, 0);
  if constexpr (tile_cols > 4) col = product_by<4>(p, col);
  product_by<1>(p, product_by<2>(p, col));
}

/// As above, but in blocks, for an A that does not fit into the cache or is transposed. A panel, which is some rows of
/// A over a part of the depth, is copied into contiguous memory and multiplied by enough columns to repay the copy.
/// Between two parts of the depth the sums are kept in y. (Goto and van de Geijn, Anatomy of high-performance matrix
/// multiplication, 2008.)
template <Scalar S>
GEMEL_NOINLINE void product_in_blocks(const Product<S>& p) {
  constexpr Index height = tile_rows * PacketOf<S>::size, block_depth = 256;
  constexpr Index block_cols = Index{80} * tile_cols;
  alignas(64) S panel[height * block_depth];
  const S* b[block_cols];
  for (Index col = 0; col < p.cols; col += block_cols) {
    for (Index k = 0; k < p.depth; k += block_depth) {
      const bool is_first = k == 0, is_last = k + block_depth >= p.depth;
      Product<S> block = p;
      block.depth = is_last ? p.depth - k : block_depth;
      block.cols = p.cols - col < block_cols ? p.cols - col : block_cols;
      block.a = panel;
      block.lda = height;
      block.b = b;
      block.relu = p.relu && is_last;
      move_pointers(p.b + col, block.cols, k, b);
      for (Index row = 0; row < p.rows; row += height) {
        block.rows = p.rows - row < height ? p.rows - row : height;
        if (p.transposed) {
          transpose(p.a + row * p.lda + k, p.lda, block.depth, block.rows, panel, height);
        } else {
          copy_panel(p.a + k * p.lda + row, p.lda, block.rows, block.depth, panel);
        }
        block.y = p.y + col * p.ldy + row;
        if (!is_first) {
          block.bias = block.y;
          block.ldbias = p.ldy;
        } else if (p.bias) {
          block.bias = p.bias + col * p.ldbias + row;
        }
        product_in_one(block);
      }
    }
  }
}

template <Scalar S>
GEMEL_TARGET inline void product(const Product<S>& p) {
  const bool blocks_pay = p.rows * p.depth > cache_size<S> && p.cols > tile_cols;
  p.transposed || blocks_pay ? product_in_blocks(p) : product_in_one(p);
}

}  // namespace gemel::kernel::GEMEL_SET
