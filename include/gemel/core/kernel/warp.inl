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

/// Computes the positions of the pixels in `count` rows from `first` on: the places of their corners, and how far they
/// are from the upper left of the four. Every coordinate is one chain of multiply-adds over the functions, in order,
/// and so is each of the functions' factors in a row.
template <Scalar S>
GEMEL_NOINLINE void positions(const Warp<S>& w, Index first, Index count) {
  using P = PacketOf<S>;
  using V = typename P::type;
  constexpr int group = static_cast<int>(packet_values<S>) / P::size;
  const Index n = w.functions, width = w.width, stride = w.matrix_stride, column_stride = w.column_stride;
  const V zero = broadcast(S{0});
  for (Index r = 0; r < count; ++r) {
    const S* const of_row = w.of_row + (first + r) * n;
    for (Index q = 0; q < 2 * n; q += P::size) {
      V sum = zero;
      for (Index s = 0; s < n; ++s) sum = fma(broadcast(of_row[s]), load(w.matrix + s * stride + q), sum);
      store(w.factors + r * stride + q, sum);
    }
  }
  const V last_x = broadcast(static_cast<S>(width + 1)), last_y = broadcast(static_cast<S>(w.height + 1));
  const V two_rows = broadcast(static_cast<S>(2 * warp_pitch<S>(width)));
  for (Index r = 0; r < count; ++r) {
    const S* const factors = w.factors + r * stride;
    // The last packets of a row reach into the next one, which overwrites what they leave there.
    for (Index c = 0; c < width; c += packet_values<S>) {
      V x[group], y[group];
      GEMEL_UNROLL for (int g = 0; g < group; ++g) x[g] = y[g] = zero;
      for (Index s = 0; s < n; ++s) {
        const V x_factor = broadcast(factors[s]), y_factor = broadcast(factors[n + s]);
        GEMEL_UNROLL for (int g = 0; g < group; ++g) {
          const V value = load(w.of_column + s * column_stride + c + g * P::size);
          x[g] = fma(x_factor, value, x[g]);
          y[g] = fma(y_factor, value, y[g]);
        }
      }
      GEMEL_UNROLL for (int g = 0; g < group; ++g) {
        const Index i = r * width + c + g * P::size;
        const V right = min(max(x[g], zero), last_x), down = min(max(y[g], zero), last_y);
        const V column = truncate(right), row = truncate(down);
        store(w.right + i, sub(right, column));
        store(w.down + i, sub(down, row));
        store_integers(w.corner + i, fma(row, two_rows, add(column, column)));
      }
    }
  }
  // The last packet of `interpolate` may reach beyond the last pixel.
  for (Index i = 0; i < packet_values<S>; i += P::size) store_integers(w.corner + count * width + i, zero);
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
