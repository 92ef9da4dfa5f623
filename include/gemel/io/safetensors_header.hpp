#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/format.hpp"
#include "gemel/core/types.hpp"
#include "gemel/io/csv/cell.hpp"
#include "gemel/io/tensor_file.hpp"

namespace gemel::detail {

/// The metadata's key for the checksum: the CRC-32 of the whole file in eight hexadecimal digits, computed with zeros
/// in place of these digits.
inline constexpr std::string_view checksum_key = "gemel.crc32";
inline constexpr std::size_t checksum_digits = 8;

/// The text before the checksum's digits in headers that Gemel writes.
inline constexpr std::string_view header_begin = R"({"__metadata__":{"gemel.crc32":")";

inline constexpr std::uint64_t most_header_bytes = 100'000'000;  // the limit of the format's reference implementation
inline constexpr std::size_t most_dimensions = 64;               // the limit of NumPy and PyTorch

/// A tensor whose bytes are not read yet: they lie from `begin` to `end`, counted from the end of the header.
struct TensorPlace {
  Tensor tensor = {};
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

struct SafetensorsHeader {
  std::vector<TensorPlace> tensors = {};
  std::map<std::string, std::string> metadata = {};
};

/// The index of the value in the array; the array's size if the value is not in it.
template <class Array, class Value, class Projection = std::identity>
std::size_t index_of(const Array& array, const Value& value, Projection projection = {}) {
  return static_cast<std::size_t>(std::ranges::find(array, value, projection) - array.begin());
}

/// Builds the header from the tokens that nlohmann's parser finds (its SAX interface), for example
/// {"weight": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, "__metadata__": {"key": "text"}}.
/// The first token that does not belong there ends the parsing with a FormatError, so that deep nesting, repeated keys
/// and long lists cost no memory.
class HeaderBuilder {
 public:
  HeaderBuilder(const std::string& file, SafetensorsHeader& header) : file_(file), header_(header) {}

  bool start_object(std::size_t) {
    if (within_ == Within::Nothing) {
      within_ = Within::Header;
    } else if (within_ == Within::Header && key_ == "__metadata__") {
      if (std::exchange(has_metadata_, true)) fail({"its header has two keys '__metadata__'"});
      within_ = Within::Metadata;
    } else if (within_ == Within::Header) {
      header_.tensors.emplace_back();
      current().tensor.name = std::move(key_);
      fields_ = {};
      within_ = Within::Tensor;
    } else {
      refuse("an object");
    }
    return true;
  }

  bool key(std::string& key) {
    key_ = std::move(key);
    if (within_ == Within::Tensor) {
      field_ = index_of(field_names, std::string_view{key_});
      if (field_ == field_names.size()) fail_tensor({"it has an unknown field '", excerpt(key_), "'"});
      if (std::exchange(fields_[field_], true)) fail_tensor({"it has two fields '", key_, "'"});
    }
    return true;
  }

  bool string(std::string& text) {
    if (within_ == Within::Metadata) {
      if (!header_.metadata.emplace(key_, std::move(text)).second) {
        fail({"its metadata has two keys '", excerpt(key_), "'"});
      }
    } else if (within_ == Within::Tensor && field_ == dtype_field) {
      const std::size_t type = index_of(dtypes, std::string_view{text}, &DTypeTraits::name);
      if (type == dtypes.size()) fail_tensor({"its dtype '", excerpt(text), "' is not supported"});
      current().tensor.type = dtypes[type].type;
    } else {
      refuse("a string");
    }
    return true;
  }

  bool start_array(std::size_t) {
    if (within_ != Within::Tensor || field_ == dtype_field) refuse("an array");
    within_ = field_ == shape_field ? Within::Shape : Within::Offsets;
    return true;
  }

  bool number_unsigned(std::uint64_t number) {
    if (within_ == Within::Shape) {
      std::vector<Index>& shape = current().tensor.shape;
      if (shape.size() == most_dimensions) fail_tensor({"it has more than ", most_dimensions, " dimensions"});
      if (number > static_cast<std::uint64_t>(std::numeric_limits<Index>::max())) {
        fail_tensor({"its dimension ", shape.size(), " is ", number, ", more than this machine can count"});
      }
      shape.push_back(static_cast<Index>(number));
    } else if (within_ == Within::Offsets) {
      if (offsets_ == 2) fail_tensor({"it has more than two data_offsets"});
      (offsets_++ == 0 ? current().begin : current().end) = number;
    } else {
      refuse("a number");
    }
    return true;
  }

  bool end_array() {
    if (within_ == Within::Offsets && std::exchange(offsets_, 0) != 2)
      fail_tensor({"it has fewer than two data_offsets"});
    within_ = Within::Tensor;
    return true;
  }

  bool end_object() {
    if (within_ == Within::Tensor) {
      const std::size_t missing = index_of(fields_, false);
      if (missing < fields_.size()) fail_tensor({"it has no field '", field_names[missing], "'"});
    }
    within_ = Within::Header;
    return true;
  }

