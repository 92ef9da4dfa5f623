#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "gemel/core/reduce.hpp"
#include "gemel/core/types.hpp"

namespace gemel {

/// |x| = scale * norm, the scale a power of two: 1 but where x's squares overflow or underflow.
template <Scalar S>
struct ScaledNorm {
  S scale;
  S norm;
};

/// The Euclidean norm of n elements. Where one is NaN or infinite, so is the norm.
template <Scalar S>
ScaledNorm<S> scaled_norm(const S* x, Index n) {
  const S square = sum_of_squares(x, n);
  if (std::isnormal(square)) return {1, std::sqrt(square)};
  const S top = peak(x, n);
  if (top == 0 || !std::isfinite(top)) return {1, top};
  const int most = std::numeric_limits<S>::max_exponent - 2;  // so that 1 / scale is a normal number too
  const S scale = std::ldexp(S{1}, std::clamp(std::ilogb(top), -most, most));
  S sum = 0;
  for (Index i = 0; i < n; ++i) sum = std::fma(x[i] / scale, x[i] / scale, sum);
  return {scale, std::sqrt(sum)};
}

}  // namespace gemel
