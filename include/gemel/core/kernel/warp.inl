// Samples images at displaced positions.

namespace gemel::kernel::GEMEL_SET {

/// Writes the image with a border of zeros, so that all four pixels around a position are neighbors in memory: element
/// 2 (r pitch + c) of the result is the pixel in row r and column c, where row 0 and column 0 are border, and the next
/// element is the pixel below it.
template <Scalar S>
GEMEL_NOINLINE void interleave_rows(const Warp<S>& w) {
  using P = PacketOf<S>;
  const Index height = w.height, width = w.width, pitch = warp_pitch<S>(width);
  const typename P::type zero = broadcast(S{0});
  w.corners[0] = w.corners[1] = 0;
  for (Index r = 0; r < height + 2; ++r) {
    S* const to = w.corners + 2 * (r * pitch + 1);
    const bool has_upper = r > 0 && r <= height, has_lower = r < height;
    const S* const upper = w.image + (has_upper ? r - 1 : 0) * width;
    const S* const lower = w.image + (has_lower ? r : 0) * width;
    for (Index c = 0; c < pitch; c += P::size) {  // beyond `width` is the border, and the border of the next row
      const Index left = width - c;
      if (left >= P::size) {
        store_interleaved(to + 2 * c, has_upper ? load(upper + c) : zero, has_lower ? load(lower + c) : zero);
      } else {
        const typename P::Mask lanes = mask<S>(left < 0 ? 0 : left);
        store_interleaved(to + 2 * c, has_upper ? load(upper + c, lanes) : zero,
                          has_lower ? load(lower + c, lanes) : zero);
      }
    }
  }
}

/// The factors of the functions in `rows` rows from `row` on. Each factor is one chain of multiply-adds over the
/// functions, in order. Several chains are computed at once, because one alone waits for each of its results.
template <int rows, Scalar S>
GEMEL_INLINE void row_factors(const Warp<S>& w, Index row, S* factors) {
  using P = PacketOf<S>;
  using V = typename P::type;
  const Index n = w.functions, stride = w.matrix_stride;
  const S* const of_row = w.of_row + row * n;
  for (Index q = 0; q < 2 * n; q += P::size) {
    V sum[rows];
    GEMEL_UNROLL for (int r = 0; r < rows; ++r) sum[r] = broadcast(S{0});
    for (Index s = 0; s < n; ++s) {
      const V value = load(w.matrix + s * stride + q);
      GEMEL_UNROLL for (int r = 0; r < rows; ++r) sum[r] = fma(broadcast(of_row[r * n + s]), value, sum[r]);
    }
    GEMEL_UNROLL for (int r = 0; r < rows; ++r) store(factors + r * stride + q, sum[r]);
  }
}

/// The largest coordinates, those of the border, and the number of values between two rows.
template <Scalar S>
struct WarpLimits {
  typename PacketOf<S>::type x, y, two_rows;
};

/// Computes the positions of the pixels in `group` packets of a row from column c on. They are written from place i on.
/// Every coordinate is one chain of multiply-adds over the functions, in order.
template <int group, Scalar S>
GEMEL_INLINE void packet_positions(const Warp<S>& w, const WarpLimits<S>& limits, const S* factors, Index c, Index i) {
  using P = PacketOf<S>;
  using V = typename P::type;
  const V zero = broadcast(S{0});
  V x[group], y[group];
  GEMEL_UNROLL for (int g = 0; g < group; ++g) x[g] = y[g] = zero;
  for (Index s = 0; s < w.functions; ++s) {
    const V x_factor = broadcast(factors[s]), y_factor = broadcast(factors[w.functions + s]);
    GEMEL_UNROLL for (int g = 0; g < group; ++g) {
      const V value = load(w.of_column + s * w.column_stride + c + g * P::size);
      x[g] = fma(x_factor, value, x[g]);
      y[g] = fma(y_factor, value, y[g]);
    }
  }
  GEMEL_UNROLL for (int g = 0; g < group; ++g) {
    const Index at = i + g * P::size;
    const V right = min(max(x[g], zero), limits.x), down = min(max(y[g], zero), limits.y);
    const V column = truncate(right), row = truncate(down);
    store(w.right + at, sub(right, column));
    store(w.down + at, sub(down, row));
    store_integers(w.corner + at, fma(row, limits.two_rows, add(column, column)));
  }
}

/// Computes the positions of the pixels in `count` rows from `first` on: the places of their corners, and how far they
/// are from the upper left of the four.
template <Scalar S>
GEMEL_NOINLINE void positions(const Warp<S>& w, Index first, Index count) {
  using P = PacketOf<S>;
  constexpr Index unit = packet_values<S>, rows = 4;
  constexpr int group = static_cast<int>(unit) / P::size;
  constexpr int wide = group == 1 ? 2 : group;  // more packets would not fit into the registers
  const Index width = w.width, stride = w.matrix_stride;
  Index r = 0;
  for (; r + rows <= count; r += rows) row_factors<rows>(w, first + r, w.factors + r * stride);
  for (; r < count; ++r) row_factors<1>(w, first + r, w.factors + r * stride);
  const WarpLimits<S> limits{broadcast(static_cast<S>(width + 1)), broadcast(static_cast<S>(w.height + 1)),
                             broadcast(static_cast<S>(2 * warp_pitch<S>(width)))};
  for (r = 0; r < count; ++r) {
    const S* const factors = w.factors + r * stride;
    // The last packets of a row reach into the next one, which overwrites what they leave there.
    Index c = 0;
    for (; width - c > unit; c += wide * P::size) packet_positions<wide>(w, limits, factors, c, r * width + c);
    if (c < width) packet_positions<group>(w, limits, factors, c, r * width + c);
  }
  // The last packet of `interpolate` may reach beyond the last pixel.
  for (Index i = 0; i < unit; i += P::size) store_integers(w.corner + count * width + i, broadcast(S{0}));
}

/// Where the pixels around position i of a packet are, as an argument of load_transposed.
template <class S>
struct CornersOf {
  const S* corners;
  const std::int32_t* offset;
  GEMEL_INLINE const S* operator()(int i) const { return corners + offset[i]; }
};

/// Interpolates `count` pixels between their corners.
template <Scalar S>
GEMEL_NOINLINE void interpolate(const Warp<S>& w, Index count, S* out) {
  using P = PacketOf<S>;
  using V = typename P::type;
  constexpr int side = transpose_side<S>;
  const S *const corners = w.corners, *const right = w.right, *const down = w.down;
  const std::int32_t* const corner = w.corner;
  for (Index i = 0; i < count; i += P::size) {
    V pixels[4];
    GEMEL_UNROLL for (int k = 0; k < 4; k += side) {
      V rows[side];
      load_transposed(CornersOf<S>{corners + k, corner + i}, rows);
      GEMEL_UNROLL for (int o = 0; o < side; ++o) pixels[k + o] = rows[o];
    }
    const V x = load(right + i), y = load(down + i);
    const V above = fma(x, sub(pixels[2], pixels[0]), pixels[0]);
    const V below = fma(x, sub(pixels[3], pixels[1]), pixels[1]);
    const V value = fma(y, sub(below, above), above);
    if (count - i >= P::size) {
      store(out + i, value);
    } else {
      store(out + i, value, mask<S>(count - i));
    }
  }
}

template <Scalar S>
GEMEL_TARGET inline void warp(const Warp<S>& w) {
  interleave_rows(w);
  for (Index first = 0; first < w.height; first += w.rows_at_once) {
    const Index count = w.height - first < w.rows_at_once ? w.height - first : w.rows_at_once;
    positions(w, first, count);
    interpolate(w, count * w.width, w.out + first * w.width);
  }
}

}  // namespace gemel::kernel::GEMEL_SET
