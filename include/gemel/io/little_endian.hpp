#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "gemel/core/compiler.hpp"

namespace gemel::detail {

/// The number whose bytes lie at `from`, the lowest first, whatever the machine's own order.
template <class T>
T from_little_endian(const std::uint8_t* from) {
  T value;
  if constexpr (std::endian::native == std::endian::little) {
    std::memcpy(&value, from, sizeof(T));
  } else {
    std::array<std::uint8_t, sizeof(T)> bytes;
    std::reverse_copy(from, from + sizeof(T), bytes.begin());
    std::memcpy(&value, bytes.data(), sizeof(T));
  }
  return value;
}

/// Writes the number's bytes to `to`, the lowest first.
template <class T>
void to_little_endian(T value, std::uint8_t* to) {
  std::memcpy(to, &value, sizeof(T));
  if constexpr (std::endian::native == std::endian::big) std::reverse(to, to + sizeof(T));
}

}  // namespace gemel::detail
