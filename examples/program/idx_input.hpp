#pragma once

#include <string>

#include "gemel/core/error.hpp"
#include "gemel/io/input_file.hpp"
#if defined(GEMEL_HAS_ZLIB)
#include "gemel/io/gzip.hpp"
#endif

namespace program {

/// Opens an IDX file. Inflates a gzipped one if the program was built with zlib; otherwise throws IoError for it.
inline auto open_idx(const std::string& path) {
#if defined(GEMEL_HAS_ZLIB)
  return gemel::Gzip{gemel::InputFile{path}};
#else
  if (path.ends_with(".gz")) {
    throw gemel::IoError("this program was built without zlib: unpack it first", {.file = path});
  }
  return gemel::InputFile{path};
#endif
}

}  // namespace program
