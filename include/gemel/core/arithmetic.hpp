#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "gemel/core/compiler.hpp"

namespace gemel {

// Arithmetic on doubles that gives the same bits on every platform. C libraries differ in the last bits of log and cos.
// In this file every product that feeds a sum is an explicit fma, so that the compiler cannot choose whether to fuse
// it, and everything else is IEEE arithmetic. The polynomials are plain Taylor series, cut where the first omitted term
// is below half a unit in the last place.

namespace detail {

// log 2 = log_2 + log_2_rest: the nearest double and the remainder.
inline constexpr double log_2 = 0x1.62e42fefa39efp-1;
inline constexpr double log_2_rest = 0x1.abc9e3b39803fp-56;

/// c[0] + c[1] x + c[2] x^2 + …, with Horner's rule.
template <std::size_t N>
double polynomial(const std::array<double, N>& c, double x) {
  double sum = c[N - 1];
  for (std::size_t i = N - 1; i-- > 0;) sum = std::fma(sum, x, c[i]);
  return sum;
}

/// Returns x, which the caller computed as a product. It prevents the compiler from fusing that product with a sum that
/// uses the result; otherwise the bits would depend on the compiler and its flags. If the target may lack an fma
/// instruction, std::fma is a function call, and this function is faster.
inline double rounded(double x) {
#if defined(__x86_64__)
  asm("" : "+x"(x));
#elif defined(__aarch64__)
  asm("" : "+w"(x));
#else
  volatile double memory = x;
  x = memory;
#endif
  return x;
}

}  // namespace detail

/// The natural logarithm of a finite x > 0, with the same bits on every platform and a relative error of about 1e-16.
///
/// With x = 2^k m, m in [sqrt(1/2), sqrt(2)): log x = k log 2 + 2 artanh(s), s = (m - 1) / (m + 1), |s| < 0.172
/// (Abramowitz and Stegun, Handbook of Mathematical Functions, 4.1.27).
inline double portable_log(double x) {
  static constexpr std::array<double, 11> artanh = {1.0,      1.0 / 3,  1.0 / 5,  1.0 / 7,  1.0 / 9, 1.0 / 11,
                                                    1.0 / 13, 1.0 / 15, 1.0 / 17, 1.0 / 19, 1.0 / 21};
  constexpr double sqrt_half = 0x1.6a09e667f3bcdp-1;

  int exponent = 0;
  double m = std::frexp(x, &exponent);
  if (m < sqrt_half) {
    m *= 2;
    --exponent;
  }
  const double k = exponent;
  const double s = (m - 1) / (m + 1);
  const double log_m = 2 * (s * detail::polynomial(artanh, s * s));
  return std::fma(k, detail::log_2, std::fma(k, detail::log_2_rest, log_m));
}

/// cos(2 pi t) for t in [0, 1], with the same bits on every platform and a relative error of about 1e-16, even near the
/// zeros.
///
/// The range is reduced exactly to an eighth of a turn: t = q / 4 + r, |r| <= 1/8 (Abramowitz and Stegun, 4.3.65 and
/// 4.3.66 for the series).
inline double cos_of_turns(double t) {
  static constexpr std::array<double, 9> cosine = {1.0,
                                                   -1.0 / 2,
                                                   1.0 / 24,
                                                   -1.0 / 720,
                                                   1.0 / 40320,
                                                   -1.0 / 3628800,
                                                   1.0 / 479001600,
                                                   -1.0 / 87178291200,
                                                   1.0 / 20922789888000};
  static constexpr std::array<double, 9> sine = {1.0,
                                                 -1.0 / 6,
                                                 1.0 / 120,
                                                 -1.0 / 5040,
                                                 1.0 / 362880,
                                                 -1.0 / 39916800,
                                                 1.0 / 6227020800,
                                                 -1.0 / 1307674368000,
                                                 1.0 / 355687428096000};
  constexpr double two_pi = 0x1.921fb54442d18p+2;

  const double q = std::floor(4 * t + 0.5);  // 4 t and q / 4 are exact, so fusing changes no bit
  const double x = two_pi * (t - q / 4);
  const bool is_sine = q == 1 || q == 3;
  const double magnitude = is_sine ? x * detail::polynomial(sine, x * x) : detail::polynomial(cosine, x * x);
  return q == 1 || q == 2 ? -magnitude : magnitude;
}

/// base^n for n >= 0, with repeated squaring.
inline double power(double base, std::int64_t n) {
  double result = 1;
  for (double square = base; n > 0; n /= 2, square *= square) {
    if (n % 2 == 1) result *= square;
  }
  return result;
}

/// 1 - base^n for n >= 1. If base^n is close to 1, this keeps more digits than 1 - power(base, n), which rounds the
/// power before it subtracts.
inline double one_minus_power(double base, std::int64_t n) { return std::fma(-power(base, n - 1), base, 1.0); }

/// e^x for |x| < 700, with a relative error of about 1e-16: x = k log 2 + r, |r| <= log 2 / 2, and the Taylor series in
/// r (Abramowitz and Stegun, Handbook of Mathematical Functions, 4.2.1).
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
  const double k = std::floor(x / detail::log_2 + 0.5);
  const double r = std::fma(-k, detail::log_2_rest, std::fma(-k, detail::log_2, x));
  return std::ldexp(detail::polynomial(inverse_factorial, r), static_cast<int>(k));
}

/// base^exponent for base > 0 and exponent >= 0: repeated squaring for the integer part of the exponent, times
/// e^(fraction * log base) for its fraction.
inline double power(double base, double exponent) {
  const double whole = std::floor(exponent);
  return power(base, static_cast<std::int64_t>(whole)) * portable_exp((exponent - whole) * portable_log(base));
}

}  // namespace gemel
