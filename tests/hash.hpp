#pragma once

#include <cstdint>

#include "little_endian.hpp"

namespace gemel::test {

/// The FNV-1a hash of the bytes of values, in little-endian order.
class Hash {
 public:
  template <class Range>
  void add(const Range& values) {
    for (const auto value : values) {
      for (const unsigned char byte : to_little_endian(value)) hash_ = (hash_ ^ byte) * 1099511628211ull;
    }
  }
  std::uint64_t value() const { return hash_; }

 private:
  std::uint64_t hash_ = 14695981039346656037ull;
};

}  // namespace gemel::test
