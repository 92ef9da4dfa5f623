#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <numbers>

#include "curve.hpp"
#include "signature.hpp"
#include "statistics.hpp"

// The numbers that describe one signature as a whole. They are of the kinds that the literature on online signatures
// uses (Fierrez-Aguilar et al., "An on-line signature verification system based on fusion of local and global
// information", AVBPA 2005): sizes, times, statistics of the pen's movement, and histograms.

namespace signature_verification {

/// The number of instants at which the curves of a signature are taken.
inline constexpr std::size_t curve_points = 128;

namespace detail {

/// The logarithms of the speed relative to its mean. They are bounded below, because the pen also rests.
inline Values log_speed(const Curves& curves) {
  const double mean_speed = std::max(mean(curves.speed), 1e-9);
  Values logs;
  for (const double speed : curves.speed) logs.push_back(std::log(0.05 + speed / mean_speed));
  return logs;
}

/// How much the pen turned in all, and how much to either side, in radians; and how much its speed changed.
struct Turns {
  double turned = 0, turned_about = 0, accelerated = 0;

  explicit Turns(const Curves& curves) {
    for (std::size_t i = 1; i < curves.count(); ++i) {
      const double cross = curves.vx[i - 1] * curves.vy[i] - curves.vy[i - 1] * curves.vx[i];
      const double dot = curves.vx[i - 1] * curves.vx[i] + curves.vy[i - 1] * curves.vy[i];
      const double angle = std::atan2(cross, dot);
      turned += angle;
      turned_about += std::abs(angle);
      accelerated += std::abs(curves.speed[i] - curves.speed[i - 1]);
    }
  }
};

/// The seconds during which the pen did not touch the tablet, and the longest time of these in one piece.
struct Gaps {
  double seconds = 0, longest = 0;

