#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <concepts>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "gemel/core/error.hpp"

// Functions that interpret the text of one cell.

namespace gemel::detail {

/// Throws ValueError for a separator that can be part of a number, a name or a line end.
inline void check_separator(char separator, const Place& place = {}) {
  const auto is = [separator](char first, char last) { return separator >= first && separator <= last; };
  constexpr std::string_view others{". +-\"\r\n\0", 8};
  if (is('a', 'z') || is('A', 'Z') || is('0', '9') || others.find(separator) != others.npos ||
      static_cast<unsigned char>(separator) >= 0x80) {
    throw ValueError(
        "a letter, a digit, a space, '.', '+', '-', a zero byte, a byte beyond ASCII, a quote or a line end cannot "
        "separate cells: take a comma, a semicolon or a tab",
        place);
  }
}

/// The text without spaces and tabs at its ends.
inline std::string_view trimmed(std::string_view text) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

/// Parses the whole text as a number, whatever the locale. Returns nothing if it is not a number or not a T, and NaN
/// for a number that is too large or too small for a floating-point T.
template <class T>
std::optional<T> parse_number(std::string_view text) {
  text = trimmed(text);
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size()) return std::nullopt;
  if (error == std::errc::result_out_of_range && std::floating_point<T>) return std::numeric_limits<T>::quiet_NaN();
  if (error != std::errc{}) return std::nullopt;
  return value;
}

/// Whether the cell is empty or holds a mark for a missing value, as files of R, pandas, databases and the UCI
/// repository do.
inline bool is_missing(std::string_view cell) {
  constexpr std::array<std::string_view, 16> marks{"",    "NA",   "N/A",  "n/a",  "na",   "N.A.", "#N/A", "NaN",
                                                   "nan", "NULL", "null", "None", "NONE", "?",    "-",    "--"};
  return std::ranges::find(marks, trimmed(cell)) != marks.end();
}

/// Whether the cell is a number that parse_number reads, or one with commas, spaces or apostrophes between its digits,
/// as decimals and thousands are written in many countries.
inline bool looks_like_number(std::string_view cell) {
  if (parse_number<double>(cell)) return true;
  cell = trimmed(cell);
  if (cell.starts_with('+') || cell.starts_with('-')) cell.remove_prefix(1);
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return std::ranges::any_of(cell, digit) && std::ranges::all_of(cell, [digit](char c) {
           return digit(c) || c == ',' || c == '.' || c == ' ' || c == '\'';
         });
}

/// A whole number without its decimal point: "1" for "1.0", "1." and "1.00", which a program writes for 1 if its column
/// is floating-point. Any other text is returned unchanged.
inline std::string_view whole_number(std::string_view text) {
  const std::size_t point = text.find('.');
  if (point == 0 || point == text.npos) return text;
  const std::string_view digits = text.substr(text.starts_with('-') ? 1 : 0, point - (text.starts_with('-') ? 1 : 0));
  const bool whole = !digits.empty() && digits.find_first_not_of("0123456789") == digits.npos &&
                     text.find_first_not_of('0', point + 1) == text.npos;
  return whole ? text.substr(0, point) : text;
}

/// A cell's text for an error message, cut to `max_bytes` and without control characters.
inline std::string excerpt(std::string_view cell, std::size_t max_bytes = 40) {
  std::string text(cell.substr(0, max_bytes));
  std::ranges::replace_if(
      text, [](char c) { return static_cast<unsigned char>(c) < ' '; }, '?');
  if (cell.size() > max_bytes) text += "…";
  return text;
}

/// The first texts, each in quotes, for an error message.
template <class Texts>
std::string excerpts(const Texts& texts) {
  constexpr std::size_t max_count = 10;
  std::string all;
  for (std::size_t i = 0; i < std::min<std::size_t>(max_count, texts.size()); ++i) {
    all += format({i > 0 ? ", '" : "'", excerpt(texts[i]), "'"});
  }
  if (texts.size() > max_count) all += ", …";
  return all;
}

/// " (column number 2, counted from 0)", for an error message.
inline std::string numbered_column(std::size_t column) {
  return format({" (column number ", column, ", counted from 0)"});
}

}  // namespace gemel::detail
