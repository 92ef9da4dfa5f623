#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <utility>

#include "gemel/core/compiler.hpp"

namespace gemel::detail {

/// Bytes in memory as an Input. `name` is what error messages call them.
class ByteReader {
 public:
  ByteReader(std::span<const std::uint8_t> bytes, std::string name) : bytes_(bytes), name_(std::move(name)) {}

  const std::string& name() const { return name_; }
  std::uint64_t size() const { return bytes_.size(); }
  std::uint64_t most_bytes() const { return bytes_.size(); }
  std::size_t read(std::span<char> out) {
    const std::size_t count = std::min(out.size(), bytes_.size() - next_);
    if (count > 0) std::memcpy(out.data(), bytes_.data() + next_, count);
    next_ += count;
    return count;
  }

 private:
  std::span<const std::uint8_t> bytes_;
  std::string name_;
  std::size_t next_ = 0;
};

}  // namespace gemel::detail
