#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <vector>

#include "signature.hpp"

// A signature as curves of the same number of values, so that signatures can be compared value by value.

namespace signature_verification {

using Values = std::vector<double>;

namespace detail {

inline double mean(const Values& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// The standard deviation (of all values, not of a sample); 0 if all are equal.
inline double deviation(const Values& values) {
  const double centre = mean(values);
  double sum = 0;
  for (const double value : values) sum += (value - centre) * (value - centre);
  return std::sqrt(sum / static_cast<double>(values.size()));
}

/// The values at `count` equidistant places of `at`, by linear interpolation. `at` does not fall, and its last element
/// is larger than its first.
inline Values resampled(const Values& values, const Values& at, std::size_t count) {
  Values result(count);
  std::size_t i = 1;
  for (std::size_t k = 0; k < count; ++k) {
    const double place =
        at.front() + (at.back() - at.front()) * static_cast<double>(k) / static_cast<double>(count - 1);
    while (i + 1 < at.size() && at[i] < place) ++i;
    const double step = at[i] - at[i - 1];
    const double share = step > 0 ? std::clamp((place - at[i - 1]) / step, 0.0, 1.0) : 1.0;
    result[k] = values[i - 1] + share * (values[i] - values[i - 1]);
  }
  return result;
}

}  // namespace detail

/// Curves of a signature, each with the same number of values. Places are relative to the centre of the path, in units
/// of its size; speeds are in these units per second.
struct Curves {
  Values x, y;
  Values vx, vy;  ///< the velocity
  Values speed;
  Values pressure;           ///< relative to the largest one of the signature
  Values azimuth, altitude;  ///< in right angles
  double size = 0;           ///< the root of the summed variances of x and y, in the tablet's units
  double duration = 0;       ///< in seconds
  double most_pressure = 0;  ///< the largest, in the tablet's units

  std::size_t count() const { return x.size(); }
};

namespace detail {

/// The rates of change of the values with time, from one point before to one after each; 0 where the time stands still.
inline Values rates(const Values& values, const Values& time) {
  Values result(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t before = i == 0 ? 0 : i - 1, after = std::min(i + 1, values.size() - 1);
    const double step = time[after] - time[before];
    result[i] = step > 0 ? (values[after] - values[before]) / step : 0;
  }
  return result;
}

}  // namespace detail

/// The curves at `count` equidistant instants.
inline Curves curves(const Signature& signature, std::size_t count) {
  Values x, y, pressure, azimuth, altitude, time;
  for (const Point& point : signature) {
    x.push_back(point.x);
    y.push_back(point.y);
    pressure.push_back(point.pressure);
    azimuth.push_back(point.azimuth / 900);
    altitude.push_back(point.altitude / 900);
    time.push_back(point.time);
  }
  Curves curves;
  curves.duration = time.back() - time.front();
  curves.size = std::hypot(detail::deviation(x), detail::deviation(y));
  const double center_x = detail::mean(x), center_y = detail::mean(y);
  const double most = std::max(*std::max_element(pressure.begin(), pressure.end()), 1.0);
  for (double& value : x) value = (value - center_x) / curves.size;
  for (double& value : y) value = (value - center_y) / curves.size;
  for (double& value : pressure) value /= most;
  const Values vx = detail::rates(x, time), vy = detail::rates(y, time);
  curves.x = detail::resampled(x, time, count);
  curves.y = detail::resampled(y, time, count);
  curves.vx = detail::resampled(vx, time, count);
  curves.vy = detail::resampled(vy, time, count);
  curves.pressure = detail::resampled(pressure, time, count);
  curves.azimuth = detail::resampled(azimuth, time, count);
  curves.altitude = detail::resampled(altitude, time, count);
  for (std::size_t k = 0; k < count; ++k) curves.speed.push_back(std::hypot(curves.vx[k], curves.vy[k]));
  curves.most_pressure = most;
  return curves;
}

}  // namespace signature_verification
