#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

// Dynamic time warping.

namespace signature_verification {

/// The distance of two sequences of n points under dynamic time warping: the smallest mean, over a way from the first
/// points of both to the last points of both, of the Euclidean distances of the points that it pairs (Sakoe and Chiba,
/// "Dynamic programming algorithm optimization for spoken word recognition", 1978; symmetric form without slope
/// constraint, divided by 2 n). A step goes on by one point in either sequence or in both, where a step in both counts
/// twice. Paired points are at most `band` points apart. `a` and `b` hold `channels` values per point, of which `count`
/// from `first_channel` on are compared.
inline double warped_distance(std::span<const float> a, std::span<const float> b, std::size_t channels,
                              std::size_t first_channel, std::size_t count, std::size_t band) {
  const std::size_t n = a.size() / channels;
  constexpr float infinity = std::numeric_limits<float>::infinity();
  std::vector<float> previous(n + 1, infinity), row(n + 1, infinity);
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t first = i > band ? i - band : 0, last = std::min(n, i + band + 1);
    row[first] = infinity;
    for (std::size_t j = first; j < last; ++j) {
      float squares = 0;
      for (std::size_t c = first_channel; c < first_channel + count; ++c) {
        const float difference = a[i * channels + c] - b[j * channels + c];
        squares += difference * difference;
      }
      const float distance = std::sqrt(squares);
      const float both = i == 0 && j == 0 ? 0 : previous[j];
      row[j + 1] = std::min({both + 2 * distance, previous[j + 1] + distance, row[j] + distance});
    }
    if (last < n) row[last + 1] = infinity;
    std::swap(previous, row);
  }
  return static_cast<double>(previous[n]) / static_cast<double>(2 * n);
}

}  // namespace signature_verification
