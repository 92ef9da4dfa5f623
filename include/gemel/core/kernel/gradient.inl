// g += D X^T restricted to some of X's rows: tiles as in the product, over the columns of a batch.

namespace gemel::kernel::GEMEL_SET {

/// One column of the batch: sum(i, j) += d(i) * x(j).
template <bool Masked, int M, int N, Scalar S>
GEMEL_INLINE void add_column(typename PacketOf<S>::type (&sum)[N][M], const S* d, const S* x,
                             [[maybe_unused]] typename PacketOf<S>::Mask last) {
  using P = typename PacketOf<S>::type;
  GEMEL_FORGET(d);  // else GCC keeps each address's offset in a register, and moves the last two to and fro
  GEMEL_FORGET(x);
  P left[M];
  GEMEL_UNROLL for (int i = 0; i < M; ++i) left[i] = load_row<Masked, M>(d, i, last);
  GEMEL_UNROLL for (int j = 0; j < N; ++j) {
    const P right = broadcast(x[j]);
    GEMEL_UNROLL for (int i = 0; i < M; ++i) sum[j][i] = fma(left[i], right, sum[j][i]);
  }
}

/// M packets of rows from `row`, N columns from `col`, added to g, whose columns are ldg apart.
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

template <int N, Scalar S>
GEMEL_CALL void gradient_columns(const Gradient<S>& p, Index col) {
  constexpr Index size = PacketOf<S>::size;
  Index row = 0;
  const auto g = [&](Index from) { return p.g + col * p.rows + from; };
  for (; row + tile_rows * size <= p.rows; row += tile_rows * size) {
    gradient_tile<tile_rows, N, false>(p, row, col, g(row), p.rows, typename PacketOf<S>::Mask{});
  }
  for (; row < p.rows; row += size) {
    gradient_tile<1, N, true>(p, row, col, g(row), p.rows, first_lanes<S>(p.rows - row));
  }
}

template <int N, Scalar S>
GEMEL_INLINE Index gradient_by(const Gradient<S>& p, Index col) {
  for (; col + N <= p.cols; col += N) gradient_columns<N>(p, col);
  return col;
}

template <Scalar S>
GEMEL_TARGET inline void add_gradient(const Gradient<S>& p) {
  Index col = gradient_by<tile_cols>(p, 0);
  if constexpr (tile_cols > 4) col = gradient_by<4>(p, col);
  gradient_by<1>(p, gradient_by<2>(p, col));
}

/// g(i) += sum over k of d_k(i): the gradient of a bias.
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
