#pragma once

#include <cmath>

#include "gemel/core/types.hpp"

namespace gemel::detail {

// A share of n things is a product that the machine has rounded: 0.29 of 50 are 14.5, and 1 - 0.9 of 1,000 are 100, but
// both come out a little less, and a plain rounding then gives one thing too few. 1e-9 n is far beyond what rounding
// takes away from numbers up to n, and far below what anyone means by a share: with it, what is short of a whole number
// by rounding only is that number.

/// x, made of numbers up to n, rounded down.
inline Index tolerant_floor(double x, double n) { return static_cast<Index>(std::floor(x + 1e-9 * n)); }

/// The same, rounded up.
inline Index tolerant_ceil(double x, double n) { return static_cast<Index>(std::ceil(x - 1e-9 * n)); }

}  // namespace gemel::detail
