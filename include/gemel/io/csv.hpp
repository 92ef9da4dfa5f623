#pragma once

#include <algorithm>
#include <cmath>
#include <deque>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/types.hpp"
#include "gemel/data/samples.hpp"
#include "gemel/io/csv_cell.hpp"
#include "gemel/io/csv_data.hpp"
#include "gemel/io/csv_records.hpp"
#include "gemel/io/input_file.hpp"

namespace gemel {

namespace detail {

template <Scalar S>
class CsvReader {
 public:
  CsvReader(CsvRecords& records, const CsvOptions& options) : records_(records), options_(options) {
    if (options.separator) check_separator(*options.separator);
  }

  CsvData<S> read() {
    refuse_other_formats();
    find_separator();
    if (!records_.next()) fail({"the file is empty"});
    first_line_ = records_.line();
    if (records_.blank()) fail({"the first line is blank"}, first_line_);
    // A copy, as what it is may show by the second row only.
    const std::vector<std::string> first_row(records_.cells().begin(), records_.cells().end());
    std::vector<std::string_view> first(first_row.begin(), first_row.end());
    if (std::ranges::any_of(first, [](std::string_view cell) { return cell.find('\0') != std::string_view::npos; })) {
      fail({"the first line holds zero bytes, so this is not text: is it UTF-16, an IDX or a gzipped file?"},
           first_line_);
    }

    bool more = records_.next();
    if (more && are_counts(first, records_.cells())) return read_counted(first);

    const bool named = find_columns(first);
    if (first.size() == (label_.column ? 1U : 0U) + (group_.column ? 1U : 0U)) {
      fail({"there is only the ",
            first.size() == 2 ? "label's and the group's"
            : label_.column   ? "label"
                              : "group",
            " column: there are no features; is the separator right? Say by ", options_.names.separator,
            " what it is"});
    }
    header_ = named || begins_with_names(first);
    for (std::size_t i = 0; i < first.size(); ++i) {
      names_.emplace_back(header_ ? std::string(trimmed(first[i])) : std::to_string(i));
    }
    if (!header_) add_row(first, first_line_);
    add_rows(more);
    if (rows_ == 0) fail({"there are names, but no rows"});
    // A file of one row, whose label is a number, is read as a sample: there is no later row to compare it with.
    if (lone_label_ && (rows_ + left_out_ > 1 || !looks_like_number(*lone_label_))) {
      ask_for_header(
          {"its cells are numbers, and no later row has a ", telling().what, " like '", excerpt(*lone_label_), "'"});
    }
    return collect();
  }

 private:
  /// The present row, if there is `more`, and all that follow.
  void add_rows(bool more) {
    for (; more; more = records_.next()) {
      if (records_.blank()) {
        if (!blank_line_) blank_line_ = records_.line();
      } else {
        add_row(records_.cells(), records_.line());
      }
    }
    if (rows_ == 0 && left_out_ > 0) fail({"all of its ", left_out_, " rows have missing values"});
  }

  /// Whether the first row is scikit-learn's, "150,4,setosa,versicolor,virginica": the numbers of the samples and of
  /// their features, which the second row must have and a label behind, and the names of the classes 0, 1, 2.
  bool are_counts(std::span<const std::string_view> first, std::span<const std::string_view> second) const {
    if (options_.header != CsvHeader::Auto || first.size() < 4) return false;
    const auto samples = parse_number<Index>(first[0]), features = parse_number<Index>(first[1]);
    return samples && *samples > 0 && features && *features > 0 && *features + 1 == length(second) &&
           std::ranges::none_of(first.subspan(2),
                                [](auto cell) { return looks_like_number(cell) || is_missing(cell); }) &&
           std::ranges::all_of(second, looks_like_number);
  }

