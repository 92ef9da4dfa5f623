// Tiles of the product y = f(bias + A b). A tile of y is some packets of rows by some columns, whose sums stay in
// registers. Each step of the depth loads a part of a column of A, and multiplies it by one broadcast element of each
// b. product_blocks.inl divides large products into blocks; the helpers are in tile.inl and largest.inl.

namespace gemel::kernel::GEMEL_SET {

/// A product, or a block of one.
template <Scalar S>
struct ProductBlock : Product<S> {
  LargestInLanes<S>* largest_y = nullptr;  ///< if not null, it includes all y(i, j)
  LargestInLanes<S>* largest_b = nullptr;  ///< if not null, it includes all b_j[k]
  Index first_row = 0;                     ///< the row of `keep` that belongs to the block's first row
  S* panel = nullptr;                      ///< where a tile that copies A writes it; see copy_panel
};

/// Makes one step of the depth: sum(i, j) += a(i) * b_j[k]. If Copied, also copies the packets of a to `copy`.
template <bool Masked, int M, int N, Scalar S, bool Copied = false>
GEMEL_INLINE void add_depth(typename PacketOf<S>::type (&sum)[N][M], const S* a, const S* const (&b)[N], Index k,
                            [[maybe_unused]] typename PacketOf<S>::Mask last, [[maybe_unused]] S* copy = nullptr) {
  using P = typename PacketOf<S>::type;
  P left[M];
  GEMEL_UNROLL for (int i = 0; i < M; ++i) left[i] = load_row<Masked, M>(a, i, last);
  GEMEL_UNROLL for (int j = 0; j < N; ++j) {
    const P right = broadcast(b[j][k]);
    GEMEL_UNROLL for (int i = 0; i < M; ++i) {
      accumulate(sum[j][i], left[i], right);
      if constexpr (Copied) {
        if (j == i * N / M) store(copy + i * PacketOf<S>::size, left[i]);
      }
    }
  }
}

/// Applies f to a tile's sums and stores them.
template <int M, int N, bool Masked, Scalar S>
GEMEL_INLINE void finish_product(const ProductBlock<S>& p, Index row, Index col,
                                 typename PacketOf<S>::type (&sum)[N][M],
                                 [[maybe_unused]] typename PacketOf<S>::Mask last) {
  using P = typename PacketOf<S>::type;
  if (p.relu) {
    const P zero = broadcast(S{0});
    GEMEL_UNROLL for (int j = 0; j < N; ++j) {
      GEMEL_UNROLL for (int i = 0; i < M; ++i) sum[j][i] = max(zero, sum[j][i]);  // in this order NaN stays
    }
  }
  if (p.keep) {
    GEMEL_UNROLL for (int j = 0; j < N; ++j) {
      const S* keep = p.keep[col + j] + p.first_row + row;
      GEMEL_UNROLL for (int i = 0; i < M; ++i) {
        sum[j][i] = keep_if_positive(load_row<Masked, M>(keep, i, last), sum[j][i]);
      }
    }
  }
  GEMEL_UNROLL for (int j = 0; j < N; ++j) {
    S* y = p.y + (col + j) * p.ldy + row;
    GEMEL_UNROLL for (int i = 0; i < M; ++i) store_row<Masked, M>(y, i, sum[j][i], last);
  }
  if (p.largest_y) {
    P top = load(p.largest_y->lanes);
    GEMEL_UNROLL for (int j = 0; j < N; ++j) {
      GEMEL_UNROLL for (int i = 0; i < M; ++i) {
        // The lanes beyond a mask may hold NaN, so that packet is loaded again.
        if (Masked && i == M - 1) sum[j][i] = load_row<true, M>(p.y + (col + j) * p.ldy + row, i, last);
        include_magnitude(top, sum[j][i]);
      }
    }
    store(p.largest_y->lanes, top);
  }
}

/// Computes one tile: M packets of rows beginning at `row`, and N columns beginning at `col`. If Masked, the last
/// packet has only the lanes in `last`. If Copied, also copies A to p.panel.
template <int M, int N, bool Masked, bool Copied = false, Scalar S>
GEMEL_INLINE void product_tile(const ProductBlock<S>& p, Index row, Index col,
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
  [[maybe_unused]] S* copy = p.panel;
  Index k = 0;
  // The tile's part of y and the next columns of b may not be in the cache, so they are prefetched, a cache line at a
  // time. Only the tile in the first rows prefetches b, because the tiles below it use the same columns.
  [[maybe_unused]] const S* const* next = row == 0 ? p.b + (col + N + N < p.cols ? col + N : p.cols - N) : nullptr;
  if constexpr (depth_unroll > 1 && !Masked && !Copied && (N == tile_cols || M > tile_rows)) {
    for (; k + depth_unroll <= p.depth; k += depth_unroll) {
      if constexpr (M == tile_rows) {
        constexpr Index line = 64 / static_cast<Index>(sizeof(S));
        if (k % line == 0) {
          if (k < M * PacketOf<S>::size) {
            GEMEL_UNROLL for (int j = 0; j < N; ++j) __builtin_prefetch(p.y + (col + j) * p.ldy + row + k, 1);
          }
          if (next) {
            GEMEL_UNROLL for (int j = 0; j < N; ++j) __builtin_prefetch(next[j] + k);
          }
        }
      }
      GEMEL_UNROLL for (int q = 0; q < depth_unroll; ++q, a += p.lda) {
        add_depth<Masked, M, N, S>(sum, a, b, k + q, last);
        // Each step must be finished before the next: GCC would reorder some sums, and spill registers.
        GEMEL_UNROLL for (int j = 0; j < N; ++j) {
          GEMEL_UNROLL for (int i = 0; i < M; ++i) GEMEL_OPAQUE_PACKET(sum[j][i]);
        }
      }
    }
  }
  for (; k < p.depth; ++k, a += p.lda) {
    add_depth<Masked, M, N, S, Copied>(sum, a, b, k, last, copy);
    if constexpr (Copied) copy += M * PacketOf<S>::size;
  }
  finish_product<M, N, Masked, S>(p, row, col, sum, last);
}

/// Computes the rows from `row` on, which fill at most M packets, as one tile.
template <int M, int N, Scalar S>
GEMEL_INLINE void product_rest(const ProductBlock<S>& p, Index row, Index col) {
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
GEMEL_NOINLINE void product_columns(const ProductBlock<S>& p, Index col) {
  constexpr Index size = PacketOf<S>::size;
  if (p.largest_b) include_columns(p.b + col, p.depth, N, *p.largest_b);
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
GEMEL_INLINE Index product_by(const ProductBlock<S>& p, Index col) {
  for (; col + N <= p.cols; col += N) product_columns<N>(p, col);
  return col;
}

/// Computes the columns from `col` on.
template <Scalar S>
GEMEL_NOINLINE void product_in_one(const ProductBlock<S>& p, Index col) {
  col = product_by<tile_cols>(p, col);
  if constexpr (tile_cols > 4) col = product_by<4>(p, col);
  product_by<1>(p, product_by<2>(p, col));
}

}  // namespace gemel::kernel::GEMEL_SET
