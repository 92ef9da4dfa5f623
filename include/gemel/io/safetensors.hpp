#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <initializer_list>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/io/byte_reader.hpp"
#include "gemel/io/crc32.hpp"
#include "gemel/io/input_file.hpp"
#include "gemel/io/little_endian.hpp"
#include "gemel/io/replace_file.hpp"
#include "gemel/io/safetensors_header.hpp"
#include "gemel/io/tensor_file.hpp"

namespace gemel {

namespace detail {

inline std::span<const std::uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

template <Input Reader>
TensorFile read_safetensors_from(Reader reader) {
  const std::string name = reader.name();
  const std::uint64_t size = reader.size();
  const auto fail = [&name](std::initializer_list<Piece> why) { throw FormatError(why, Place{.file = name}); };
  const auto read = [&](auto& bytes) {
    const std::span<char> out{reinterpret_cast<char*>(bytes.data()), bytes.size()};
    if (reader.read(out) < out.size()) fail({"it has become shorter while it was read"});
  };

  std::array<std::uint8_t, 8> length_bytes;
  if (size < length_bytes.size()) {
    fail({"it has ", size, " bytes, but a safetensors file begins with the eight bytes of its header's length"});
  }
  read(length_bytes);
  const auto length = from_little_endian<std::uint64_t>(length_bytes.data());
  const std::uint64_t rest = size - length_bytes.size();
  if (length > std::min(rest, most_header_bytes)) {
    fail({"its header would have ", length, " bytes, but there are ", rest, " and a header has ", most_header_bytes,
          " at most: it is truncated, or not a safetensors file"});
  }
  try {
    std::string header_text(static_cast<std::size_t>(length), '\0');
    read(header_text);
    SafetensorsHeader header = parse_safetensors_header(name, header_text);
    check_layout(name, header.tensors, rest - length);
    const std::optional<std::uint32_t> wanted = take_checksum(name, header_text, header.metadata);

    std::uint32_t checksum = crc32(bytes_of(header_text), crc32(length_bytes));
    TensorFile file{.name = name, .metadata = std::move(header.metadata)};
    file.tensors.reserve(header.tensors.size());
    for (TensorPlace& place : header.tensors) {
      std::vector<std::uint8_t>& bytes = file.tensors.emplace_back(std::move(place.tensor)).bytes;
      bytes.resize(static_cast<std::size_t>(place.end - place.begin));
      read(bytes);
      if (wanted) checksum = crc32(bytes, checksum);
    }
    if (wanted && checksum != *wanted) {
      fail(
          {"its checksum is wrong: it is damaged, or was changed by a program that kept the old 'gemel.crc32' in its "
           "metadata"});
    }
    return file;
  } catch (const std::bad_alloc&) {
    throw FormatError({"it has ", size, " bytes, more than this machine's memory holds"}, Place{.file = name});
  }
}

/// `name` is what errors call the file.
inline std::vector<std::uint8_t> format_safetensors(const TensorFile& file, const std::string& name) {
  // With the widest values first, every tensor is aligned.
  std::vector<const Tensor*> tensors;
  for (const Tensor& tensor : file.tensors) tensors.push_back(&tensor);
  std::ranges::stable_sort(tensors, std::ranges::greater{}, [](const Tensor* t) { return traits(t->type).bytes; });
  std::string header = format_safetensors_header(name, tensors, file.metadata);

  std::array<std::uint8_t, 8> length;
  to_little_endian(std::uint64_t{header.size()}, length.data());
  std::uint32_t checksum = crc32(bytes_of(header), crc32(length));
  for (const Tensor* const tensor : tensors) checksum = crc32(tensor->bytes, checksum);
  std::array<char, checksum_digits + 1> digits;
  std::snprintf(digits.data(), digits.size(), "%08lx", static_cast<unsigned long>(checksum));
  std::copy_n(digits.begin(), checksum_digits, header.begin() + header_begin.size());

  std::size_t size = length.size() + header.size();
  for (const Tensor* const tensor : tensors) size += tensor->bytes.size();
  std::vector<std::uint8_t> bytes(size);
  auto next = std::ranges::copy(length, bytes.begin()).out;
  next = std::ranges::copy(header, next).out;
  for (const Tensor* const tensor : tensors) next = std::ranges::copy(tensor->bytes, next).out;
  return bytes;
}

}  // namespace detail

/// Reads a file in the safetensors format (https://huggingface.co/docs/safetensors): tensors in the order of their
/// bytes, and texts by key. This header needs nlohmann_json; in CMake, link gemel::io. Files that Gemel writes have a
/// checksum, which is verified and is not a part of `metadata`. Files of other programs, such as PyTorch's, need none,
/// unless a key of their metadata begins with `gemel` or ends with `crc32`. Throws IoError if the file cannot be read;
/// FormatError if it is not such a file, if it is damaged, truncated, followed by other bytes or larger than memory, or
/// if a tensor's type is none of DType's.
inline TensorFile read_safetensors(const std::filesystem::path& path) {
  return detail::read_safetensors_from(InputFile{path});
}

/// As above, but reads bytes in memory; errors call them `name`.
inline TensorFile parse_safetensors(std::span<const std::uint8_t> bytes, const std::string& name = "safetensors data") {
  return detail::read_safetensors_from(detail::ByteReader{bytes, name});
}

/// The bytes of a safetensors file that holds the tensors and the metadata, and a checksum of all of it under
/// `gemel.crc32`. Tensors of wider values come first, which aligns all of them; otherwise their order is kept. Throws
/// ValueError if two tensors have the same name, if a name, a key or a text is not UTF-8, for the names that are taken
/// (a tensor `__metadata__`, a key `gemel.crc32`), for more than 64 dimensions, and for a header of more than 100
/// million bytes; ShapeError if a tensor's bytes are not as many as its shape and type ask for.
inline std::vector<std::uint8_t> format_safetensors(const TensorFile& file) {
  return detail::format_safetensors(file, file.name);
}

/// Writes such a file; one that is there is replaced atomically (see replace_file.hpp). Throws as `format_safetensors`
/// and `replace_file` do, always with this path.
inline void write_safetensors(const std::filesystem::path& path, const TensorFile& file) {
  replace_file(path, detail::format_safetensors(file, path.string()));
}

}  // namespace gemel
