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

/// The standard deviation of the difference of a rate among `others` people and of that among `known` people, divided
/// by the deviation of the latter. The variance of a rate of pairs of people is in inverse proportion to the number of
/// people if each is confused with others more or less often, and to the number of their pairs if only pairs differ
/// (Hoeffding, Annals of Mathematical Statistics 19, 1948). This takes the larger result of the two.
inline double prediction_factor(Index known, Index others) {
  const auto n = static_cast<double>(known), m = static_cast<double>(others);
  return std::sqrt(1 + (m < n ? n * (n - 1) / (m * (m - 1)) : n / m));
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
  /// The prediction interval of the rate among `others`, people of the same kind. The degrees of freedom are those of
  /// the smaller number of people, which is the cautious choice.
  Interval prediction(Index others, double confidence) const {
    return around(deviation_ * prediction_factor(people_, others), std::min(people_, others) - 1, confidence,
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
