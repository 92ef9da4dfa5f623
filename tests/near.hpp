#pragma once

#include <cmath>

namespace gemel::test {

/// Whether two numbers differ by at most a tolerance.
inline bool near(double a, double b, double tolerance = 1e-5) { return std::abs(a - b) <= tolerance; }

}  // namespace gemel::test
