#pragma once

#include <cmath>
#include <string>

#include "gemel/core/error.hpp"
#include "gemel/core/types.hpp"
#include "gemel/metrics/normal_deviate.hpp"

namespace gemel {

/// A confidence interval of a rate.
struct Interval {
  double low = 0;           ///< Lower end, in [0, 1].
  double high = 0;          ///< Upper end, in [0, 1].
  std::string method = {};  ///< How the interval was computed, and what the method assumes.
};

/// Wilson's score interval of the probability of an error, given the number of errors in a number of independent trials
/// (Wilson, Journal of the American Statistical Association 22, 1927). It is within [0, 1], and its width is positive
/// even if there were no errors. Throws ValueError unless 0 <= errors <= trials, trials > 0 and the confidence is in
/// (0, 1).
inline Interval wilson_interval(Index errors, Index trials, double confidence = 0.95);

namespace detail {

inline void check_confidence(double confidence) {
  if (!(confidence > 0 && confidence < 1)) {
    throw ValueError({"a confidence lies between 0 and 1, but ", confidence, " was given"});
  }
}

}  // namespace detail

inline Interval wilson_interval(Index errors, Index trials, double confidence) {
  detail::check_confidence(confidence);
  if (trials <= 0 || errors < 0 || errors > trials) {
    throw ValueError({errors, " errors in ", trials, " trials are not possible"});
  }
  const auto n = static_cast<double>(trials);
  const double p = static_cast<double>(errors) / n;
  const double z = -normal_deviate((1 - confidence) / 2);
  const double centre = p + z * z / (2 * n);
  const double half = z * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  const double scale = 1 + z * z / n;
  // If none or all of the trials were errors, one end is exactly 0 or 1 in spite of rounding.
  return {.low = errors == 0 ? 0 : (centre - half) / scale,
          .high = errors == trials ? 1 : (centre + half) / scale,
          .method = "Wilson score, pairs assumed independent"};
}

}  // namespace gemel
