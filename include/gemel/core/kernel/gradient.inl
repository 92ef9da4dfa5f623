// g += D X^T restricted to some of X's rows: tiles as in the product, over the columns of a batch.

namespace gemel::kernel::GEMEL_SET {

/// M packets of rows from `row`, N columns of g from `col`. Masked: as in product_tile.
template <int M, int N, bool Masked, Scalar S>
GEMEL_INLINE void gradient_tile(const Gradient<S>& p, Index row, Index col, [[maybe_unused]] typename PacketOf<S>::Mask last) {
  using P = typename PacketOf<S>::type;
  constexpr int size = PacketOf<S>::size;
  const auto load_at = [=](const S* from, int i) GEMEL_TARGET __attribute__((always_inline)) {
    if constexpr (Masked) {
      return i == M - 1 ? load(from + i * size, last) : load(from + i * size);
    } else {
      return load(from + i * size);
    }
  };
  P sum[N][M];
  S* g = p.g + col * p.rows + row;
  GEMEL_UNROLL for (int j = 0; j < N; ++j) {
    GEMEL_UNROLL for (int i = 0; i < M; ++i) sum[j][i] = load_at(g + j * p.rows, i);
  }
  for (Index k = 0; k < p.depth; ++k) {
    P left[M];
    GEMEL_UNROLL for (int i = 0; i < M; ++i) left[i] = load_at(p.d[k] + row, i);
    if (p.x) {
      const S* x = p.x[k] + p.first + col;
      GEMEL_UNROLL for (int j = 0; j < N; ++j) {
        const P right = broadcast(x[j]);
        GEMEL_UNROLL for (int i = 0; i < M; ++i) sum[j][i] = fma(left[i], right, sum[j][i]);
      }
    } else {
      GEMEL_UNROLL for (int j = 0; j < N; ++j) {
        GEMEL_UNROLL for (int i = 0; i < M; ++i) sum[j][i] = add(sum[j][i], left[i]);
      }
    }
  }
  GEMEL_UNROLL for (int j = 0; j < N; ++j) {
    GEMEL_UNROLL for (int i = 0; i < M; ++i) {
      if (Masked && i == M - 1) {
        store(g + j * p.rows + i * size, sum[j][i], last);
      } else {
        store(g + j * p.rows + i * size, sum[j][i]);
      }
    }
  }
}

template <int M, int N, Scalar S>
GEMEL_INLINE void gradient_last_rows(const Gradient<S>& p, Index row, Index col) {
  constexpr int size = PacketOf<S>::size;
  if constexpr (M > 1) {
    if (p.rows - row <= (M - 1) * size) return gradient_last_rows<M - 1, N>(p, row, col);
  }
  gradient_tile<M, N, true>(p, row, col, mask<S>(p.rows - row - (M - 1) * size));
}

template <int N, Scalar S>
GEMEL_CALL void gradient_columns(const Gradient<S>& p, Index col) {
  constexpr Index height = tile_rows * PacketOf<S>::size;
  Index row = 0;
  for (; row + height <= p.rows; row += height) gradient_tile<tile_rows, N, false>(p, row, col, typename PacketOf<S>::Mask{});
  if (row < p.rows) gradient_last_rows<tile_rows, N>(p, row, col);
}

template <int N, Scalar S>
GEMEL_INLINE void gradient_last_columns(const Gradient<S>& p, Index col) {
  if constexpr (N > 0) {
    if (p.cols - col == N) {
      gradient_columns<N>(p, col);
    } else {
      gradient_last_columns<N - 1>(p, col);
    }
  }
}

template <Scalar S>
GEMEL_TARGET inline void add_gradient(const Gradient<S>& p) {
  Index col = 0;
  for (; col + tile_cols <= p.cols; col += tile_cols) gradient_columns<tile_cols>(p, col);
  gradient_last_columns<tile_cols - 1>(p, col);
}

/// dy = y > 0 ? dy : 0, in place.
template <Scalar S>
GEMEL_TARGET inline void relu_backward(const S* y, S* dy, Index n) {
  constexpr Index size = PacketOf<S>::size;
  Index i = 0;
  for (; i + size <= n; i += size) store(dy + i, keep_if_positive(load(y + i), load(dy + i)));
  if (i < n) {
    const auto last = mask<S>(n - i);
    store(dy + i, keep_if_positive(load(y + i, last), load(dy + i, last)), last);
  }
}

}  // namespace gemel::kernel::GEMEL_SET
