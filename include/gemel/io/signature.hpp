#pragma once

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "gemel/core/compiler.hpp"

namespace gemel::detail {

/// The first bytes of NumPy's .npy files.
inline constexpr std::string_view npy_signature = "\x93NUMPY";

/// A guess at the format of a file that a reader rejects, from its first four or more bytes, for the error message: ";
/// it looks like an IDX file". Empty if no format is recognized.
inline const char* looks_like(std::string_view begin) {
  constexpr std::array<std::pair<std::string_view, const char*>, 5> formats{{
      {npy_signature.substr(0, 4), "; it looks like a NumPy .npy file"},
      {"PK\x03\x04", "; it looks like a ZIP archive, such as NumPy's .npz: save each array in a file of its own"},
      {"\x1F\x8B", "; it looks like a gzipped file: unpack it first"},
      {{"\0\0\x08", 3}, "; it looks like an IDX file"},
      {"\x89HDF", "; it looks like an HDF5 file"},
  }};
  for (const auto& [signature, text] : formats) {
    if (begin.starts_with(signature)) return text;
  }
  const auto is_text = [](char c) { return (c >= ' ' && c <= '~') || c == '\t' || c == '\r' || c == '\n'; };
  return !begin.empty() && std::ranges::all_of(begin, is_text) ? "; it looks like text, such as a CSV file" : "";
}

}  // namespace gemel::detail
