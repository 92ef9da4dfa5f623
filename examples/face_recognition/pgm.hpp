#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "../program/text.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/format.hpp"
#include "gemel/core/types.hpp"
#include "gemel/io/input_file.hpp"
#include "image.hpp"

namespace faces {

namespace detail {

/// Reads the bytes of one PGM image, in the raw format P5 or the plain format P2 (netpbm's manual page `pgm`).
class PgmReader {
 public:
  /// `name` names the file in errors.
  PgmReader(std::string bytes, std::string name) : name_(std::move(name)), bytes_(std::move(bytes)) {}

  Image image() {
    const bool plain = bytes_.starts_with("P2");
    if (!plain && !bytes_.starts_with("P5")) fail({"it is no PGM image: it begins neither with P5 nor with P2"});
    at_ = 2;
    const Index cols = number("width", most_pixels), rows = number("height", most_pixels);
    const Index brightest = number("largest gray value", most_gray);
    if (cols == 0 || rows == 0) fail({"the image has ", cols, " x ", rows, " pixels, but it needs at least one"});
    if (brightest == 0) fail({"its largest gray value is 0, but it must be from 1 to ", most_gray});
    check_enough(rows, cols, plain ? 2 : brightest > 255 ? 2 : 1, plain);
    const Index pixels = rows * cols;
    return {rows, cols, plain ? plain_values(pixels, brightest) : raw_values(pixels, brightest)};
  }

 private:
  static constexpr Index most_pixels = Index{1} << 30;
  static constexpr Index most_gray = 65535;

  [[noreturn]] void fail(std::initializer_list<gemel::Piece> why, std::optional<Index> line = {}) const {
    throw gemel::FormatError(why, {.file = name_, .line = line});
  }

  static bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }

  /// Goes past white space and comments, which begin with # and end with the line.
  void skip_space() {
    for (bool comment = false; at_ < bytes_.size() && (comment || is_space(bytes_[at_]) || bytes_[at_] == '#'); ++at_) {
      if (bytes_[at_] == '#') comment = true;
      if (bytes_[at_] == '\n' || bytes_[at_] == '\r') comment = false;
      line_ += bytes_[at_] == '\n';
    }
  }

  /// The next number. Throws FormatError if there is none or it is larger than `most`.
  Index number(const char* what, Index most) {
    const std::size_t before = at_;
    skip_space();
    if (at_ == bytes_.size()) fail({"it ends before the ", what}, line_);
    std::size_t end = at_;
    while (end < bytes_.size() && is_digit(bytes_[end])) ++end;
    const bool ends = end == bytes_.size() || is_space(bytes_[end]) || bytes_[end] == '#';
    if (end == at_ || at_ == before || !ends) {
      fail({"a number, the ", what, ", is expected in place of '",
            program::printable(std::string_view(bytes_).substr(at_, 12)), "'"},
           line_);
    }
    Index value = 0;
    const auto result = std::from_chars(bytes_.data() + at_, bytes_.data() + end, value);
    if (result.ec != std::errc{} || value > most) {
      fail({"the ", what, " is ", program::printable(std::string_view(bytes_).substr(at_, end - at_), 20),
            ", but at most ", most, " is possible"},
           line_);
    }
    at_ = end;
    return value;
  }

  /// Throws FormatError if the rest of the file is too short for the pixels, before memory for them is allocated.
  void check_enough(Index rows, Index cols, Index bytes_each, bool plain) const {
    // One byte of white space follows the header; after the last plain number there may be none.
    const auto left = static_cast<Index>(bytes_.size() - at_);
    const Index room = plain ? left : left - 1;
    if (room >= 0 && rows <= room / bytes_each / cols) return;
    fail({"it is cut off: ", cols, " x ", rows, " pixels need more than the ", std::max<Index>(room, 0),
          " bytes that follow its header"});
  }

  std::vector<float> raw_values(Index pixels, Index brightest) {
    if (!is_space(bytes_[at_])) fail({"white space must follow its largest gray value"}, line_);
    const std::size_t size = brightest > 255 ? 2 : 1, begin = at_ + 1;
    const std::size_t surplus = bytes_.size() - begin - size * static_cast<std::size_t>(pixels);
    if (surplus > 0)
      fail({surplus, surplus == 1 ? " byte follows" : " bytes follow", " its last pixel: is its size right?"});
    std::vector<float> values;
    values.reserve(static_cast<std::size_t>(pixels));
    for (std::size_t i = begin; i < bytes_.size(); i += size) {
      Index value = static_cast<std::uint8_t>(bytes_[i]);
      if (size == 2) value = 256 * value + static_cast<std::uint8_t>(bytes_[i + 1]);
      values.push_back(share(value, brightest, gemel::length(values)));
    }
    return values;
  }

  std::vector<float> plain_values(Index pixels, Index brightest) {
    std::vector<float> values;
    values.reserve(static_cast<std::size_t>(pixels));
    for (Index i = 0; i < pixels; ++i) {
      const std::string what = gemel::format({"gray value of pixel ", i});
      values.push_back(share(number(what.c_str(), most_gray), brightest, i));
    }
    skip_space();
    if (at_ < bytes_.size())
      fail({"more follows after the last of its ", pixels, " pixels: is its size right?"}, line_);
    return values;
  }

  float share(Index value, Index brightest, Index pixel) const {
    if (value > brightest) {
      fail({"pixel ", pixel, " has the gray value ", value, ", but the header says that ", brightest,
            " is the largest"});
    }
    return static_cast<float>(value) / static_cast<float>(brightest);
  }

  std::string name_;
  std::string bytes_;
  std::size_t at_ = 0;
  Index line_ = 1;
};

}  // namespace detail

/// The PGM image of these bytes, of 8 or 16 bits a pixel; `file` names it in errors. Throws FormatError if they are not
/// a whole PGM image, and nothing else.
inline Image parse_pgm(std::string bytes, const std::string& file) {
  return detail::PgmReader{std::move(bytes), file}.image();
}

/// Reads a file. Throws IoError if it cannot be read, and what `parse_pgm` throws.
inline Image read_pgm(const std::filesystem::path& path) {
  gemel::InputFile file{path};
  std::string bytes(static_cast<std::size_t>(file.size()), '\0');
  bytes.resize(file.read(bytes));
  return parse_pgm(std::move(bytes), file.name());
}

/// The same, but throws FormatError also if all pixels are equal: all such images have the same features, so any two
/// would be of one person.
inline Image read_face(const std::filesystem::path& path) {
  Image image = read_pgm(path);
  const auto& pixels = image.values();
  if (std::ranges::all_of(pixels, [&](const auto& pixel) { return pixel == pixels.front(); })) {
    throw gemel::FormatError("all its pixels are equal, so it shows no face", {.file = path.string()});
  }
  return image;
}

}  // namespace faces
