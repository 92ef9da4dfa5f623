#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace gemel::test {

/// Converts a number to or from its bytes in little-endian order, whatever the byte order of the machine.
template <class T>
std::array<unsigned char, sizeof(T)> to_little_endian(T value) {
  std::array<unsigned char, sizeof(T)> bytes;
  std::memcpy(bytes.data(), &value, sizeof value);
  if constexpr (std::endian::native == std::endian::big) std::reverse(bytes.begin(), bytes.end());
  return bytes;
}
template <class T>
T from_little_endian(const char* from) {
  std::array<unsigned char, sizeof(T)> bytes;
  std::memcpy(bytes.data(), from, sizeof(T));
  if constexpr (std::endian::native == std::endian::big) std::reverse(bytes.begin(), bytes.end());
  T value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

}  // namespace gemel::test