  CsvData<S> read_counted(std::span<const std::string_view> first) {
    const std::size_t count = records_.cells().size();
    for (std::size_t i = 0; i < count; ++i) names_.push_back(std::to_string(i));
    find_columns(records_.cells());
    add_rows(true);
    if (rows_ + left_out_ != *parse_number<Index>(first[0])) {
      fail({"it has ", rows_ + left_out_, " rows, but says itself that they are ", excerpt(trimmed(first[0]))},
           first_line_);
    }
    // The labels are the names' numbers: where they are, and no two names are one, classes have their names.
    const std::span<const std::string_view> names = first.subspan(2);
    std::vector<std::string> named;
    for (const std::string& number : label_.texts) {
      const auto place = parse_number<Index>(number);
      if (label_.column != count - 1 || !place || *place < 0 || *place >= length(names)) break;
      named.emplace_back(trimmed(names[static_cast<std::size_t>(*place)]));
      if (std::ranges::count(named, named.back()) > 1) break;
    }
    if (named.size() == label_.texts.size() && (named.empty() || std::ranges::count(named, named.back()) == 1)) {
      label_.texts = std::move(named);
    }
    counts_ = true;
    return collect();
  }

  [[noreturn]] void fail(std::initializer_list<Piece> why, std::optional<Index> line = {}) const {
    throw FormatError(why, Place{.file = records_.name(), .line = line});
  }

  std::size_t columns() const { return names_.size(); }
  std::size_t features() const { return columns() - (label_.column ? 1 : 0) - (group_.column ? 1 : 0); }

  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  /// A column of texts, which are numbered in the order of their appearance.
  struct Texts {
    const char* what;  // as errors call it
    std::optional<std::size_t> column = {};
    std::vector<int> of_rows = {};
    std::vector<std::string> texts = {};
    std::unordered_map<std::string, int, TextHash, std::equal_to<>> numbers = {};
    std::unordered_map<std::string, std::string> whole_numbers = {};  // to how they are written
  };
  /// The column by whose texts a row of names is told from a sample.
  const Texts& telling() const { return label_.column ? label_ : group_; }

  void refuse_other_formats() const {
    const std::string_view text = records_.text();
    if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
      fail({"it is UTF-16, but only UTF-8 can be read: save it as that"});
    }
    if (text.starts_with("\x1F\x8B")) fail({"it is gzipped, not text: unpack it first"});
    if (text.starts_with("PK\x03\x04")) {
      fail({"it is a spreadsheet or another ZIP archive, not text: export it as CSV first"});
    }
  }

  void find_separator() {
    const std::string found = records_.separators(options_.separator ? std::string(1, *options_.separator) : ",;\t");
    if (found.size() > 1) {
      std::string list;
      for (const char c : found) {
        list += format({list.empty() ? "" : " and ", c == '\t' ? "a tab" : c == ',' ? "','" : "';'"});
      }
      fail({"the first row holds ", list, ": say by ", options_.names.separator,
            " which of them separates its cells; no other may stand in a number"},
           records_.line());
    }
    if (!options_.separator) records_.separate_by(found.empty() ? ',' : found[0]);
  }

  /// Whether the first row, in which nothing names the label's column, holds names.
  bool begins_with_names(std::span<const std::string_view> first) {
    if (options_.header != CsvHeader::Auto) return options_.header == CsvHeader::Yes;
    std::size_t numbers = 0;
    std::size_t texts = 0;
    for (std::size_t i = 0; i < first.size(); ++i) {
      if (i == label_.column || i == group_.column) continue;
      if (looks_like_number(first[i])) {
        ++numbers;
      } else if (!is_missing(first[i])) {
        ++texts;
      }
    }
    const std::optional<std::size_t> label = telling().column;
    if (texts > 0 && label && numbers == 0) header_label_ = std::string(trimmed(first[*label]));
    if (texts > 0) return numbers == 0;
    if (numbers == 0) ask_for_header({"its cells are missing values"});
    if (are_column_numbers(first)) ask_for_header({"its cells are the columns' numbers"});
    if (label && !leaves_out(first[*label])) lone_label_ = std::string(trimmed(first[*label]));
    return false;
  }

