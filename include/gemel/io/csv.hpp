#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <concepts>
#include <deque>
#include <filesystem>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/types.hpp"
#include "gemel/data/samples.hpp"
#include "gemel/io/csv_records.hpp"
#include "gemel/io/input_file.hpp"

namespace gemel {

/// Whether the first row holds names. Auto: it does where none of its cells (but the label's) is a number, or where
/// only the label's cell is none and the second row's label is one ("0,1,2,label"). A first row with both names and
/// numbers is read as data and refused: say Yes or No then.
enum class CsvHeader { Auto, Yes, No };

struct CsvOptions {
  /// The column that holds the class: its name; or its number from 0, a negative one from the end (-1: the last). A
  /// text that is a whole number is one, but for names that `header = Yes` says are there. Empty: there are only
  /// features.
  std::variant<std::monostate, Index, std::string> label = {};
  CsvHeader header = CsvHeader::Auto;
  char separator = ',';
};

/// What a CSV file holds: one row a sample.
template <Scalar S>
struct CsvData {
  Samples<S> samples;                 ///< features x rows
  std::vector<std::string> features;  ///< the names of the feature columns; without a header their numbers
  std::vector<int> labels;            ///< one a sample: positions in `classes`; empty where no label was asked for
  std::vector<std::string> classes;   ///< the label column's different texts, in the order of their appearance
};

namespace detail {

inline std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

/// All of the text as a number, whatever the locale: nothing where it is none, or no T; NaN where it is a number that
/// is too large or too small for a floating-point T.
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

template <Scalar S>
class CsvReader {
 public:
  CsvReader(CsvRecords& records, const CsvOptions& options) : records_(records), options_(options) {
    if (options.separator == '"' || options.separator == '\n' || options.separator == '\r') {
      throw ValueError("a quote or a line end cannot separate cells");
    }
  }

  CsvData<S> read() {
    if (!records_.next()) fail("the file is empty");
    if (records_.blank()) fail("the first line is blank", records_.line());
    // A copy, as the header shows itself by the second row only.
    const std::vector<std::string> first_row(records_.cells().begin(), records_.cells().end());
    const std::vector<std::string_view> first(first_row.begin(), first_row.end());
    const Index first_line = records_.line();
    if (std::ranges::any_of(first, [](std::string_view cell) { return cell.find('\0') != cell.npos; })) {
      fail("the first line holds zero bytes, so this is not text: is it an IDX or a gzipped file?", first_line);
    }
    bool more = records_.next();

    const bool header = begins_with_names(first, more ? records_.cells() : std::span<const std::string_view>{});
    for (std::size_t i = 0; i < first.size(); ++i) {
      names_.emplace_back(header ? std::string(trimmed(first[i])) : std::to_string(i));
    }
    if (columns() == 1 && label_) fail("there is only the label column: there are no features");
    if (!header) add_row(first, first_line);
    for (; more; more = records_.next()) {
      if (records_.blank()) {
        if (!blank_line_) blank_line_ = records_.line();
      } else {
        add_row(records_.cells(), records_.line());
      }
    }
    if (rows_ == 0) fail("there are names, but no rows");
    return collect();
  }

 private:
  [[noreturn]] void fail(const std::string& why, std::optional<Index> line = {}) const {
    throw FormatError(why, Place{.file = records_.name(), .line = line});
  }

  std::size_t columns() const { return names_.size(); }
  std::size_t features() const { return columns() - (label_ ? 1 : 0); }

  /// Finds the label's column, and whether the first row holds names.
  bool begins_with_names(std::span<const std::string_view> first, std::span<const std::string_view> second) {
    const auto is_number = [](std::string_view cell) { return parse_number<double>(cell).has_value(); };
    if (find_label(first)) return true;
    if (options_.header != CsvHeader::Auto) return options_.header == CsvHeader::Yes;
    std::size_t numbers = 0;
    std::size_t texts = 0;
    for (std::size_t i = 0; i < first.size(); ++i) {
      if (i != label_ && !trimmed(first[i]).empty()) ++(is_number(first[i]) ? numbers : texts);
    }
    if (texts > 0) return numbers == 0;
    return label_ && *label_ < second.size() && !is_number(first[*label_]) && is_number(second[*label_]);
  }

  /// Sets label_; true where the first row names it. Throws ValueError where there is no such column.
  bool find_label(std::span<const std::string_view> first) {
    const Index count = length(first);
    std::optional<Index> number;
    if (const auto* name = std::get_if<std::string>(&options_.label)) {
      number = parse_number<Index>(*name);
      if (options_.header == CsvHeader::Yes || (options_.header == CsvHeader::Auto && !number)) {
        const auto is_it = [name](std::string_view cell) { return trimmed(cell) == *name; };
        if (std::ranges::count_if(first, is_it) > 1) no_label("several columns have the name '" + *name + "'");
        const auto found = std::ranges::find_if(first, is_it);
        if (found != first.end()) {
          label_ = static_cast<std::size_t>(found - first.begin());
          return true;
        }
      }
      if (!number) no_label("no column has the name '" + *name + "'" + list(first));
    } else if (const auto* given = std::get_if<Index>(&options_.label)) {
      number = *given;
    }
    if (!number) return false;
    if (*number < -count || *number >= count) {
      no_label("the label's column cannot be number " + std::to_string(*number) + ": there are " +
               std::to_string(count) + " columns, 0 to " + std::to_string(count - 1));
    }
    label_ = static_cast<std::size_t>(*number < 0 ? *number + count : *number);
    return false;
  }
  [[noreturn]] void no_label(const std::string& why) const { throw ValueError(why, Place{.file = records_.name()}); }

