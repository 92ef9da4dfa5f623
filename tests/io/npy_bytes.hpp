#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gemel {

/// A .npy file with exactly this text as its header and these bytes as its values.
inline std::vector<std::uint8_t> npy_bytes(std::string_view header, std::string_view values, int version = 1) {
  std::string file = "\x93NUMPY";
  file += static_cast<char>(version);
  file += '\0';
  for (std::size_t i = 0; i < (version == 1 ? 2 : 4); ++i) file += static_cast<char>(header.size() >> 8 * i);
  file += header;
  file += values;
  return {file.begin(), file.end()};
}

/// As above, but with the header that NumPy writes for this type and shape.
inline std::vector<std::uint8_t> npy_bytes(std::string_view type, std::string_view shape, std::string_view values) {
  std::string header = "{'descr': '";
  header += type;
  header += "', 'fortran_order': False, 'shape': ";
  header += shape;
  header += ", }\n";
  return npy_bytes(header, values);
}

}  // namespace gemel
