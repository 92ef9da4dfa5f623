#pragma once

#include <string>
#include <string_view>

#include "gemel/io/input_file.hpp"
#include "gemel/io/signature.hpp"

// The kind of a data file, which its first bytes tell, whatever its name.

namespace program {

/// The first bytes of a file. Throws IoError if it cannot be read.
inline std::string first_bytes(const std::string& path) {
  std::string begin(gemel::detail::npy_signature.size(), '\0');
  begin.resize(gemel::InputFile{path}.read(begin));
  return begin;
}

/// Whether the file is a NumPy .npy file. Throws IoError if it cannot be read.
inline bool is_npy(const std::string& path) { return first_bytes(path) == gemel::detail::npy_signature; }

/// Whether the file is an IDX file, or a gzipped file, which may be one. Throws IoError if it cannot be read.
inline bool is_idx(const std::string& path) {
  constexpr std::string_view idx{"\0\0", 2}, gzip = "\x1F\x8B";
  const std::string begin = first_bytes(path);
  return begin.starts_with(idx) || begin.starts_with(gzip);
}

}  // namespace program