  bool null() { refuse("null"); }
  bool boolean(bool) { refuse("true or false"); }
  bool number_integer(std::int64_t) { refuse("a negative number"); }
  bool number_float(double, const std::string&) { refuse("a number that is not whole, or too large"); }
  bool binary(nlohmann::json::binary_t&) { refuse("binary data"); }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception&) {
    fail({"its header is not valid JSON from byte ", position + 8, " on"});
  }

 private:
  enum class Within { Nothing, Header, Metadata, Tensor, Shape, Offsets };
  static constexpr std::size_t dtype_field = 0, shape_field = 1;
  static constexpr std::array<const char*, 3> field_names{"dtype", "shape", "data_offsets"};

  TensorPlace& current() { return header_.tensors.back(); }

  [[noreturn]] void fail(std::initializer_list<Piece> why) const { throw FormatError(why, Place{.file = file_}); }
  [[noreturn]] void fail_tensor(std::initializer_list<Piece> why) const {
    fail({"tensor '", excerpt(header_.tensors.back().tensor.name), "': ", format(why)});
  }

  /// Rejects a token that is valid JSON but does not belong in this place.
  [[noreturn]] void refuse(const char* found) const {
    if (within_ == Within::Nothing) fail({"its header is ", found, ", not an object"});
    if (within_ == Within::Header) fail({"'", excerpt(key_), "' in its header is ", found, ", not an object"});
    if (within_ == Within::Metadata) fail({"'", excerpt(key_), "' in its metadata is ", found, ", not a string"});
    fail_tensor({"its ", field_names[field_], within_ == Within::Tensor ? " is " : " holds ", found});
  }

  const std::string& file_;
  SafetensorsHeader& header_;
  Within within_ = Within::Nothing;
  std::string key_ = {};
  bool has_metadata_ = false;
  std::array<bool, 3> fields_ = {};  // of the current tensor: which there were
  std::size_t field_ = 0;
  int offsets_ = 0;
};

/// Parses the header's text. Errors call the file by the name `file`.
inline SafetensorsHeader parse_safetensors_header(const std::string& file, std::string_view text) {
  if (!text.starts_with('{')) throw FormatError("its header does not begin with '{'", Place{.file = file});
  if (text.find('\0') != text.npos) {  // the parser would stop there
    throw FormatError("its header has a zero byte, so it is not valid JSON", Place{.file = file});
  }
  SafetensorsHeader header;
  HeaderBuilder builder{file, header};
  nlohmann::json::sax_parse(text.begin(), text.end(), &builder);
  return header;
}

/// A name that occurs twice, if there is one.
inline std::optional<std::string_view> repeated(std::vector<std::string_view> names) {
  std::ranges::sort(names);
  const auto twice = std::ranges::adjacent_find(names);
  return twice == names.end() ? std::nullopt : std::optional(*twice);
}

/// Sorts the tensors by the position of their bytes and checks that they fill the `data_bytes` behind the header
/// without gaps and overlaps, that each has as many bytes as its type and shape require, and that all names differ.
inline void check_layout(const std::string& file, std::vector<TensorPlace>& tensors, std::uint64_t data_bytes) {
  std::ranges::sort(tensors, {}, [](const TensorPlace& place) { return std::pair{place.begin, place.end}; });
  std::uint64_t next = 0;
  for (const TensorPlace& place : tensors) {
    const auto fail = [&](std::initializer_list<Piece> why) {
      throw FormatError({"tensor '", excerpt(place.tensor.name), "': ", format(why)}, Place{.file = file});
    };
    if (place.end < place.begin)
      fail({"it ends at byte ", place.end, " of the data, before its start at byte ", place.begin});
    if (place.begin < next)
      fail({"it begins at byte ", place.begin, " of the data, but another tensor ends at byte ", next});
    if (place.begin > next)
      fail({"it begins at byte ", place.begin, " of the data, but no tensor has the bytes from ", next, " on"});
    if (place.end > data_bytes) {
      fail({"it ends at byte ", place.end, " of the data, but there are only ", data_bytes, ": the file is truncated"});
    }
    if (count_bytes(place.tensor.type, place.tensor.shape) != place.end - place.begin) {
      fail({"it has ", place.end - place.begin, " bytes, which does not match its shape ",
            describe_shape(place.tensor.shape), " of ", dtype_name(place.tensor.type)});
    }
    next = place.end;
  }
  if (next < data_bytes) {
    throw FormatError({"its tensors have ", next, " bytes, but ", data_bytes, " bytes follow its header"},
                      Place{.file = file});
  }
  std::vector<std::string_view> names(tensors.size());
  std::ranges::transform(tensors, names.begin(),
                         [](const TensorPlace& place) { return std::string_view{place.tensor.name}; });
  if (const auto twice = repeated(std::move(names))) {
    throw FormatError({"it has two tensors '", excerpt(*twice), "'"}, Place{.file = file});
  }
}

