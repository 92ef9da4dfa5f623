// Functions that treat each element on its own. first_lanes is in tile.inl.

namespace gemel::kernel::GEMEL_SET {

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

/// x(i) = sqrt(x(i))
template <Scalar S>
GEMEL_TARGET inline void square_roots(S* x, Index n) {
  constexpr Index size = PacketOf<S>::size;
  for (Index i = 0; i < n; i += size) {
    const auto lanes_left = first_lanes<S>(n - i);
    store(x + i, sqrt(load(x + i, lanes_left)), lanes_left);
  }
}

}  // namespace gemel::kernel::GEMEL_SET
