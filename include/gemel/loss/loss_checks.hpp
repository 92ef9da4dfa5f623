#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

#include "gemel/core/error.hpp"
#include "gemel/core/types.hpp"

namespace gemel::detail {

/// Throws ValueError for an empty batch and ShapeError if the spans' lengths disagree.
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

/// Throws ValueError if the margin is not positive and finite.
inline void check_margin(double margin) {
  if (!(margin > 0 && std::isfinite(margin))) {
    throw ValueError({"a loss's margin must be positive and finite, but ", margin, " was given"});
  }
}

/// Throws ValueError if the margin is not positive and finite, or the positive margin is not in [0, margin).
inline void check_margins(double margin, double positive_margin) {
  check_margin(margin);
  if (!(positive_margin >= 0 && positive_margin < margin)) {
    throw ValueError({"a loss's positive_margin must be at least 0 and less than its margin (", margin, "), but ",
                      positive_margin, " was given"});
  }
}

}  // namespace gemel::detail