/// The position of the checksum's digits in the header's text, which is valid JSON: they follow the key in quotes, a
/// colon and another quote.
inline std::optional<std::size_t> find_checksum(std::string_view text, std::string_view digits) {
  const std::string key = std::string(1, '"').append(checksum_key) + '"';
  for (std::size_t at = text.find(key); at != text.npos; at = text.find(key, at + 1)) {
    std::string_view rest = text.substr(at + key.size());
    const auto skip = [&rest](std::string_view token) {
      rest.remove_prefix(std::min(rest.find_first_not_of(" \t\r\n"), rest.size()));
      const bool found = rest.starts_with(token);
      if (found) rest.remove_prefix(token.size());
      return found;
    };
    if (skip(":") && skip("\"") && rest.starts_with(digits)) {
      return text.size() - rest.size();
    }
  }
  return std::nullopt;
}

/// Removes the checksum from the metadata, and replaces its digits in the text by zeros. Files of other programs have
/// no checksum. A file whose key of the checksum has a flipped bit must not pass as such a file. So a key that begins
/// with `gemel` or ends with `crc32` is an error in a file without a checksum.
inline std::optional<std::uint32_t> take_checksum(const std::string& file, std::string& text,
                                                  std::map<std::string, std::string>& metadata) {
  const auto fail = [&file](std::initializer_list<Piece> why) { throw FormatError(why, Place{.file = file}); };
  const auto entry = metadata.extract(std::string(checksum_key));
  if (!entry) {
    for (const auto& [key, value] : metadata) {
      if (key.starts_with("gemel") || key.ends_with("crc32")) {
        fail({"its metadata has the key '", excerpt(key), "', but no checksum under 'gemel.crc32'"});
      }
    }
    return std::nullopt;
  }
  const std::string& digits = entry.mapped();
  std::uint32_t checksum = 0;
  const char* const end = digits.data() + digits.size();
  const auto number = std::from_chars(digits.data(), end, checksum, 16);
  const bool lower_case = std::ranges::none_of(digits, [](char c) { return c >= 'A' && c <= 'F'; });
  const std::optional<std::size_t> at = find_checksum(text, digits);
  if (digits.size() != checksum_digits || number.ptr != end || !lower_case || !at) {
    fail({"its checksum gemel.crc32 is '", excerpt(digits), "', not eight plain digits of 0 to 9 and a to f"});
  }
  std::fill_n(text.begin() + static_cast<std::ptrdiff_t>(*at), checksum_digits, '0');
  return checksum;
}

/// The text as a JSON string. Throws ValueError if it is not UTF-8.
inline std::string quoted(const std::string& file, const std::string& text) {
  try {
    return nlohmann::json(text).dump();
  } catch (const nlohmann::json::type_error&) {
    throw ValueError({"'", excerpt(text), "' is not UTF-8, which a safetensors file requires"}, Place{.file = file});
  }
}

/// The header of a file with these tensors in this order, with zeros for the checksum's digits. Blanks pad it to a
/// multiple of eight bytes.
inline std::string format_safetensors_header(const std::string& file, const std::vector<const Tensor*>& tensors,
                                             const std::map<std::string, std::string>& metadata) {
  const auto fail = [&file](std::initializer_list<Piece> why) { throw ValueError(why, Place{.file = file}); };
  std::vector<std::string_view> names(tensors.size());
  std::ranges::transform(tensors, names.begin(), &Tensor::name);
  if (const auto twice = repeated(std::move(names))) fail({"two tensors have the name '", excerpt(*twice), "'"});
  std::string text{header_begin};
  text += std::string(checksum_digits, '0') + '"';
  for (const auto& [key, value] : metadata) {
    if (key == checksum_key) fail({"the metadata's key 'gemel.crc32' is the checksum's: choose another one"});
    text += ',' + quoted(file, key) + ':' + quoted(file, value);
  }
  text += '}';
  std::uint64_t begin = 0;
  for (const Tensor* const tensor : tensors) {
    if (tensor->name == "__metadata__") fail({"no tensor can have the name '__metadata__': choose another one"});
    if (tensor->shape.size() > most_dimensions) {
      fail({"tensor '", excerpt(tensor->name), "' has more than ", most_dimensions, " dimensions"});
    }
    if (count_bytes(tensor->type, tensor->shape) != tensor->bytes.size()) {
      throw ShapeError(
          {"tensor '", excerpt(tensor->name), "' has ", tensor->bytes.size(), " bytes, which does not match its shape ",
           describe_shape(tensor->shape), " of ", dtype_name(tensor->type)},
          Place{.file = file});
    }
    text += ',' + quoted(file, tensor->name) + R"(:{"dtype":")" + dtype_name(tensor->type) + R"(","shape":[)";
    for (const Index size : tensor->shape) {
      if (text.back() != '[') text += ',';
      text += std::to_string(size);
    }
    const std::uint64_t end = begin + tensor->bytes.size();
    text += format({R"(],"data_offsets":[)", begin, ",", end, "]}"});
    begin = end;
  }
  text += '}';
  text.resize((text.size() + 7) / 8 * 8, ' ');
  if (text.size() > most_header_bytes)
    fail({"its header would have ", text.size(), " bytes, but the format allows ", most_header_bytes, " at most"});
  return text;
}

}  // namespace gemel::detail
