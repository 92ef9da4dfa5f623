#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/extent.hpp"
#include "gemel/core/types.hpp"
#include "gemel/data/samples.hpp"
#include "gemel/io/byte_reader.hpp"
#include "gemel/io/input_file.hpp"
#include "gemel/io/signature.hpp"

namespace gemel {

namespace detail {

/// Reads the IDX format, which LeCun, Cortes and Burges describe with the MNIST database: two zero bytes, a type code,
/// the number of dimensions, the size of each dimension as a big-endian 32-bit integer, and the values, of which the
/// last dimension varies fastest.
template <Input Reader>
class IdxReader {
 public:
  /// Reads the dimensions, and compares them with the size of the input before anything is allocated for values.
  explicit IdxReader(Reader& reader) : reader_(reader) {
    std::array<std::uint8_t, 4> magic;
    const std::size_t count = read_bytes(magic);
    if (count >= 2 && magic[0] == 0x1f && magic[1] == 0x8b)
      fail({"it is gzipped, not an IDX file, which begins with two zero bytes: unpack it first"});
    if (count < 4 || magic[0] != 0 || magic[1] != 0) {
      const std::string_view begin{reinterpret_cast<const char*>(magic.data()), count};
      fail({"it is not an IDX file: that begins with two zero bytes", looks_like(begin)});
    }
    if (magic[2] != 0x08) {
      fail({"its values have the type code ", int{magic[2]}, ", but only 8, unsigned bytes, can be read"});
    }
    if (magic[3] == 0) fail({"it has no dimensions"});
    // The product of the dimensions cannot overflow, since each has 32 bits and the product is compared with the size
    // of the input at each step.
    const std::uint64_t header = 4 + 4 * std::uint64_t{magic[3]};
    for (int dimension = 0; dimension < magic[3]; ++dimension) {
      std::array<std::uint8_t, 4> bytes;
      if (read_bytes(bytes) < 4) fail({"it ends within its ", int{magic[3]}, " dimensions"});
      std::uint64_t size = 0;
      for (const std::uint8_t byte : bytes) size = size << 8 | byte;
      if (size == 0) fail({"dimension ", dimension, " is 0: there are no values"});
      if (size > reader_.most_bytes() / values_) {
        fail({"its dimensions ask for more values than it has bytes: it is truncated"});
      }
      values_ *= size;
      if (values_ > static_cast<std::uint64_t>(max_values)) {
        fail({"its dimensions ask for ", values_, " values, more than this machine holds"});
      }
      dimensions_.push_back(static_cast<Index>(size));
    }
    if constexpr (requires { reader_.size(); }) {
      if (reader_.size() < header + values_) fail_truncated(reader_.size() - header);
      if (reader_.size() > header + values_) {
        fail({"its dimensions ask for ", values_, " values, but it has ", reader_.size() - header,
              " bytes of them: it is followed by others"});
      }
    }
  }

  const std::vector<Index>& dimensions() const { return dimensions_; }

  /// Writes all values to `out`, in their order. Throws FormatError if the input is truncated or other bytes follow.
  template <class T>
  void read_values(T* out) {
    std::array<std::uint8_t, 1 << 14> block;
    for (std::uint64_t done = 0; done < values_;) {
      const auto part =
          std::span{block}.first(static_cast<std::size_t>(std::min<std::uint64_t>(block.size(), values_ - done)));
      const std::size_t count = read_bytes(part);
      if (count < part.size()) fail_truncated(done + count);
      out = std::ranges::transform(part, out, [](std::uint8_t value) { return static_cast<T>(value); }).out;
      done += part.size();
    }
    if (read_bytes(std::span{block}.first(1)) > 0) {
      fail({"its dimensions ask for ", values_, " values, but they are followed by other bytes"});
    }
  }

  [[noreturn]] void fail(std::initializer_list<Piece> why) const {
    throw FormatError(why, Place{.file = reader_.name()});
  }

 private:
  [[noreturn]] void fail_truncated(std::uint64_t count) const {
    fail({"its dimensions ask for ", values_, " values, but it has ", count, " bytes of them: it is truncated"});
  }

  std::size_t read_bytes(std::span<std::uint8_t> bytes) {
    return reader_.read({reinterpret_cast<char*>(bytes.data()), bytes.size()});
  }

  Reader& reader_;
  std::vector<Index> dimensions_;
  std::uint64_t values_ = 1;
};

/// Reads the samples of an IDX input (features x samples).
template <Scalar S, Input Reader>
Samples<S> read_idx_samples(Reader reader) {
  IdxReader<Reader> idx{reader};
  Index features = 1;
  for (const Index size : std::span{idx.dimensions()}.subspan(1)) features *= size;
  MatrixX<S> values;
  try {
    values.resize(features, idx.dimensions().front());
  } catch (const std::bad_alloc&) {
    idx.fail({"its dimensions ask for ", idx.dimensions().front(), " samples of ", features,
              " values, more than this machine's memory holds"});
  }
  idx.read_values(values.data());
  return Samples<S>{std::move(values)};
}

/// Reads the labels of an IDX input.
template <Input Reader>
std::vector<int> read_idx_vector(Reader reader) {
  IdxReader<Reader> idx{reader};
  if (idx.dimensions().size() != 1) {
    idx.fail({"it has ", idx.dimensions().size(), " dimensions, but labels have one: are images and labels swapped?"});
  }
  std::vector<int> values(static_cast<std::size_t>(idx.dimensions().front()));
  idx.read_values(values.data());
  return values;
}

}  // namespace detail

/// Reads samples (features x samples) from an IDX file of unsigned bytes, such as MNIST's. The first dimension of the
/// file is the number of samples, and the product of the others is the number of features. Values are 0 to 255, not
/// scaled. Throws IoError if the file cannot be read, and FormatError if it is not IDX or of another type, is
/// truncated, has more bytes than its dimensions ask for, or has no values, or more than the memory holds.
template <Scalar S>
Samples<S> read_idx(const std::filesystem::path& path) {
  return detail::read_idx_samples<S>(InputFile{path});
}

/// As above, but from any other Input, such as `Gzip{InputFile{path}}` (gzip.hpp). It reads as many bytes as the
/// dimensions ask for, and one more to check that the input ends there. Throws also whatever the input's `read` throws.
template <Scalar S, Input Reader>
Samples<S> read_idx(Reader input) {
  return detail::read_idx_samples<S>(std::move(input));
}

/// As above, but from bytes in memory, which error messages call `name`.
template <Scalar S>
Samples<S> parse_idx(std::span<const std::uint8_t> bytes, const std::string& name = "IDX data") {
  return detail::read_idx_samples<S>(detail::ByteReader{bytes, name});
}

/// @{
/// Reads class labels, 0 to 255, one per sample, from an IDX file of one dimension, from any other Input, or from bytes
/// in memory, which error messages call `name`. Throws as read_idx does, and FormatError if there are more dimensions.
inline std::vector<int> read_idx_labels(const std::filesystem::path& path) {
  return detail::read_idx_vector(InputFile{path});
}
template <Input Reader>
std::vector<int> read_idx_labels(Reader input) {
  return detail::read_idx_vector(std::move(input));
}
inline std::vector<int> parse_idx_labels(std::span<const std::uint8_t> bytes, const std::string& name = "IDX data") {
  return detail::read_idx_vector(detail::ByteReader{bytes, name});
}
/// @}

}  // namespace gemel
