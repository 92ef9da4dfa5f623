// One column against many: all distances of a sample's pairs, and their gradients.

namespace gemel::kernel::GEMEL_SET {

/// The lanes' sums of (a - b_j)^2 for N columns, stored one column after the other.
template <int N, Scalar S>
GEMEL_CALL void squares_in_lanes(const S* a, const S* const* b, Index n, S* sums) {
  using P = typename PacketOf<S>::type;
  constexpr int size = PacketOf<S>::size, packets = lanes<S> / size;
  P sum[N][packets];
  GEMEL_UNROLL for (int j = 0; j < N; ++j) {
    GEMEL_UNROLL for (int r = 0; r < packets; ++r) sum[j][r] = broadcast(S{0});
  }
  Index i = 0;
  for (; i + lanes<S> <= n; i += lanes<S>) {
    GEMEL_UNROLL for (int r = 0; r < packets; ++r) {
      const P left = load(a + i + r * size);
      GEMEL_UNROLL for (int j = 0; j < N; ++j) {
        sum[j][r] = SquaredDifference::add_term(left, load(b[j] + i + r * size), sum[j][r]);
      }
    }
  }
  GEMEL_UNROLL for (int r = 0; r < packets; ++r) {
    const Index left = n - i - r * size;
    if (left <= 0) break;
    const auto last = first_lanes<S>(left);
    GEMEL_UNROLL for (int j = 0; j < N; ++j) {
      sum[j][r] = SquaredDifference::add_term(load(a + i + r * size, last), load(b[j] + i + r * size, last), sum[j][r]);
    }
  }
  GEMEL_UNROLL for (int j = 0; j < N; ++j) {
    GEMEL_UNROLL for (int r = 0; r < packets; ++r) store(sums + j * lanes<S> + r * size, sum[j][r]);
  }
}

/// d_j = |a - b_j|^2. As many columns as there are lanes at once: transposed, their trees are sums of whole packets.
template <Scalar S>
GEMEL_TARGET inline void squared_distances(const S* a, const S* const* b, Index n, Index count, S* d) {
  constexpr Index width = lanes<S>, size = PacketOf<S>::size;
  constexpr int at_once = 2 * size >= width ? 4 : 2;
  alignas(64) S sums[width * width];
  alignas(64) S by_lane[width * width];
  for (Index first = 0; first < count; first += width) {
    const Index cols = count - first < width ? count - first : width;
    if (cols < 4) {
      for (; first < count; ++first) d[first] = squared_distance(a, b[first], n);
      return;
    }
    Index j = 0;
    for (; j + at_once <= cols; j += at_once) squares_in_lanes<at_once>(a, b + first + j, n, sums + j * width);
    for (; j < cols; ++j) squares_in_lanes<1>(a, b + first + j, n, sums + j * width);
    for (Index i = cols * width; i < width * width; i += size) store(sums + i, broadcast(S{0}));
    Index side = width;
    GEMEL_FORGET(side);  // else GCC makes a transpose of its own for this width
    transpose(sums, side, side, side, by_lane, side);
    for (Index half = width / 2; half > 0; half /= 2) {
      for (Index i = 0; i < half * width; i += size) {
        store(by_lane + i, add(load(by_lane + i), load(by_lane + half * width + i)));
      }
    }
    for (j = 0; j < cols; j += size) store(d + first + j, load(by_lane + j), first_lanes<S>(cols - j));
  }
}

/// x(i) = sqrt(x(i))
template <Scalar S>
GEMEL_TARGET inline void square_roots(S* x, Index n) {
  constexpr Index size = PacketOf<S>::size;
  for (Index i = 0; i < n; i += size) {
    const auto lanes_left = first_lanes<S>(n - i);
    store(x + i, sqrt(load(x + i, lanes_left)), lanes_left);
  }
}

/// M packets of rows from `row`.
template <int M, bool Masked, Scalar S>
GEMEL_INLINE void add_differences_tile(const Differences<S>& p, Index row, typename PacketOf<S>::Mask last) {
  using P = typename PacketOf<S>::type;
  P a[M], da[M];
  GEMEL_UNROLL for (int i = 0; i < M; ++i) a[i] = load_row<Masked, M>(p.a + row, i, last);
  GEMEL_UNROLL for (int i = 0; i < M; ++i) da[i] = load_row<Masked, M>(p.da + row, i, last);
  for (Index j = 0; j < p.count; ++j) {
    const S* b = p.b[j] + row;
    S* db = p.db[j] + row;
    GEMEL_FORGET(b);  // else GCC keeps each address's offset in a register
    GEMEL_FORGET(db);
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

}  // namespace gemel::kernel::GEMEL_SET
