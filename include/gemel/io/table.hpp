#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <initializer_list>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/types.hpp"
#include "gemel/io/csv/beginning.hpp"
#include "gemel/io/csv/cell.hpp"
#include "gemel/io/csv/records.hpp"
#include "gemel/io/input_file.hpp"

namespace gemel {

/// Options of read_table and parse_table.
struct TableOptions {
  bool header = true;  ///< Whether the first row holds the columns' names. If not, they are "0", "1", ….
  /// The character between the cells of a row. Empty: the comma, semicolon or tab that the first row holds outside
  /// quotes, or a comma if it holds none. FormatError is thrown if it holds several of them.
  std::optional<char> separator = {};
  const char* separator_name = "TableOptions::separator";  ///< What error messages call that option.
};

class Table;
inline Table read_table(const std::filesystem::path& path, const TableOptions& options = {});
inline Table parse_table(std::string_view text, const TableOptions& options = {}, const std::string& name = "CSV text");

/// The cells of a CSV file. Its columns are found by their names, as texts or as numbers:
///
///   const Table people = read_table("people.csv");
///   const std::vector<std::string>& names = people.text("name");
///   const VectorX<float> ages = people.numbers<float>("age");
///
/// Use `read_csv` for a file whose columns, except for labels and groups, are all numbers.
class Table {
 public:
  /// The number of rows, at least one, without the one that holds the names.
  Index rows() const { return length(lines_); }
  /// The number of columns.
  Index columns() const { return length(names_); }

  /// The columns' names, in the order of the file. They may be empty, and several columns may have the same.
  const std::vector<std::string>& names() const { return names_; }
  /// Whether at least one column has this name.
  bool has(std::string_view name) const { return std::ranges::find(names_, name) != names_.end(); }

  /// The cells of the column of this name, one per row, without enclosing quotes and without spaces and tabs at their
  /// ends. Throws ValueError if no column has the name, or several have it.
  const std::vector<std::string>& text(std::string_view name) const { return cells_[position(name)]; }

  /// The column of this name as numbers (rows x 1), which are written with a point, whatever the locale. Throws
  /// ValueError as `text` does; FormatError, with the line and the column in `place()`, for a cell that is empty or not
  /// a number; NonFiniteError, with the same place, for NaN, infinity and numbers that are out of the range of S.
  template <Scalar S>
  VectorX<S> numbers(std::string_view name) const {
    const std::vector<std::string>& cells = text(name);
    VectorX<S> values(rows());
    for (Index row = 0; row < rows(); ++row) values[row] = number<S>(cells[static_cast<std::size_t>(row)], row, name);
    return values;
  }

  /// The line of the file in which a row begins, from 1, for error messages. Throws ValueError if there is no such row.
  Index line(Index row) const {
    if (row < 0 || row >= rows()) throw ValueError({"there is no row ", row, ": there are ", rows()});
    return lines_[static_cast<std::size_t>(row)];
  }
  /// What error messages call the file.
  const std::string& file() const { return file_; }

 private:
  friend Table read_table(const std::filesystem::path& path, const TableOptions& options);
  friend Table parse_table(std::string_view text, const TableOptions& options, const std::string& name);

  [[gnu::cold]] Table(detail::CsvRecords& records, const TableOptions& options) : file_(records.name()) {
    detail::refuse_other_formats(records);
    detail::set_separator(records, options.separator, options.separator_name);
    if (!records.next()) fail({"the file is empty"});
    if (records.blank()) fail({"the first line is blank"}, records.line());
    detail::refuse_zero_bytes(records);
    const std::span<const std::string_view> first = records.cells();
    cells_.resize(first.size());
    for (std::size_t i = 0; i < first.size(); ++i) {
      names_.push_back(options.header ? std::string(detail::trimmed(first[i])) : std::to_string(i));
    }
    if (!options.header) add_row(records);
    std::optional<Index> blank_line;
    while (records.next()) {
      if (records.blank()) {
        if (!blank_line) blank_line = records.line();
        continue;
      }
      if (blank_line) fail({"the line is blank, but rows follow"}, *blank_line);
      add_row(records);
    }
    if (rows() == 0) fail({"there are names, but no rows"});
  }