  explicit Gaps(const Signature& signature) {
    double present = 0;
    for (std::size_t i = 1; i < signature.size(); ++i) {
      if (signature[i].is_down && signature[i - 1].is_down) {
        present = 0;
        continue;
      }
      seconds += signature[i].time - signature[i - 1].time;
      present += signature[i].time - signature[i - 1].time;
      longest = std::max(longest, present);
    }
  }
};

/// Appends sizes, times, counts and shares.
inline void append_globals(Values& features, const Signature& signature, const Curves& curves) {
  double down = 0, strokes = 0;
  for (std::size_t i = 0; i < signature.size(); ++i) {
    down += signature[i].is_down;
    strokes += signature[i].is_down && (i == 0 || !signature[i - 1].is_down);
  }
  const auto [left, right] = std::minmax_element(curves.x.begin(), curves.x.end());
  const auto [bottom, top] = std::minmax_element(curves.y.begin(), curves.y.end());
  const double speed = std::max(mean(curves.speed), 1e-9), seconds = curves.duration, path = length(signature);
  const Turns turns{curves};
  const Gaps gaps{signature};
  const double numbers[] = {std::log(seconds),
                            down / static_cast<double>(signature.size()),
                            std::log1p(strokes),
                            std::log(curves.size),
                            std::log(curves.most_pressure),
                            *right - *left,
                            *top - *bottom,
                            std::log((*right - *left + 0.1) / (*top - *bottom + 0.1)),
                            std::log(path / curves.size),
                            std::log(speed),
                            deviation(curves.speed) / speed,
                            *std::max_element(curves.speed.begin(), curves.speed.end()) / speed,
                            mean(curves.vx) / speed,
                            mean(curves.vy) / speed,
                            deviation(curves.vx) / speed,
                            deviation(curves.vy) / speed,
                            share_above_zero(curves.vx),
                            share_above_zero(curves.vy),
                            std::log1p(sign_changes(curves.vx)),
                            std::log1p(sign_changes(curves.vy)),
                            std::log1p(sign_changes(curves.vx) / seconds),
                            std::log1p(sign_changes(curves.vy) / seconds),
                            place_of_largest(curves.speed),
                            place_of_largest(curves.pressure),
                            mean(curves.pressure),
                            deviation(curves.pressure),
                            correlation(curves.pressure, curves.speed),
                            correlation(curves.x, curves.y),
                            correlation(curves.vx, curves.vy),
                            mean(curves.azimuth),
                            deviation(curves.azimuth),
                            mean(curves.altitude),
                            deviation(curves.altitude),
                            turns.turned,
                            std::log1p(turns.turned_about),
                            turns.accelerated / (speed * static_cast<double>(curves.count())),
                            curves.x.back() - curves.x.front(),
                            curves.y.back() - curves.y.front(),
                            curves.x.front(),
                            curves.y.front(),
                            deviation(curves.x),
                            std::log1p(10 * gaps.seconds),
                            gaps.seconds / seconds,
                            std::log1p(10 * gaps.longest),
                            std::log(path),
                            std::log(path / seconds)};
  features.insert(features.end(), std::begin(numbers), std::end(numbers));
  append_quarters(features, log_speed(curves));
  append_quarters(features, curves.pressure);
}

/// Appends statistics of how the pen moves: its place, velocity, acceleration, turning, pressure and tilt.
inline void append_movement(Values& features, const Curves& curves) {
  const double step = curves.duration / static_cast<double>(curves.count() - 1);
  Values relative, absolute, pressure, turning, along;
  for (const double speed : curves.speed) {
    relative.push_back(std::log(speed + 0.1));
    absolute.push_back(std::log((speed + 0.05) * curves.size));
  }
  for (const double value : curves.pressure) pressure.push_back(value * curves.most_pressure / 1024);
  const Values ax = differences(curves.vx, step), ay = differences(curves.vy, step);
  for (std::size_t i = 1; i + 1 < curves.count(); ++i) {
    const double vx = curves.vx[i], vy = curves.vy[i], speed = curves.speed[i];
    // Both are the acceleration, across and along the way; the constants keep a resting pen from counting.
    turning.push_back((vx * ay[i - 1] - vy * ax[i - 1]) / (speed * speed + 0.3));
    along.push_back((vx * ax[i - 1] + vy * ay[i - 1]) / (speed + 0.1));
  }
  for (const Values& curve : {relative, absolute, pressure, curves.vx, curves.vy, ax, ay, differences(pressure, step),
                              turning, along, curves.azimuth, curves.altitude, curves.x, curves.y}) {
    append_statistics(features, curve);
  }
}

/// Appends histograms: of the direction of the pen, in all and in each quarter of the time; of its speed and pressure.
inline void append_histograms(Values& features, const Curves& curves) {
  constexpr double pi = std::numbers::pi;
  const double mean_speed = std::max(mean(curves.speed), 1e-9);
  Values direction, relative;
  for (std::size_t i = 0; i < curves.count(); ++i) {
    direction.push_back(std::atan2(curves.vy[i], curves.vx[i]));
    relative.push_back(curves.speed[i] / mean_speed);
  }
  append_histogram(features, direction, curves.speed, -pi, pi, 16);
  const std::size_t quarter = curves.count() / 4;
  for (std::size_t q = 0; q < 4; ++q) {
    Values weights(curves.count());
    const auto first = static_cast<std::ptrdiff_t>(q * quarter);
    std::copy_n(curves.speed.begin() + first, quarter, weights.begin() + first);
    append_histogram(features, direction, weights, -pi, pi, 8);
  }
  const Values ones(curves.count(), 1.0);
  append_histogram(features, relative, ones, 0, 3, 12);
  append_histogram(features, curves.pressure, ones, 0, 1, 12);
}

}  // namespace detail

/// The features of a signature, whose curves have curve_points instants. They are similar for similar signatures, but
/// have no common scale.
inline Values features_of(const Signature& signature, const Curves& curves) {
  Values features;
  detail::append_globals(features, signature, curves);
  detail::append_movement(features, curves);
  detail::append_histograms(features, curves);
  return features;
}

}  // namespace signature_verification
