#pragma once

#include <zlib.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/io/input_file.hpp"

namespace gemel {

/// The content of a gzipped file, inflated, or of any other file as it is, for `parse_idx` and the like. Needs zlib,
/// the only header that does. Throws IoError where the file cannot be read, FormatError where its gzip data is damaged
/// or truncated, or inflates to more than `most` bytes.
inline std::vector<std::uint8_t> read_gzip(const std::filesystem::path& path, std::size_t most = std::size_t{1} << 32) {
  const InputFile checked{path};  // for its errors: zlib tells little
  const Place place{.file = checked.name()};
  struct Close {
    void operator()(gzFile file) const { gzclose(file); }
  };
  const std::unique_ptr<gzFile_s, Close> file{gzopen(checked.name().c_str(), "rb")};
  if (!file) throw IoError("it cannot be opened", place);

  constexpr unsigned block = 1 << 20;
  std::vector<std::uint8_t> bytes;
  for (;;) {
    const std::size_t size = bytes.size();
    bytes.resize(size + block);
    const int count = gzread(file.get(), bytes.data() + size, block);
    int error = Z_OK;
    const char* what = gzerror(file.get(), &error);
    if (error == Z_ERRNO) throw IoError("it cannot be read", place);
    if (count < 0 || error != Z_OK) throw FormatError({"its gzip data cannot be inflated: ", what}, place);
    bytes.resize(size + static_cast<std::size_t>(count));
    if (bytes.size() > most) throw FormatError({"it inflates to more than ", most, " bytes"}, place);
    if (count == 0) return bytes;
  }
}

}  // namespace gemel