  static std::string list(std::span<const std::string_view> names) {
    constexpr std::size_t most = 10;
    std::string text = "; the first row is ";
    for (std::size_t i = 0; i < std::min(most, names.size()); ++i) text += (i ? ", '" : "'") + excerpt(names[i]) + "'";
    return text + (names.size() > most ? ", …" : "");
  }

  /// A cell's text for a message: short, and without control characters.
  static std::string excerpt(std::string_view cell) {
    constexpr std::size_t most = 40;
    std::string text(cell.substr(0, most));
    std::ranges::replace_if(
        text, [](char c) { return static_cast<unsigned char>(c) < ' '; }, '?');
    return text + (cell.size() > most ? "…" : "");
  }

  void add_row(std::span<const std::string_view> cells, Index line) {
    if (blank_line_) fail("the line is blank, but rows follow", blank_line_);
    if (cells.size() != columns()) {
      fail("the row has " + std::to_string(cells.size()) + " cells, but the first row has " + std::to_string(columns()),
           line);
    }
    if (blocks_.empty() || blocks_.back().size() == blocks_.back().capacity()) {
      const std::size_t most = std::max<std::size_t>(1, block_values / features());
      blocks_.emplace_back().reserve(features() * std::clamp<std::size_t>(static_cast<std::size_t>(rows_), 1, most));
    }
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (i == label_) {
        labels_.push_back(class_of(cells[i], line));
      } else {
        blocks_.back().push_back(value_of(cells[i], line, i));
      }
    }
    ++rows_;
  }

  Place at(Index line, std::size_t column) const {
    return {.file = records_.name(), .line = line, .column = names_[column]};
  }
  static std::string numbered(std::size_t column) {
    return " (column number " + std::to_string(column) + ", counted from 0)";
  }

  S value_of(std::string_view cell, Index line, std::size_t column) const {
    const std::optional<double> value = parse_number<double>(cell);
    if (!value) {
      const std::string text = trimmed(cell).empty() ? "the cell is empty" : "'" + excerpt(cell) + "' is not a number";
      const bool first_row = rows_ == 0 && options_.header == CsvHeader::Auto;
      const char* hint = columns() == 1 ? "; there is one column only: is the separator right?"
                         : first_row    ? "; where the first row holds names, say so"
                                        : "";
      throw FormatError({text, numbered(column), hint}, at(line, column));
    }
    if (!std::isfinite(*value) || std::abs(*value) > static_cast<double>(std::numeric_limits<S>::max())) {
      throw NonFiniteError({"'", excerpt(cell), "' is NaN, infinite or out of range", numbered(column)},
                           at(line, column));
    }
    return static_cast<S>(*value);
  }

  int class_of(std::string_view cell, Index line) {
    cell = trimmed(cell);
    if (cell.empty()) throw FormatError({"the label is empty", numbered(*label_)}, at(line, *label_));
    const auto found = numbers_.find(cell);
    if (found != numbers_.end()) return found->second;
    const int number = static_cast<int>(classes_.size());
    classes_.emplace_back(cell);
    numbers_.emplace(cell, number);
    return number;
  }

  /// The blocks as one matrix; each is freed when it is copied.
  CsvData<S> collect() {
    MatrixX<S> values(static_cast<Index>(features()), rows_);
    S* out = values.data();
    for (; !blocks_.empty(); blocks_.pop_front()) out = std::ranges::copy(blocks_.front(), out).out;
    if (label_) names_.erase(names_.begin() + static_cast<Index>(*label_));
    return {Samples<S>{std::move(values)}, std::move(names_), std::move(labels_), std::move(classes_)};
  }

  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  static constexpr std::size_t block_values = std::size_t{1} << 20;

  CsvRecords& records_;
  const CsvOptions& options_;
  std::vector<std::string> names_;
  std::optional<std::size_t> label_;
  std::deque<std::vector<S>> blocks_;  // whole rows in each, as many as there are so far: growing copies nothing
  Index rows_ = 0;
  std::optional<Index> blank_line_;
  std::vector<int> labels_;
  std::vector<std::string> classes_;
  std::unordered_map<std::string, int, TextHash, std::equal_to<>> numbers_;
};

}  // namespace detail

/// Reads samples, and class labels where a label column is named, from comma-separated text (RFC 4180, LF or CRLF,
/// quoted cells, UTF-8 with or without a byte order mark; blank lines at the end are ignored). Numbers are written with
/// a point, whatever the locale; blanks around a cell do not count.
///
/// Throws IoError where the file cannot be read; FormatError, with the line and column in `place()`, for a cell that is
/// empty or not a number, a row with more or fewer cells than the first, a quote that is not closed, a file without
/// rows; NonFiniteError for NaN, infinities and numbers beyond S or nearer to 0 than any double; ValueError where there
/// is no such label column.
template <Scalar S>
CsvData<S> read_csv(const std::filesystem::path& path, const CsvOptions& options = {}) {
  InputFile file{path};
  detail::CsvRecords records{file, options.separator};
  return detail::CsvReader<S>{records, options}.read();
}

/// The same from text in memory; `name` is what errors call it.
template <Scalar S>
CsvData<S> parse_csv(std::string_view text, const CsvOptions& options = {}, const std::string& name = "CSV text") {
  detail::CsvRecords records{text, options.separator, name};
  return detail::CsvReader<S>{records, options}.read();
}

}  // namespace gemel
