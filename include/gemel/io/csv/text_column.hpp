#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/types.hpp"
#include "gemel/io/csv/cell.hpp"
#include "gemel/io/csv_options.hpp"

namespace gemel::detail {

/// A column of texts, such as the labels or the groups: its place in the file, and its different texts in the order of
/// their appearance.
class CsvTextColumn {
 public:
  explicit CsvTextColumn(const char* in_errors) : what(in_errors) {}

  const char* what;                          // "label", "group" or "ignored column", for error messages
  std::optional<std::size_t> position = {};  // of the column; empty: the file has no such column
  std::vector<int> of_rows = {};             // the index of each row's text in `texts`
  std::vector<std::string> texts = {};       // the different texts

  /// Whether this is the column at that position.
  bool is(std::size_t column) const { return position == column; }

  /// Finds the column by its name or index. Returns whether the first row holds its name. Throws ValueError if the
  /// column does not exist, or if several have the name.
  bool choose(const decltype(CsvOptions::label)& wanted, CsvHeader header, std::span<const std::string_view> first_row,
              const std::string& file) {
    const auto fail = [&file](std::initializer_list<Piece> why) { throw ValueError(why, Place{.file = file}); };
    const Index count = length(first_row);
    std::optional<Index> number;
    if (const auto* name = std::get_if<std::string>(&wanted)) {
      number = parse_number<Index>(*name);
      if (header == CsvHeader::Yes || (header == CsvHeader::Auto && !number)) {
        const auto is_it = [name](std::string_view cell) { return trimmed(cell) == *name; };
        if (std::ranges::count_if(first_row, is_it) > 1) fail({"several columns have the name '", *name, "'"});
        const auto found = std::ranges::find_if(first_row, is_it);
        if (found != first_row.end()) {
          position = static_cast<std::size_t>(found - first_row.begin());
          return true;
        }
      }
      if (!number) fail({"no column has the name '", *name, "'; the first row is ", excerpts(first_row)});
    } else if (const auto* given = std::get_if<Index>(&wanted)) {
      number = *given;
    }
    if (!number) return false;
    if (*number < -count || *number >= count) {
      fail({"no column has the number ", *number, ", which was given for the ", what, ": there are ", count,
            " columns, 0 to ", count - 1});
    }
    position = static_cast<std::size_t>(*number < 0 ? *number + count : *number);
    return false;
  }

  /// The index of the text in `texts`; empty if no earlier row has this text.
  std::optional<int> find(std::string_view text) const {
    const auto found = indices_.find(text);
    return found == indices_.end() ? std::nullopt : std::optional{found->second};
  }

  /// Appends a new text to `texts`, and returns its index. Throws FormatError, with the Place that `place()` returns,
  /// if the text is empty, contains a zero byte, or is the same number as an earlier text that is written differently.
  template <class PlaceOf>
  int add(std::string_view text, const CsvOptionNames& names, PlaceOf place) {
    const auto fail = [&](std::initializer_list<Piece> why) { throw FormatError(why, place()); };
    if (text.empty()) {
      fail({"the ", what, " is empty", numbered_column(*position), "; ", names.missing,
            " can leave out the rows that have missing values"});
    }
    if (text.find('\0') != text.npos) {
      fail({"the ", what, " '", excerpt(text), "' holds a zero byte", numbered_column(*position)});
    }
    const auto [other, added] = spellings_.emplace(whole_number(text), text);
    if (!added) {
      fail({"the ", what, "s '", excerpt(other->second), "' and '", excerpt(text),
            "' are the same number, written differently: write them alike", numbered_column(*position)});
    }
    const int index = static_cast<int>(texts.size());
    texts.emplace_back(text);
    indices_.emplace(text, index);
    return index;
  }

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  std::unordered_map<std::string, int, TextHash, std::equal_to<>> indices_ = {};  // of the texts in `texts`
  std::unordered_map<std::string, std::string> spellings_ = {};  // per whole_number of a text: how it was first written
};

}  // namespace gemel::detail
