#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>

#include "curve.hpp"
#include "dtw.hpp"
#include "features.hpp"
#include "gemel/core/types.hpp"
#include "signature.hpp"

// A signature as a sample of the library, that is, a column of numbers.

namespace signature_verification {

using gemel::Index;

/// A sample has the features, and then, for each of curve_points instants, these channels: x, y, the velocity in x and
/// y, the pressure, the logarithm of the speed and the change of the pressure. Each channel has mean 0 and deviation 1.
inline constexpr std::size_t channels = 7;
inline constexpr Index curve_values = static_cast<Index>(channels * curve_points);

/// Channels that dynamic time warping compares: `count` of them from `first` on.
struct ChannelSet {
  std::size_t first, count;
};
/// Velocity; place, velocity and pressure; velocity in y, pressure, speed and the change of the pressure. Each set
/// finds other forgeries than the others do.
inline constexpr std::array<ChannelSet, 3> channel_sets = {{{2, 2}, {0, 5}, {3, 4}}};

namespace detail {

inline Values normalized(Values values) {
  const double centre = mean(values), scale = deviation(values) + 1e-9;
  for (double& value : values) value = (value - centre) / scale;
  return values;
}

inline gemel::VectorX<float> feature_column(const Signature& signature, const Curves& curves) {
  const Values features = features_of(signature, curves);
  return Eigen::Map<const gemel::VectorX<double>>(features.data(), static_cast<Index>(features.size())).cast<float>();
}

}  // namespace detail

/// The features of a signature as a column.
inline gemel::VectorX<float> feature_column(const Signature& signature) {
  return detail::feature_column(signature, curves(signature, curve_points));
}

/// The sample of a signature: its features and its channels.
inline gemel::VectorX<float> sample_column(const Signature& signature) {
  const Curves time = curves(signature, curve_points);
  const gemel::VectorX<float> features = detail::feature_column(signature, time);
  Values change(curve_points);
  for (std::size_t i = 0; i < curve_points; ++i) {
    change[i] = time.pressure[std::min(i + 1, curve_points - 1)] - time.pressure[i == 0 ? 0 : i - 1];
  }
  const std::array<Values, channels> all = {
      detail::normalized(time.x),           detail::normalized(time.y),
      detail::normalized(time.vx),          detail::normalized(time.vy),
      detail::normalized(time.pressure),    detail::normalized(detail::log_speed(time)),
      detail::normalized(std::move(change))};
  gemel::VectorX<float> sample(features.size() + curve_values);
  sample.head(features.size()) = features;
  for (std::size_t i = 0; i < curve_points; ++i) {
    for (std::size_t c = 0; c < channels; ++c) {
      sample[features.size() + static_cast<Index>(i * channels + c)] = static_cast<float>(all[c][i]);
    }
  }
  return sample;
}

/// The warped distances of two signatures by each set of channels; `a` and `b` point to the channels of their samples.
inline std::array<double, 3> warped_distances(const float* a, const float* b) {
  constexpr std::size_t size = channels * curve_points, band = curve_points / 6;
  std::array<double, 3> distances{};
  for (std::size_t s = 0; s < channel_sets.size(); ++s) {
    const ChannelSet set = channel_sets[s];
    // Identical signatures, whose distance is 0, have no logarithm.
    distances[s] = std::max(1e-6, warped_distance({a, size}, {b, size}, channels, set.first, set.count, band));
  }
  return distances;
}

}  // namespace signature_verification
