#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "curve.hpp"

// Numbers that describe a curve as a whole.

namespace signature_verification {

/// Appends the mean, the standard deviation, the cube root of the skewness, and seven quantiles.
inline void append_statistics(Values& features, Values values) {
  const double centre = detail::mean(values), deviation = detail::deviation(values);
  double cubes = 0;
  for (const double value : values) cubes += std::pow((value - centre) / (deviation + 1e-9), 3);
  features.push_back(centre);
  features.push_back(deviation);
  features.push_back(std::cbrt(cubes / static_cast<double>(values.size())));
  std::sort(values.begin(), values.end());
  for (const double share : {0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95}) {
    features.push_back(values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))]);
  }
}

/// Appends a histogram: the square roots of the shares of the weights that fall into each of `bins` equal parts of
/// [low, high]. What lies outside counts for the first or the last part.
inline void append_histogram(Values& features, const Values& values, const Values& weights, double low, double high,
                             std::size_t bins) {
  Values shares(bins);
  double sum = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double place = std::clamp((values[i] - low) / (high - low), 0.0, 1.0) * static_cast<double>(bins);
    shares[std::min(bins - 1, static_cast<std::size_t>(place))] += weights[i];
    sum += weights[i];
  }
  for (const double share : shares) features.push_back(std::sqrt(sum > 0 ? share / sum : 0));
}

/// Appends the mean of the values in each quarter.
inline void append_quarters(Values& features, const Values& values) {
  const std::size_t quarter = values.size() / 4;
  for (std::size_t q = 0; q < 4; ++q) {
    const auto first = values.begin() + static_cast<std::ptrdiff_t>(q * quarter);
    features.push_back(detail::mean({first, first + static_cast<std::ptrdiff_t>(quarter)}));
  }
}

/// The correlation of two curves; 0 if one is constant.
inline double correlation(const Values& a, const Values& b) {
  const double mean_a = detail::mean(a), mean_b = detail::mean(b), scale = detail::deviation(a) * detail::deviation(b);
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - mean_a) * (b[i] - mean_b);
  return scale > 0 ? sum / (scale * static_cast<double>(a.size())) : 0;
}

/// How often the values change their sign.
inline double sign_changes(const Values& values) {
  double changes = 0;
  for (std::size_t i = 1; i < values.size(); ++i) changes += (values[i] > 0) != (values[i - 1] > 0);
  return changes;
}

inline double share_above_zero(const Values& values) {
  return static_cast<double>(std::count_if(values.begin(), values.end(), [](double v) { return v > 0; })) /
         static_cast<double>(values.size());
}

/// Where the largest value is, from 0 to 1.
inline double place_of_largest(const Values& values) {
  return static_cast<double>(std::max_element(values.begin(), values.end()) - values.begin()) /
         static_cast<double>(values.size() - 1);
}

/// The central differences of the values, `step` apart: two fewer than there are values.
inline Values differences(const Values& values, double step) {
  Values result;
  for (std::size_t i = 1; i + 1 < values.size(); ++i) result.push_back((values[i + 1] - values[i - 1]) / (2 * step));
  return result;
}

}  // namespace signature_verification
