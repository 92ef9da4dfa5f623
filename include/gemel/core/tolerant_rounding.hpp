#pragma once

#include <cmath>

#include "gemel/core/types.hpp"

namespace gemel::detail {

// A fraction of n items is a product with a rounding error: 0.29 * 50 should be 14.5 and (1 - 0.9) * 1000 should be
// 100, but in double both come out slightly smaller, and a plain floor (of x + 0.5, or of x) gives one item too few.
// The tolerance of 1e-9 n is far larger than the rounding errors of numbers up to n, and far smaller than any intended
// difference between fractions. ("Tolerant floor" is APL's term.)

/// The largest integer that is at most x, up to a tolerance; x was computed from numbers of at most n.
inline Index tolerant_floor(double x, double n) { return static_cast<Index>(std::floor(x + 1e-9 * n)); }

/// The smallest integer that is at least x, up to the same tolerance.
inline Index tolerant_ceil(double x, double n) { return static_cast<Index>(std::ceil(x - 1e-9 * n)); }

}  // namespace gemel::detail