  [[noreturn]] void ask_for_header(std::initializer_list<Piece> why) const {
    fail({"the first row may hold names, or a sample: ", format(why), "; say by ", options_.names.header,
          " whether it holds names"},
         first_line_);
  }

  /// "0,1,2", and with row numbers in a column without a name ",0,1,2": so pandas names columns that have no names.
  static bool are_column_numbers(std::span<const std::string_view> first) {
    const std::span<const std::string_view> numbers = first.subspan(trimmed(first[0]).empty() ? 1 : 0);
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      if (trimmed(numbers[i]) != std::to_string(i)) return false;
    }
    return numbers.size() >= 3;
  }

  /// Finds the columns of labels and groups; true where the first row names one. Throws ValueError where there is no
  /// such column, or it is the same.
  bool find_columns(std::span<const std::string_view> first) {
    const bool named = find_column(options_.label, label_, first);
    const bool group_named = find_column(options_.group, group_, first);
    if (label_.column && label_.column == group_.column) {
      no_column({"column number ", *label_.column, " cannot hold both the label and the group: say by ",
                 options_.names.label, " and ", options_.names.group, " which columns do"});
    }
    return named || group_named;
  }
  bool find_column(const std::variant<std::monostate, Index, std::string>& wanted, Texts& texts,
                   std::span<const std::string_view> first) {
    const Index count = length(first);
    std::optional<Index> number;
    if (const auto* name = std::get_if<std::string>(&wanted)) {
      number = parse_number<Index>(*name);
      if (options_.header == CsvHeader::Yes || (options_.header == CsvHeader::Auto && !number)) {
        const auto is_it = [name](std::string_view cell) { return trimmed(cell) == *name; };
        if (std::ranges::count_if(first, is_it) > 1) no_column({"several columns have the name '", *name, "'"});
        const auto found = std::ranges::find_if(first, is_it);
        if (found != first.end()) {
          texts.column = static_cast<std::size_t>(found - first.begin());
          return true;
        }
      }
      if (!number) no_column({"no column has the name '", *name, "'; the first row is ", excerpts(first)});
    } else if (const auto* given = std::get_if<Index>(&wanted)) {
      number = *given;
    }
    if (!number) return false;
    if (*number < -count || *number >= count) {
      no_column({"the ", texts.what, "'s column cannot be number ", *number, ": there are ", count, " columns, 0 to ",
                 count - 1});
    }
    texts.column = static_cast<std::size_t>(*number < 0 ? *number + count : *number);
    return false;
  }
  [[noreturn]] void no_column(std::initializer_list<Piece> why) const {
    throw ValueError(why, Place{.file = records_.name()});
  }

