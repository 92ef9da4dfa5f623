// Scales the features of samples, in double.

namespace gemel::kernel::GEMEL_SET {

/// Scales N columns beginning at `first`; each offset and factor is loaded once for all of them. The difference is
/// rounded before it is multiplied, so there is no product and sum to fuse.
template <int N, Scalar S>
GEMEL_INLINE void scale_columns(const Scaling<S>& p, Index first) {
  using P = PacketOf<double>::type;
  constexpr Index size = PacketOf<double>::size;
  const P high = broadcast(p.clip), low = broadcast(-p.clip);
  Index i = 0;
  for (; i + size <= p.rows; i += size) {
    const P offset = load(p.offset + i), factor = load(p.factor + i);
    GEMEL_UNROLL for (Index j = first; j < first + N; ++j) {
      const P scaled = mul(sub(load_doubles(p.x[j] + i), offset), factor);
      store_doubles(p.y + j * p.rows + i, min(high, max(low, scaled)));
    }
  }
  for (; i < p.rows; ++i) {
    for (Index j = first; j < first + N; ++j) {
      double scaled = (static_cast<double>(p.x[j][i]) - p.offset[i]) * p.factor[i];
      scaled = -p.clip > scaled ? -p.clip : scaled;
      p.y[j * p.rows + i] = static_cast<S>(p.clip < scaled ? p.clip : scaled);
    }
  }
}

template <Scalar S>
GEMEL_TARGET inline void scale(const Scaling<S>& p) {
  constexpr int at_once = 4;
  Index j = 0;
  for (; j + at_once <= p.cols; j += at_once) scale_columns<at_once>(p, j);
  for (; j < p.cols; ++j) scale_columns<1>(p, j);
}

}  // namespace gemel::kernel::GEMEL_SET