  [[noreturn]] void fail(std::initializer_list<Piece> why, std::optional<Index> line = {}) const {
    throw FormatError(why, Place{.file = file_, .line = line});
  }

  /// Adds the current record as a row.
  void add_row(const detail::CsvRecords& records) {
    const std::span<const std::string_view> cells = records.cells();
    if (length(cells) != columns()) {
      fail({"the row has ", cells.size(), " cells, but the first row has ", columns()}, records.line());
    }
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (cells[i].find('\0') != std::string_view::npos) {
        throw FormatError({"a cell holds a zero byte, so this is not text", detail::numbered_column(i)},
                          Place{.file = file_, .line = records.line(), .column = detail::excerpt(names_[i])});
      }
      cells_[i].emplace_back(detail::trimmed(cells[i]));
    }
    lines_.push_back(records.line());
  }

  std::size_t position(std::string_view name) const {
    const auto found = std::ranges::find(names_, name);
    const std::string wanted = detail::excerpt(name);
    if (found == names_.end()) {
      throw ValueError({"no column has the name '", wanted, "'; the columns are ", detail::excerpts(names_)},
                       Place{.file = file_});
    }
    if (std::ranges::count(names_, name) > 1) {
      throw ValueError({"several columns have the name '", wanted, "': name them apart"}, Place{.file = file_});
    }
    return static_cast<std::size_t>(found - names_.begin());
  }

  template <Scalar S>
  S number(const std::string& cell, Index row, std::string_view column) const {
    const Place place{.file = file_, .line = line(row), .column = detail::excerpt(column)};
    if (cell.empty()) throw FormatError("the cell is empty, but a number is needed", place);
    const std::optional<double> value = detail::parse_number<double>(cell);
    if (!value) {
      throw FormatError(
          {"'", detail::excerpt(cell), "' is not a number",
           detail::looks_like_number(cell) ? "; write decimals with a point, and thousands without a mark" : ""},
          place);
    }
    if (!std::isfinite(*value) || std::abs(*value) > static_cast<double>(std::numeric_limits<S>::max())) {
      throw NonFiniteError({"'", detail::excerpt(cell), "' is NaN, infinite or out of range"}, place);
    }
    return static_cast<S>(*value);
  }

  std::string file_;
  std::vector<std::string> names_;
  std::vector<std::vector<std::string>> cells_;  // one vector per column
  std::vector<Index> lines_;                     // of each row
};

/// Reads a table from a text file of cells that are separated by commas, semicolons, tabs or another character (RFC
/// 4180), with the rules of read_csv (io/csv.hpp) for quotes, line ends, empty lines at the end, and UTF-8. Cells may
/// be empty.
///
/// Throws IoError if the file cannot be read; FormatError, with the line in `place()`, for a row with more or fewer
/// cells than the first one, an empty line before other rows, a zero byte, a quote that is not closed or that text
/// follows, a row of more than 256 MiB, a file that has no rows or is not text, UTF-16, lines that end in CR alone, or
/// a first row with several separators; ValueError for a separator that read_csv refuses.
[[gnu::cold]] inline Table read_table(const std::filesystem::path& path, const TableOptions& options) {
  InputFile file{path};
  detail::CsvRecords records{file, options.separator.value_or(',')};
  return {records, options};
}

/// As read_table, but from text in memory, which error messages call `name`.
[[gnu::cold]] inline Table parse_table(std::string_view text, const TableOptions& options, const std::string& name) {
  detail::CsvRecords records{text, options.separator.value_or(','), name};
  return {records, options};
}

}  // namespace gemel