  void add_row(std::span<const std::string_view> cells, Index line) {
    if (blank_line_) fail({"the line is blank, but rows follow"}, blank_line_);
    if (cells.size() != columns()) {
      fail({"the row has ", cells.size(), " cells, but the first row has ", columns()}, line);
    }
    if (blocks_.empty() || blocks_.back().size() == blocks_.back().capacity()) {
      const std::size_t most = std::max<std::size_t>(1, block_values / features());
      blocks_.emplace_back().reserve(features() * std::clamp<std::size_t>(static_cast<std::size_t>(rows_), 1, most));
    }
    const std::size_t before = blocks_.back().size();
    bool whole = true;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const bool text = i == label_.column || i == group_.column;
      const bool there = text ? !leaves_out(cells[i]) : add_value(cells[i], line, i);
      whole = whole && there;
    }
    if (lone_label_ && line != first_line_) compare_with_lone_label(trimmed(cells[*telling().column]));
    if (!whole) {
      blocks_.back().resize(before);
      ++left_out_;
      return;
    }
    for (Texts* texts : {&label_, &group_}) {
      if (texts->column) texts->of_rows.push_back(number_of(cells[*texts->column], line, *texts));
    }
    ++rows_;
  }

  /// A label that some later row has is a class, and so is a number among numbers.
  void compare_with_lone_label(std::string_view label) {
    if (label == *lone_label_ || (looks_like_number(label) && looks_like_number(*lone_label_))) lone_label_.reset();
  }

  Place at(Index line, std::size_t column) const {
    return {.file = records_.name(), .line = line, .column = excerpt(names_[column])};
  }
  static std::string numbered(std::size_t column) { return format({" (column number ", column, ", counted from 0)"}); }

  /// Whether the cell is missing, and such rows are to be left out.
  bool leaves_out(std::string_view cell) const { return options_.missing == CsvMissing::LeaveOut && is_missing(cell); }

  /// Adds the cell's number to the last block; false where it leaves out the row.
  bool add_value(std::string_view cell, Index line, std::size_t column) {
    const std::optional<double> value = parse_number<double>(cell);
    if (!value || !std::isfinite(*value)) {
      if (leaves_out(cell)) return false;
      if (!value) {
        const std::string text =
            trimmed(cell).empty() ? "the cell is empty" : format({"'", excerpt(cell), "' is not a number"});
        throw FormatError({text, numbered(column), advice(cell, line, column)}, at(line, column));
      }
    }
    if (!std::isfinite(*value) || std::abs(*value) > static_cast<double>(std::numeric_limits<S>::max())) {
      throw NonFiniteError({"'", excerpt(cell), "' is NaN, infinite or out of range", numbered(column),
                            is_missing(cell) ? advice(cell, line, column) : ""},
                           at(line, column));
    }
    blocks_.back().push_back(static_cast<S>(*value));
    return true;
  }

  /// What may be wrong where a cell is no number, and the option that helps.
  std::string advice(std::string_view cell, Index line, std::size_t column) const {
    const CsvOptionNames& names = options_.names;
    if (columns() == 1 && !trimmed(cell).empty()) {
      return format({"; there is one column only: is the separator right? Say by ", names.separator, " what it is"});
    }
    const bool first_row = !header_ && line == first_line_ && options_.header == CsvHeader::Auto;
    std::string header = first_row ? format({"; where the first row holds names, say so by ", names.header}) : "";
    if (is_missing(cell)) {
      const bool at_end = trimmed(cell).empty() && column + 1 == columns();
      return format({at_end ? "; does the line end with a separator too many?" : "", header, "; ", names.missing,
                     " can leave out the rows that have missing values"});
    }
    if (looks_like_number(cell)) return "; write decimals with a point, and thousands without a mark";
    if (first_row) return header;
    return format({"; features are numbers: where this column holds the classes, say so by ", names.label,
                   ", where it holds groups, by ", names.group,
                   ", else write it as numbers or leave it out of the file"});
  }

  int number_of(std::string_view cell, Index line, Texts& column) {
    cell = trimmed(cell);
    const auto found = column.numbers.find(cell);
    if (found != column.numbers.end()) return found->second;
    if (&column == &telling() && cell == header_label_) {
      ask_for_header({"its cells are texts, and another row has the ", column.what, " '", excerpt(cell), "' too"});
    }
    if (cell.empty()) {
      throw FormatError({"the ", column.what, " is empty", numbered(*column.column), "; ", options_.names.missing,
                         " can leave out the rows that have missing values"},
                        at(line, *column.column));
    }
    if (cell.find('\0') != cell.npos) {
      throw FormatError({"the ", column.what, " '", excerpt(cell), "' holds a zero byte", numbered(*column.column)},
                        at(line, *column.column));
    }
    const auto [other, added] = column.whole_numbers.emplace(whole_number(cell), cell);
    if (!added) {
      throw FormatError({"the ", column.what, "s '", excerpt(other->second), "' and '", excerpt(cell),
                         "' are one number, but two texts: write them alike", numbered(*column.column)},
                        at(line, *column.column));
    }
    const int number = static_cast<int>(column.texts.size());
    column.texts.emplace_back(cell);
    column.numbers.emplace(cell, number);
    return number;
  }

  /// The blocks as one matrix; each is freed when it is copied.
  CsvData<S> collect() {
    MatrixX<S> values(static_cast<Index>(features()), rows_);
    S* out = values.data();
    for (; !blocks_.empty(); blocks_.pop_front()) out = std::ranges::copy(blocks_.front(), out).out;
    std::vector<std::string> features;
    for (std::size_t i = 0; i < columns(); ++i) {
      if (i != label_.column && i != group_.column) features.push_back(names_[i]);
    }
    const auto name_of = [this](const Texts& texts) { return texts.column ? names_[*texts.column] : std::string{}; };
    return {.samples = Samples<S>{std::move(values)},
            .features = std::move(features),
            .labels = std::move(label_.of_rows),
            .classes = std::move(label_.texts),
            .label = name_of(label_),
            .groups = std::move(group_.of_rows),
            .group_names = std::move(group_.texts),
            .group = name_of(group_),
            .header = header_,
            .counts = counts_,
            .left_out = left_out_,
            .file = records_.name()};
  }

  static constexpr std::size_t block_values = std::size_t{1} << 20;

  CsvRecords& records_;
  const CsvOptions& options_;
  std::vector<std::string> names_;
  bool header_ = false;
  bool counts_ = false;
  Index first_line_ = 1;
  Texts label_{.what = "label"};
  Texts group_{.what = "group"};
  std::optional<std::string> header_label_;  // the first row's, where it was taken for names: no other row has it
  std::optional<std::string> lone_label_;    // the first row's, while it may be a name and no other row has it
  std::deque<std::vector<S>> blocks_;        // whole rows in each, as many as there are so far: growing copies nothing
  Index rows_ = 0;
  Index left_out_ = 0;
  std::optional<Index> blank_line_;
};

}  // namespace detail

