#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "gemel/core/kernel.hpp"
#include "gemel/core/types.hpp"

namespace gemel {

// Sums over n elements in a fixed order (16 lanes of float, 8 of double, then a tree), so that their bits depend
// neither on the instruction set nor on the compiler.

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

/// The largest |x(i)|; infinity or NaN if there is one, and NaN if there are both; 0 for n = 0.
template <Scalar S>
S max_abs(const S* x, Index n) {
  return kernel::kernels<S>().max_abs(&x, n, 1);
}
/// The same over `cols` columns of n elements.
template <Scalar S>
S max_abs(const S* const* columns, Index n, Index cols) {
  return kernel::kernels<S>().max_abs(columns, n, cols);
}

/// A Euclidean norm as scale * norm.
template <Scalar S>
struct ScaledNorm {
  S scale;  ///< A power of two; 1 unless the squares overflow, or underflow so far that digits are lost.
  S norm;   ///< The norm divided by the scale.
};

/// Whether a sum of n squares has all its digits, because neither the sum overflowed nor the squares underflowed. Where
/// it is true, each square is off by at most min * epsilon, and all together by at most epsilon / 8 of the sum.
template <Scalar S>
bool keeps_digits(S square, Index n) {
  using Limits = std::numeric_limits<S>;
  return square >= 8 * static_cast<S>(n) * Limits::min() && square <= Limits::max() / 2;
}

/// The Euclidean norm of n elements, up to rounding. It is NaN or infinite if an element is. The dot product of two
/// vectors of scale 1 does not overflow and loses no digits either.
template <Scalar S>
ScaledNorm<S> scaled_norm(const S* x, Index n) {
  const S square = sum_of_squares(x, n);
  if (keeps_digits(square, n)) return {1, std::sqrt(square)};
  const S top = max_abs(x, n);
  if (top == 0 || !std::isfinite(top)) return {1, top};
  const int exponent = std::numeric_limits<S>::max_exponent - 2;  // 1 / scale is a normal number too
  const S scale = std::ldexp(S{1}, std::clamp(std::ilogb(top), -exponent, exponent));
  S sum = 0;
  for (Index i = 0; i < n; ++i) sum = std::fma(x[i] / scale, x[i] / scale, sum);
  return {scale, std::sqrt(sum)};
}

}  // namespace gemel
