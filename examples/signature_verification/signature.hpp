#pragma once

#include <cmath>
#include <vector>

namespace signature_verification {

/// One point of a pen's path on a tablet.
struct Point {
  double x = 0, y = 0;   ///< where the pen is, in the tablet's units; y grows upwards
  double time = 0;       ///< in seconds, from any beginning
  double pressure = 0;   ///< of the pen's tip, in the tablet's units
  double azimuth = 0;    ///< of the pen, clockwise around the vertical, in tenths of a degree
  double altitude = 0;   ///< of the pen above the tablet, in tenths of a degree
  bool is_down = false;  ///< whether the pen touches the tablet
};

/// The path of a pen that wrote one signature: at least two points, in the order of time, not all in one place.
using Signature = std::vector<Point>;

/// The length of the path, in the tablet's units.
inline double length(const Signature& signature) {
  double sum = 0;
  for (std::size_t i = 1; i < signature.size(); ++i) {
    sum += std::hypot(signature[i].x - signature[i - 1].x, signature[i].y - signature[i - 1].y);
  }
  return sum;
}

}  // namespace signature_verification
