#pragma once

#include <cmath>

#include "gemel/core/types.hpp"

namespace gemel::detail {

// To take a fraction of n items, a program computes fraction * n, which has a rounding error. 0.29 * 50 should be 14.5
// and (1 - 0.9) * 1000 should be 100, but in double both are slightly smaller, so floor(0.29 * 50 + 0.5) and
// floor((1 - 0.9) * 1000) are one item too few. The tolerance of 1e-9 * n is far larger than the rounding errors of
// numbers up to n, and far smaller than any intended difference between fractions. ("Tolerant floor" is APL's term.)

/// The largest integer that is at most x + 1e-9 * n, for an x that was computed from numbers of at most n.
inline Index tolerant_floor(double x, double n) { return static_cast<Index>(std::floor(x + 1e-9 * n)); }

/// The smallest integer that is at least x - 1e-9 * n, for an x that was computed from numbers of at most n.
inline Index tolerant_ceil(double x, double n) { return static_cast<Index>(std::ceil(x - 1e-9 * n)); }

}  // namespace gemel::detail
