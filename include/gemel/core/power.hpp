#pragma once

#include <array>
#include <cmath>
#include <cstdint>

#include "gemel/core/elementary.hpp"

namespace gemel {

// Powers with the same bits on every platform, as core/elementary.hpp has its functions.

/// base^n for n >= 0, by squaring.
inline double power(double base, std::int64_t n) {
  double result = 1;
  for (double square = base; n > 0; n /= 2, square *= square) {
    if (n % 2 == 1) result *= square;
  }
  return result;
}

/// 1 - base^n for n >= 1; where the two are close it keeps more digits than the difference of two rounded numbers.
inline double one_minus_power(double base, std::int64_t n) { return std::fma(-power(base, n - 1), base, 1.0); }

/// e^x for |x| < 700, relative error about 1e-16: x = k log 2 + r, |r| <= log 2 / 2, and the Taylor series in r
/// (Abramowitz and Stegun, Handbook of Mathematical Functions, 4.2.1).
inline double portable_exp(double x) {
  static constexpr std::array<double, 15> inverse_factorial = {1.0,
                                                               1.0,
                                                               1.0 / 2,
                                                               1.0 / 6,
                                                               1.0 / 24,
                                                               1.0 / 120,
                                                               1.0 / 720,
                                                               1.0 / 5040,
                                                               1.0 / 40320,
                                                               1.0 / 362880,
                                                               1.0 / 3628800,
                                                               1.0 / 39916800,
                                                               1.0 / 479001600,
                                                               1.0 / 6227020800,
                                                               1.0 / 87178291200};
  constexpr double log_2 = 0x1.62e42fefa39efp-1;
  constexpr double log_2_rest = 0x1.abc9e3b39803fp-56;
  const double k = std::floor(x / log_2 + 0.5);
  const double r = std::fma(-k, log_2_rest, std::fma(-k, log_2, x));
  return std::ldexp(detail::polynomial(inverse_factorial, r), static_cast<int>(k));
}

/// base^exponent for base > 0 and exponent >= 0: the whole part by squaring, the rest by e^(fraction log base).
inline double power(double base, double exponent) {
  const double whole = std::floor(exponent);
  return power(base, static_cast<std::int64_t>(whole)) * portable_exp((exponent - whole) * portable_log(base));
}

}  // namespace gemel
