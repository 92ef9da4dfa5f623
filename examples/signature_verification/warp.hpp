#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>

#include "gemel/core/random.hpp"
#include "signature.hpp"

namespace signature_verification {

/// How much a copy of a signature differs from it. Each number is the standard deviation of a random change.
struct WarpOptions {
  double time = 0.04;      ///< of the pen's progress, as a share of the whole duration
  double rotation = 0.04;  ///< in radians
  double scale = 0.05;     ///< of width and height, each
  double shear = 0.05;     ///< of the slant
  double pace = 0.08;      ///< of the duration
  double pressure = 0.06;  ///< of the pressure
};

/// A copy of a signature as if the same person had written it again: a little faster or slower, with the pen ahead here
/// and behind there, rotated, scaled, slanted and pressed otherwise. Trained with such copies, a network learns what
/// varies in one person's signatures from fewer of them.
inline Signature warped(const Signature& signature, gemel::Rng& rng, const WarpOptions& options = {}) {
  // The pen's progress is shifted by a sum of three sines, which is 0 at both ends.
  constexpr int waves = 3;
  double amplitude[waves];
  for (int w = 0; w < waves; ++w) amplitude[w] = options.time * rng.normal<double>() / (w + 1);
  const double pace = std::exp(options.pace * rng.normal<double>()), angle = options.rotation * rng.normal<double>();
  const double wide = std::exp(options.scale * rng.normal<double>()),
               high = std::exp(options.scale * rng.normal<double>());
  const double slant = options.shear * rng.normal<double>(), press = std::exp(options.pressure * rng.normal<double>());
  const double begin = signature.front().time, duration = signature.back().time - begin;

  Signature copy = signature;
  double latest = 0;
  for (std::size_t i = 0; i < copy.size(); ++i) {
    const Point& from = signature[i];
    const double progress = (from.time - begin) / duration;
    double shifted = progress;
    for (int w = 0; w < waves; ++w) shifted += amplitude[w] * std::sin(std::numbers::pi * (w + 1) * progress);
    latest = std::max(latest, shifted);  // the time never runs backwards
    copy[i].time = duration * pace * latest;
    const double x = wide * from.x + slant * from.y, y = high * from.y;
    copy[i].x = std::cos(angle) * x - std::sin(angle) * y;
    copy[i].y = std::sin(angle) * x + std::cos(angle) * y;
    copy[i].pressure = press * from.pressure;
  }
  return copy;
}

}  // namespace signature_verification
