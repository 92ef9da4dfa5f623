#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "gemel/core/kernel.hpp"
#include "gemel/core/types.hpp"

namespace gemel {

// Sums over n elements in a fixed order, so that their bits do not depend on the compiler, nor on the instruction set
// among those with a fused multiply-add: element i is added to lane i modulo 16 (8 for double), and the lanes are then
// added in a tree.

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

/// d_j = sum over i of (a_j(i) - b_j(i))^2 for j < count; each is bit-identical to squared_distance(a_j, b_j, n).
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

/// The largest |x(i)|, where NaN counts as larger than infinity; 0 if n is 0.
template <Scalar S>
S max_abs(const S* x, Index n) {
  return kernel::kernels<S>().max_abs(&x, n, 1);
}
/// As above, but over `cols` columns of n elements each.
template <Scalar S>
S max_abs(const S* const* columns, Index n, Index cols) {
  return kernel::kernels<S>().max_abs(columns, n, cols);
}

/// The larger of two numbers >= 0, where NaN counts as larger than infinity.
template <Scalar S>
S larger(S a, S b) {
  return b > a || std::isnan(b) ? b : a;
}

/// A Euclidean norm, as the product scale * norm.
template <Scalar S>
struct ScaledNorm {
  S scale;  ///< a power of two: 1 unless the squares overflow, or underflow so far that digits are lost
  S norm;   ///< the Euclidean norm divided by the scale
};

/// Whether `square`, a computed sum of n squares, lost no digits to overflow or underflow. If true, underflow changed
/// each square by at most min * epsilon, and all squares together by at most epsilon / 8 of the sum.
template <Scalar S>
bool keeps_digits(S square, Index n) {
  using Limits = std::numeric_limits<S>;
  return square >= 8 * static_cast<S>(n) * Limits::min() && square <= Limits::max() / 2;
}

/// The Euclidean norm of n elements, up to rounding. It is NaN or infinite if an element is. If two vectors both have
/// scale 1, their dot product does not overflow and loses no digits to underflow either.
template <Scalar S>
ScaledNorm<S> scaled_norm(const S* x, Index n) {
  const S square = sum_of_squares(x, n);
  if (keeps_digits(square, n)) return {1, std::sqrt(square)};
  const S top = max_abs(x, n);
  if (top == 0 || !std::isfinite(top)) return {1, top};
  const int exponent = std::numeric_limits<S>::max_exponent - 2;  // so that 1 / scale is a normal number too
  const S scale = std::ldexp(S{1}, std::clamp(std::ilogb(top), -exponent, exponent));
  S sum = 0;
  for (Index i = 0; i < n; ++i) sum = std::fma(x[i] / scale, x[i] / scale, sum);
  return {scale, std::sqrt(sum)};
}

}  // namespace gemel
