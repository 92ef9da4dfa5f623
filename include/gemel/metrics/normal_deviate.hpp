#pragma once

#include <cmath>
#include <limits>
#include <numbers>

#include "gemel/core/error.hpp"

namespace gemel {

/// The z below which a standard normal variable is with probability `rate`, found with bisection; -infinity for 0 and
/// infinity for 1. Throws ValueError unless the rate is in [0, 1].
inline double normal_deviate(double rate) {
  if (!(rate >= 0 && rate <= 1)) throw ValueError({"a rate lies within 0 and 1, but ", rate, " was given"});
  constexpr double infinity = std::numeric_limits<double>::infinity();
  if (rate == 0 || rate == 1) return rate == 0 ? -infinity : infinity;
  double low = -40, high = 40;
  for (int i = 0; i < 80; ++i) {
    const double z = (low + high) / 2;
    (std::erfc(-z / std::numbers::sqrt2) / 2 < rate ? low : high) = z;
  }
  return (low + high) / 2;
}

}  // namespace gemel
