#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

#include "gemel/core/arithmetic.hpp"
#include "gemel/core/types.hpp"

namespace gemel::detail {

// The contrastive losses are functions of a pair's residual r: how far its distance is on the wrong side of the pair's
// margin. r is positive if the distance should shrink and negative if it should grow. A NaN distance gives a NaN
// residual, never 0.

/// The residual of a pair: max(0, d - positive_margin) if it is similar, -max(0, margin - d) if it is dissimilar. It is
/// exactly 0 on the right side of the margin. It selects by arithmetic instead of a branch on the label, so that loops
/// over it vectorize; the arithmetic on the label is exact.
struct Residual {
  double margin, positive_margin = 0;

  double operator()(double d, std::uint8_t label) const {
    const double similar = label, sign = 2 * similar - 1;
    const double wrong = sign * (d - (similar * positive_margin + (1 - similar) * margin));
    return sign * (0.5 * (wrong + std::abs(wrong))) + 0.0;  // max(0, wrong); NaN stays NaN, infinity may become NaN
  }
};

/// weight[i], or 1 if there are no weights.
template <Scalar S>
double weight_at(std::span<const S> weight, std::size_t i) {
  return weight.empty() ? 1 : static_cast<double>(weight[i]);
}

/// For a loss scale * sum of w r^2 over the pairs: adds one pair's w r^2 to `sum` and returns its slope 2 scale w r,
/// where w is `weight`.
inline double add_square(double weight, double r, double scale, double& sum) {
  const double weighted = weight * r;
  sum += rounded(weighted * r);
  return 2 * scale * weighted;
}

/// Returns scale * sum of w r^2 over the batch, summed from the first pair to the last, and writes the slopes. It works
/// on blocks of pairs, so that the compiler can vectorize everything but the sum.
template <Scalar S>
double squared_residuals(std::span<const S> d, std::span<const std::uint8_t> similar, std::span<const S> weight,
                         std::span<S> slope, double scale, double margin, double positive_margin = 0) {
  constexpr std::size_t block = 64;
  const Residual residual{margin, positive_margin};
  double r[block], square[block], sum = 0;
  for (std::size_t first = 0; first < d.size(); first += block) {
    const std::size_t count = std::min(block, d.size() - first);
    for (std::size_t i = 0; i < count; ++i) {
      r[i] = residual(static_cast<double>(d[first + i]), similar[first + i]);
    }
    for (std::size_t i = 0; i < count; ++i) {
      const double weighted = weight_at(weight, first + i) * r[i];
      square[i] = weighted * r[i];
      slope[first + i] = static_cast<S>(2 * scale * weighted);
    }
    for (std::size_t i = 0; i < count; ++i) sum += rounded(square[i]);
  }
  return scale * sum;
}

}  // namespace gemel::detail
