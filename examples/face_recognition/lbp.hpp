#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <vector>

#include "gemel/core/types.hpp"
#include "image.hpp"

namespace faces {

/// Options of `lbp`, in pixels.
struct LbpOptions {
  double radius = 1;  ///< of the circle of neighbours
  Index cell = 16;    ///< the side of a cell
};

namespace detail {

inline constexpr Index neighbours = 8;
inline constexpr Index patterns = 59;  ///< the 58 uniform ones, and one for all others

/// The number of each of the 256 patterns of eight neighbours. Uniform patterns, in which the bits change at most twice
/// around the circle, have numbers of their own, in ascending order; all others have the last one.
inline std::array<Index, 256> pattern_numbers() {
  std::array<Index, 256> numbers{};
  Index next = 0;
  for (unsigned pattern = 0; pattern < 256; ++pattern) {
    const auto bits = static_cast<std::uint8_t>(pattern);
    const int changes = std::popcount(static_cast<std::uint8_t>(bits ^ std::rotl(bits, 1)));
    numbers[pattern] = changes <= 2 ? next++ : patterns - 1;
  }
  return numbers;
}

/// The value of an image between pixels: bilinear interpolation.
inline double between(const Image& image, double row, double col) {
  const double top = std::floor(row), left = std::floor(col), down = row - top, right = col - left;
  const auto y = static_cast<Index>(top), x = static_cast<Index>(left);
  return (1 - down) * ((1 - right) * double{image(y, x)} + right * double{image(y, x + 1)}) +
         down * ((1 - right) * double{image(y + 1, x)} + right * double{image(y + 1, x + 1)});
}

}  // namespace detail

/// Appends histograms of the uniform local binary patterns of an image (Ojala, Pietikäinen and Mäenpää, Multiresolution
/// gray-scale and rotation invariant texture classification with local binary patterns, IEEE Transactions on Pattern
/// Analysis and Machine Intelligence 24, 2002), one of 59 shares for each cell (Ahonen, Hadid and Pietikäinen, Face
/// recognition with local binary patterns, ECCV 2004). The pattern of a pixel is which of eight points on a circle
/// around it are at least as bright. The roots of the shares are given, so that the Euclidean distance of two
/// histograms is Hellinger's, in which rare patterns count more.
inline void lbp(const Image& image, const LbpOptions& options, std::vector<float>& features) {
  static const std::array<Index, 256> numbers = detail::pattern_numbers();
  std::array<double, detail::neighbours> down{}, right{};
  for (std::size_t k = 0; k < down.size(); ++k) {
    const double angle = 2 * std::numbers::pi * static_cast<double>(k) / double{detail::neighbours};
    // Points that are on a pixel but for rounding would otherwise depend on the pixels beside it.
    down[k] = std::round(-options.radius * std::sin(angle) * 1e6) / 1e6;
    right[k] = std::round(options.radius * std::cos(angle) * 1e6) / 1e6;
  }
  for (Index top = 0; top + options.cell <= image.rows(); top += options.cell) {
    for (Index left = 0; left + options.cell <= image.cols(); left += options.cell) {
      std::array<Index, static_cast<std::size_t>(detail::patterns)> counts{};
      for (Index y = top; y < top + options.cell; ++y) {
        for (Index x = left; x < left + options.cell; ++x) {
          unsigned pattern = 0;
          for (std::size_t k = 0; k < down.size(); ++k) {
            const double value =
                detail::between(image, static_cast<double>(y) + down[k], static_cast<double>(x) + right[k]);
            pattern |= unsigned{value >= double{image(y, x)} - 1e-9} << k;
          }
          ++counts[static_cast<std::size_t>(numbers[pattern])];
        }
      }
      for (const Index count : counts) {
        features.push_back(
            static_cast<float>(std::sqrt(static_cast<double>(count)) / static_cast<double>(options.cell)));
      }
    }
  }
}

}  // namespace faces
