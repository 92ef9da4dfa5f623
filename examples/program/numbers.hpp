#pragma once

#include <iomanip>
#include <sstream>
#include <string>

// Numbers as text.

namespace program {

/// The number with this many digits after the point.
inline std::string fixed(double value, int digits) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(digits) << value;
  return text.str();
}

/// A share from 0 to 1 as a percentage: "1.25 %".
inline std::string percent(double share) { return fixed(100 * share, 2) + " %"; }

}  // namespace program
