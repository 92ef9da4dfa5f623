#pragma once

#include <cmath>
#include <limits>
#include <numbers>

#include "gemel/core/error.hpp"
#include "gemel/core/types.hpp"
#include "gemel/metrics/normal_deviate.hpp"

namespace gemel {

namespace detail {

/// The probability that a variable of Student's distribution is within -t and t (Abramowitz and Stegun, Handbook of
/// Mathematical Functions, 1964, 26.7.3 and 26.7.4).
inline double student_within(double t, Index degrees) {
  const double angle = std::atan(t / std::sqrt(static_cast<double>(degrees)));
  const double cosine = std::cos(angle);
  const bool odd = degrees % 2 == 1;
  double term = odd ? cosine : 1, sum = degrees == 1 ? 0 : term;
  for (Index k = odd ? 3 : 2; k < degrees; k += 2) {
    const auto number = static_cast<double>(k);
    term *= cosine * cosine * (number - 1) / number;
    sum += term;
  }
  sum *= std::sin(angle);
  return odd ? (angle + sum) * 2 / std::numbers::pi : sum;
}

}  // namespace detail

/// The t below which a variable of Student's distribution with `degrees` degrees of freedom is with probability `rate`,
/// found with bisection, to at least nine digits for rates from 1e-6 to 1 - 1e-6; -infinity for 0 and infinity for 1.
/// From 10,000 degrees on, it is the `normal_deviate`, from
/// which it differs by less than a part in a thousand where the rate is within 0.001 and 0.999. Throws ValueError
/// unless the rate is in [0, 1] and there is at least one degree.
inline double student_deviate(double rate, Index degrees) {
  if (degrees < 1) throw ValueError({"degrees of freedom are at least 1, but ", degrees, " were given"});
  constexpr Index nearly_normal = 10'000;
  if (!(rate > 0 && rate < 1) || degrees >= nearly_normal) return normal_deviate(rate);
  const double within = std::abs(2 * rate - 1);
  double low = 0, high = 1;
  while (detail::student_within(high, degrees) < within && std::isfinite(high)) high *= 2;
  for (int i = 0; i < 60; ++i) {
    const double t = (low + high) / 2;
    (detail::student_within(t, degrees) < within ? low : high) = t;
  }
  return rate < 0.5 ? -(low + high) / 2 : (low + high) / 2;
}

}  // namespace gemel