/// Reads samples, and class labels and groups where their columns are named, from comma-separated text, or text with
/// semicolons or tabs (RFC 4180, LF or CRLF, quoted cells, UTF-8 with or without a byte order mark; blank lines at the
/// end are ignored). Numbers are written with a point, whatever the locale; blanks around a cell do not count. A label,
/// and a group, is a text: "a" and "A" are two. Of several files that meet one network, put the later ones in the first
/// one's order by `aligned` (csv_align.hpp).
///
/// Throws IoError where the file cannot be read; FormatError, with the line and column in `place()`, for a cell that is
/// empty or not a number, a label or a group that is empty, holds a zero byte or is a number that another one writes
/// otherwise ("1" and "1.0"), a row with more or fewer cells than the first, a quote that is not closed, a file without
/// rows, not of text, of UTF-16 or with lines that end in CR alone, and where the header or the separator cannot be
/// told; NonFiniteError for NaN, infinities and numbers beyond S or nearer to 0 than any double; ValueError where there
/// is no such column of labels or groups, or both are one, or for a separator that may be a part of a number (a letter,
/// a digit, a point, a sign), a blank, a quote, a line end, a zero byte, or no ASCII.
template <Scalar S>
CsvData<S> read_csv(const std::filesystem::path& path, const CsvOptions& options = {}) {
  InputFile file{path};
  detail::CsvRecords records{file, options.separator.value_or(',')};
  return detail::CsvReader<S>{records, options}.read();
}

/// The same from text in memory; `name` is what errors call it.
template <Scalar S>
CsvData<S> parse_csv(std::string_view text, const CsvOptions& options = {}, const std::string& name = "CSV text") {
  detail::CsvRecords records{text, options.separator.value_or(','), name};
  return detail::CsvReader<S>{records, options}.read();
}

}  // namespace gemel
