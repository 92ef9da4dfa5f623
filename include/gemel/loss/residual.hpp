#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

#include "gemel/core/arithmetic.hpp"
#include "gemel/core/types.hpp"

namespace gemel::detail {

// The contrastive losses share this: a pair's term is a function of its residual r, how far the distance is on the
// wrong side of the pair's margin. r is positive if the distance should shrink and negative if it should grow. A NaN
// distance gives a NaN residual, never 0.

/// The residual of a pair. Similar: max(0, d - positive_margin). Dissimilar: -max(0, margin - d), exactly 0 from the
/// margin on. Labels come in no order, so there is no branch on them: exact arithmetic instead lets it vectorize.
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

/// For a loss that is `scale` times a sum of weighted squares: adds w r^2 to `sum` and returns the slope 2 scale w r.
inline double add_square(double weight, double r, double scale, double& sum) {
  const double weighted = weight * r;
  sum += rounded(weighted * r);
  return 2 * scale * weighted;
}

/// Returns scale * sum of w r^2 over the batch, added up from the first pair to the last, and writes the slopes. It
/// takes a block of pairs at a time, so that the compiler can vectorize everything but the sum.
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
