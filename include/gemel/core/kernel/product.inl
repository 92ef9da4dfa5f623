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

/// to[j] = from[j] + offset.
template <Scalar S>
GEMEL_CALL void move_pointers(const S* const* from, Index count, Index offset, const S** to) {
  for (Index j = 0; j < count; ++j) to[j] = from[j] + offset;
}

/// A matrix of more elements is better taken in blocks: 512 KB.
template <Scalar S>
inline constexpr Index most_in_cache = (Index{1} << 19) / static_cast<Index>(sizeof(S));

/// Copies `cols` columns of `rows` <= height elements, ld apart, to `panel`, a tile's height apart.
template <Scalar S>
GEMEL_CALL void copy_panel(const S* from, Index ld, Index rows, Index cols, S* panel) {
  constexpr Index size = PacketOf<S>::size, height = tile_rows * size;
  for (Index k = 0; k < cols; ++k, from += ld, panel += height) {
    for (Index i = 0; i < rows; i += size) store(panel + i, load(from + i, first_lanes<S>(rows - i)));
  }
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
  GEMEL_UNROLL for (int j = 0; j < N; ++j) {
    GEMEL_UNROLL for (int i = 0; i < M; ++i) {
      sum[j][i] = p.bias ? load_row<Masked, M>(p.bias + (col + j) * p.ldbias + row, i, last) : broadcast(S{0});
    }
  }
  const S* a = p.a + row;
  Index k = 0;
  if constexpr (depth_at_once > 1 && !Masked && (N == tile_cols || M > tile_rows)) {
    for (; k + depth_at_once <= p.depth; k += depth_at_once) {
      GEMEL_UNROLL for (int q = 0; q < depth_at_once; ++q, a += p.lda) {
        add_depth<Masked, M, N, S>(sum, a, b, k + q, last);
        // Each step is done before the next; else GCC takes some sums apart, and spills.
        GEMEL_UNROLL for (int j = 0; j < N; ++j) { GEMEL_UNROLL for (int i = 0; i < M; ++i) GEMEL_SETTLE(sum[j][i]); }
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

/// The rows from `row` on, M packets at most, in one tile.
template <int M, int N, Scalar S>
GEMEL_INLINE void product_rest(const Product<S>& p, Index row, Index col) {
  constexpr Index most = (M - 1) * PacketOf<S>::size;
  if (p.rows - row > most) {
    product_tile<M, N, true>(p, row, col, first_lanes<S>(p.rows - row - most));
  } else if constexpr (M > 1) {
    product_rest<M - 1, N>(p, row, col);
  }
}

/// All rows of N columns: whole tiles, then what is left. A function of its own: the compilers allocate registers a
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
  if constexpr (N == tile_cols) return product_rest<tile_rows, N>(p, row, col);
  for (; row < p.rows; row += size) product_rest<1, N>(p, row, col);
}

/// Columns from `col` on, N at a time; returns where they end.
template <int N, Scalar S>
GEMEL_INLINE Index product_by(const Product<S>& p, Index col) {
  for (; col + N <= p.cols; col += N) product_columns<N>(p, col);
  return col;
}

template <Scalar S>
GEMEL_CALL void product_in_one(const Product<S>& p) {
  Index col = product_by<tile_cols>(p, 0);
  if constexpr (tile_cols > 4) col = product_by<4>(p, col);
  product_by<1>(p, product_by<2>(p, col));
}

/// The same in blocks, for an A that no cache holds, or that is transposed: a panel of its rows and of the depth is
/// copied together, and meets as many columns as pay for that. Between two blocks of the depth the sums are in y. (Goto
/// and van de Geijn, Anatomy of high-performance matrix multiplication, 2008.)
template <Scalar S>
GEMEL_CALL void product_in_blocks(const Product<S>& p) {
  constexpr Index height = tile_rows * PacketOf<S>::size, deep = 256, wide = Index{80} * tile_cols;
  alignas(64) S panel[height * deep];
  const S* b[wide];
  for (Index col = 0; col < p.cols; col += wide) {
    for (Index k = 0; k < p.depth; k += deep) {
      const bool is_first = k == 0, is_last = k + deep >= p.depth;
      Product<S> block = p;
      block.depth = is_last ? p.depth - k : deep;
      block.cols = p.cols - col < wide ? p.cols - col : wide;
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
  const bool pays = p.rows * p.depth > most_in_cache<S> && p.cols > tile_cols;
  p.transposed || pays ? product_in_blocks(p) : product_in_one(p);
}

}  // namespace gemel::kernel::GEMEL_SET
