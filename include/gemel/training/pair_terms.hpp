#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "gemel/core/error.hpp"
#include "gemel/core/rounded.hpp"
#include "gemel/core/types.hpp"

namespace gemel::detail {

// What the contrastive losses share. A pair's term is a function of its residual r: how far the distance is on the
// wrong side of the pair's margin, positive where it should shrink, negative where it should grow. Each function reads
// NaN as wrong, never as zero.

/// Similar: d beyond the positive margin. Dissimilar: d short of the margin, negative; exactly 0 from the margin on.
inline double residual(double d, bool similar, double margin, double positive_margin = 0) {
  const double beyond = d - positive_margin, short_of = d - margin;
  const double excess = beyond < 0 ? 0 : beyond, lack = short_of >= 0 ? 0 : short_of;
  return similar ? excess : lack;
}

/// weight[i], or 1 where all pairs weigh the same.
template <Scalar S>
double weight_at(std::span<const S> weight, std::size_t i) {
  return weight.empty() ? 1 : static_cast<double>(weight[i]);
}

/// A loss that is `scale` times a sum of weighted squares: adds w r^2 to `sum` and returns the slope, scale 2 w r.
inline double add_square(double weight, double r, double scale, double& sum) {
  const double weighted = weight * r;
  sum += rounded(weighted * r);
  return 2 * scale * weighted;
}

/// scale * sum of w r^2 over the batch, first pair first, with its slopes.
template <Scalar S>
double squared_residuals(std::span<const S> d, std::span<const std::uint8_t> similar, std::span<const S> weight,
                         std::span<S> slope, double scale, double margin, double positive_margin = 0) {
  double sum = 0;
  for (std::size_t i = 0; i < d.size(); ++i) {
    const double r = residual(static_cast<double>(d[i]), similar[i] != 0, margin, positive_margin);
    slope[i] = static_cast<S>(add_square(weight_at(weight, i), r, scale, sum));
  }
  return scale * sum;
}

/// Throws ValueError for an empty batch, ShapeError where the spans disagree.
template <Scalar S>
void check_batch(std::span<const S> d, std::span<const std::uint8_t> similar, std::span<const S> weight,
                 std::span<S> slope) {
  const std::size_t n = d.size();
  if (n == 0) throw ValueError("the loss of an empty batch is not defined: give it at least one pair");
  if (similar.size() != n || slope.size() != n || (!weight.empty() && weight.size() != n)) {
    throw ShapeError({"the loss was given ", n, " distances, but ", similar.size(), " labels, ", weight.size(),
                      " weights and room for ", slope.size(), " slopes"});
  }
}

/// Throws ValueError where the margin is not positive and finite.
inline void check_margin(double margin) {
  if (!(margin > 0 && std::isfinite(margin))) {
    throw ValueError({"a loss's margin must be positive and finite, but ", margin, " was given"});
  }
}

/// The same, and ValueError where the positive margin is not in [0, margin).
inline void check_margins(double margin, double positive_margin) {
  check_margin(margin);
  if (!(positive_margin >= 0 && positive_margin < margin)) {
    throw ValueError({"a loss's positive_margin must be at least 0 and less than its margin (", margin, "), but ",
                      positive_margin, " was given"});
  }
}

}  // namespace gemel::detail
