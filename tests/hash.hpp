#pragma once

#include <cstdint>
#include <cstring>

namespace gemel::test {

/// FNV-1a of values' bytes.
class Hash {
 public:
  template <class Range>
  void add(const Range& values) {
    for (const auto value : values) {
      unsigned char bytes[sizeof value];
      std::memcpy(bytes, &value, sizeof value);
      for (const unsigned char byte : bytes) hash_ = (hash_ ^ byte) * 1099511628211ull;
    }
  }
  std::uint64_t value() const { return hash_; }

 private:
  std::uint64_t hash_ = 14695981039346656037ull;
};

}  // namespace gemel::test
