#pragma once

#include <string>

#include "gemel/io/input_file.hpp"
#include "gemel/io/signature.hpp"

namespace train {

/// The first bytes of a file, from which its format can be recognized. Throws IoError if the file cannot be read.
inline std::string first_bytes(const std::string& path) {
  std::string begin(gemel::detail::npy_signature.size(), '\0');
  begin.resize(gemel::InputFile{path}.read(begin));
  return begin;
}

/// Whether the file is a NumPy .npy file, whatever its name. Throws IoError if it cannot be read.
inline bool is_npy(const std::string& path) { return first_bytes(path) == gemel::detail::npy_signature; }

}  // namespace train
