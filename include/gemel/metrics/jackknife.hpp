#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>
#include <span>
#include <string>
#include <utility>

#include "gemel/core/format.hpp"
#include "gemel/core/types.hpp"
#include "gemel/metrics/student_deviate.hpp"
#include "gemel/metrics/wilson_interval.hpp"

namespace gemel::detail {

/// A rate on the scale 2 * asin(sqrt(rate)), from 0 to pi, on which its spread depends little on the rate itself
/// (Freeman and Tukey, Annals of Mathematical Statistics 21, 1950), and back.
inline double to_angle(double rate) { return 2 * std::asin(std::sqrt(std::clamp(rate, 0.0, 1.0))); }
inline double from_angle(double angle) {
  const double sine = std::sin(std::clamp(angle, 0.0, std::numbers::pi) / 2);
  return sine * sine;
}

/// The jackknife of a rate: its spread among sets of people, from the rates without each one of them (Efron and
/// Tibshirani, An Introduction to the Bootstrap, 1993, chapter 11). Its intervals use Student's distribution with one
/// degree of freedom fewer than there are people, as is usual for few independent groups (Cameron and Miller, Journal
/// of Human Resources 50, 2015).
class Jackknife {
 public:
  /// `without` has the rates without each one of the people, of whom there are at least two.
  Jackknife(double rate, std::span<const double> without) : angle_(to_angle(rate)), people_(length(without)) {
    const auto n = static_cast<double>(without.size());
    double mean = 0, squares = 0;
    for (const double other : without) mean += to_angle(other) / n;
    for (const double other : without) squares += (to_angle(other) - mean) * (to_angle(other) - mean);
    deviation_ = std::sqrt((n - 1) / n * squares);
  }

  /// The confidence interval of the rate.
  Interval interval(double confidence) const {
    return around(deviation_, people_ - 1, confidence, format({"jackknife by identity, of ", people_, " identities"}));
  }
  /// The prediction interval of the rate among `others`, people of the same kind. The variance of both rates is added,
  /// and that of theirs is in inverse proportion to their number. The degrees of freedom are those of the smaller
  /// number of people, which is the cautious choice where the variances of two means differ.
  Interval prediction(Index others, double confidence) const {
    const double deviation = deviation_ * std::sqrt(1 + static_cast<double>(people_) / static_cast<double>(others));
    return around(deviation, std::min(people_, others) - 1, confidence,
                  format({"prediction for ", others, " people, jackknife by identity, of ", people_, " identities"}));
  }

 private:
  Interval around(double deviation, Index degrees, double confidence, std::string method) const {
    const double half = student_deviate((1 + confidence) / 2, degrees) * deviation;
    return {.low = from_angle(angle_ - half), .high = from_angle(angle_ + half), .method = std::move(method)};
  }

  double angle_;
  Index people_;
  double deviation_ = 0;
};

}  // namespace gemel::detail
