#pragma once

#include "gemel/core/kernel.hpp"

namespace gemel {

// Sums over n elements in a fixed order (16 lanes of float, 8 of double, then a tree), so that their bits depend
// neither on the packet's width nor on the compiler.

/// sum x(i)^2
template <Scalar S>
S sum_of_squares(const S* x, Index n) {
  return kernel::kernels<S>().dot(x, x, n);
}

/// sum a(i) b(i)
template <Scalar S>
S dot(const S* a, const S* b, Index n) {
  return kernel::kernels<S>().dot(a, b, n);
}

/// sum (a(i) - b(i))^2
template <Scalar S>
S squared_distance(const S* a, const S* b, Index n) {
  return kernel::kernels<S>().squared_distance(a, b, n);
}

/// d_j = sum over i of (a_j(i) - b_j(i))^2, each with the bits of squared_distance.
template <Scalar S>
void squared_distances(const S* const* a, const S* const* b, Index n, Index count, S* d) {
  kernel::kernels<S>().squared_distances(a, b, n, count, d);
}

/// x(i) = sqrt(x(i))
template <Scalar S>
void square_roots(S* x, Index n) {
  kernel::kernels<S>().square_roots(x, n);
}

/// sum |a(i) - b(i)|
template <Scalar S>
S absolute_distance(const S* a, const S* b, Index n) {
  return kernel::kernels<S>().absolute_distance(a, b, n);
}

/// The largest |x(i)|; infinity or NaN where there is one.
template <Scalar S>
S peak(const S* x, Index n) {
  return kernel::kernels<S>().peak(&x, n, 1);
}
/// That of `cols` columns of n elements.
template <Scalar S>
S peak(const S* const* columns, Index n, Index cols) {
  return kernel::kernels<S>().peak(columns, n, cols);
}

}  // namespace gemel
