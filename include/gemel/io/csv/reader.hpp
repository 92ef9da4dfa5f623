#pragma once

#include <algorithm>
#include <cmath>
#include <deque>
#include <initializer_list>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/types.hpp"
#include "gemel/data/samples.hpp"
#include "gemel/io/csv/beginning.hpp"
#include "gemel/io/csv/cell.hpp"
#include "gemel/io/csv/data.hpp"
#include "gemel/io/csv/records.hpp"
#include "gemel/io/csv/text_column.hpp"
#include "gemel/io/csv_options.hpp"

namespace gemel::detail {

/// Reads samples, labels and groups from the records of a CSV file.
template <Scalar S>
class CsvReader {
 public:
  CsvReader(CsvRecords& records, const CsvOptions& options) : records_(records), options_(options) {}

  CsvData<S> read() {
    refuse_other_formats(records_);
    set_separator(records_, options_.separator, options_.names.separator);
    if (!records_.next()) fail({"the file is empty"});
    first_line_ = records_.line();
    if (records_.blank()) fail({"the first line is blank"}, first_line_);
    refuse_zero_bytes(records_);
    // A copy, since a later row may decide whether this one is a sample.
    const std::vector<std::string> first_row(records_.cells().begin(), records_.cells().end());
    std::vector<std::string_view> first(first_row.begin(), first_row.end());
    bool more = records_.next();
    if (more && are_counts(first, records_.cells())) return read_counted(first);

    const bool named = find_columns(first);
    if (first.size() == other_columns()) refuse_without_features();
    header_ = named || begins_with_names(first);
    for (std::size_t i = 0; i < first.size(); ++i) {
      names_.emplace_back(header_ ? std::string(trimmed(first[i])) : std::to_string(i));
    }
    if (!header_) add_row(first, first_line_);
    add_rows(more);
    if (rows_ == 0) fail({"there are names, but no rows"});
    // The only row of a file has no later row to compare its label with. It is read as a sample if its label is a
    // number.
    if (open_label_ && (rows_ + left_out_ > 1 || !looks_like_number(*open_label_))) {
      ask_for_header({"its cells are numbers, and no later row has a ", deciding_column().what, " like '",
                      excerpt(*open_label_), "'"});
    }
    return collect();
  }

 private:
  /// Adds the current row, if there is `more`, and all rows that follow.
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

  /// Whether the first row has counts as in data files of scikit-learn, "150,4,setosa,versicolor,virginica": the number
  /// of samples, the number of features, and the names of the classes 0, 1, 2. The second row must then have that many
  /// features and a label.
  bool are_counts(std::span<const std::string_view> first, std::span<const std::string_view> second) const {
    if (options_.header != CsvHeader::Auto || first.size() < 4) return false;
    const auto samples = parse_number<Index>(first[0]), features = parse_number<Index>(first[1]);
    return samples && *samples > 0 && features && *features > 0 && *features + 1 == length(second) &&
           std::ranges::none_of(first.subspan(2),
                                [](auto cell) { return looks_like_number(cell) || is_missing(cell); }) &&
           std::ranges::all_of(second, looks_like_number);
  }

  /// Reads the rows that follow a first row of counts.
  CsvData<S> read_counted(std::span<const std::string_view> first) {
    const std::size_t count = records_.cells().size();
    for (std::size_t i = 0; i < count; ++i) names_.push_back(std::to_string(i));
    find_columns(records_.cells());
    add_rows(true);
    if (rows_ + left_out_ != *parse_number<Index>(first[0])) {
      fail({"it has ", rows_ + left_out_, " rows, but says itself that they are ", excerpt(trimmed(first[0]))},
           first_line_);
    }
    // The labels are indices of the list of names. The classes get their names from it if all labels are valid indices
    // and no two names are equal.
    const std::span<const std::string_view> names = first.subspan(2);
    std::vector<std::string> named;
    for (const std::string& number : label_.texts) {
      const auto index = parse_number<Index>(number);
      if (label_.position != count - 1 || !index || *index < 0 || *index >= length(names)) break;
      named.emplace_back(trimmed(names[static_cast<std::size_t>(*index)]));
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
  /// The number of columns that are not features.
  std::size_t other_columns() const {
    return (label_.position ? 1U : 0U) + (group_.position ? 1U : 0U) + ignored_.size();
  }
  std::size_t features() const { return columns() - other_columns(); }

  bool is_ignored(std::size_t column) const {
    return !ignored_.empty() && std::ranges::find(ignored_, column) != ignored_.end();
  }
  bool is_feature(std::size_t column) const { return !label_.is(column) && !group_.is(column) && !is_ignored(column); }

  [[noreturn]] void refuse_without_features() const {
    const bool label = label_.position.has_value(), group = group_.position.has_value();
    fail({!ignored_.empty() ? "all columns are ignored, or hold the label or the group"
          : label && group  ? "there is only the label's and the group's column"
          : label           ? "there is only the label column"
                            : "there is only the group column",
          ": there are no features; is the separator right? Set it with ", options_.names.separator});
  }
  /// The column whose texts help to decide whether the first row is a header or a sample: the labels, or else the
  /// groups.
  const CsvTextColumn& deciding_column() const { return label_.position ? label_ : group_; }

  /// Whether the first row, which does not hold the name of the label or group column, holds names.
  bool begins_with_names(std::span<const std::string_view> first) {
    if (options_.header != CsvHeader::Auto) return options_.header == CsvHeader::Yes;
    std::size_t numbers = 0;
    std::size_t texts = 0;
    for (std::size_t i = 0; i < first.size(); ++i) {
      if (!is_feature(i)) continue;
      if (looks_like_number(first[i])) {
        ++numbers;
      } else if (!is_missing(first[i])) {
        ++texts;
      }
    }
    const std::optional<std::size_t> label = deciding_column().position;
    if (texts > 0 && label && numbers == 0) header_label_ = std::string(trimmed(first[*label]));
    if (texts > 0) return numbers == 0;
    if (numbers == 0) ask_for_header({"its cells are missing values"});
    if (are_column_numbers(first)) ask_for_header({"its cells are the columns' numbers"});
    if (label && !leaves_out(first[*label])) open_label_ = std::string(trimmed(first[*label]));
    return false;
  }

  [[noreturn]] void ask_for_header(std::initializer_list<Piece> why) const {
    fail({"the first row may hold names, or a sample: ", format(why), "; set with ", options_.names.header,
          " whether it holds names"},
         first_line_);
  }

  /// Whether the cells are "0,1,2", as pandas writes for columns without names, or ",0,1,2" together with row numbers.
  static bool are_column_numbers(std::span<const std::string_view> first) {
    const std::span<const std::string_view> numbers = first.subspan(trimmed(first[0]).empty() ? 1 : 0);
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      if (trimmed(numbers[i]) != std::to_string(i)) return false;
    }
    return numbers.size() >= 3;
  }

  /// Finds the columns of labels and groups and the ignored ones. Returns whether the first row holds the name of one.
  /// Throws ValueError if a column does not exist or is given twice.
  bool find_columns(std::span<const std::string_view> first) {
    const bool named = label_.choose(options_.label, options_.header, first, records_.name());
    const bool group_named = group_.choose(options_.group, options_.header, first, records_.name());
    if (label_.position && label_.position == group_.position) {
      throw ValueError(
          {"column number ", *label_.position, " cannot hold both the label and the group: set their columns with ",
           options_.names.label, " and ", options_.names.group},
          Place{.file = records_.name()});
    }
    bool ignored_named = false;
    for (const auto& wanted : options_.ignore) {
      CsvTextColumn column{"ignored column"};
      const auto convert = [](const auto& name_or_index) -> decltype(CsvOptions::label) { return name_or_index; };
      ignored_named |= column.choose(std::visit(convert, wanted), options_.header, first, records_.name());
      if (!is_feature(*column.position)) {
        throw ValueError({"column number ", *column.position,
                          " is ignored, so it can neither hold the label or the group nor be ignored once more"},
                         Place{.file = records_.name()});
      }
      ignored_.push_back(*column.position);
    }
    return named || group_named || ignored_named;
  }

  void add_row(std::span<const std::string_view> cells, Index line) {
    if (blank_line_) fail({"the line is blank, but rows follow"}, blank_line_);
    if (cells.size() != columns()) {
      fail({"the row has ", cells.size(), " cells, but the first row has ", columns()}, line);
    }
    if (blocks_.empty() || blocks_.back().size() == blocks_.back().capacity()) {
      const std::size_t max_rows = std::max<std::size_t>(1, block_values / features());
      blocks_.emplace_back().reserve(features() *
                                     std::clamp<std::size_t>(static_cast<std::size_t>(rows_), 1, max_rows));
    }
    const std::size_t before = blocks_.back().size();
    bool whole = true;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (is_ignored(i)) continue;
      const bool present = is_feature(i) ? add_value(cells[i], line, i) : !leaves_out(cells[i]);
      whole = whole && present;
    }
    if (open_label_ && line != first_line_) compare_with_open_label(trimmed(cells[*deciding_column().position]));
    if (!whole) {
      blocks_.back().resize(before);
      ++left_out_;
      return;
    }
    for (CsvTextColumn* column : {&label_, &group_}) {
      if (column->position) column->of_rows.push_back(index_of(cells[*column->position], line, *column));
    }
    ++rows_;
  }

  /// Compares a later row's label with that of the first row. If they are equal, or both are numbers, the first row's
  /// label is a class and not the name of a column.
  void compare_with_open_label(std::string_view label) {
    if (label == *open_label_ || (looks_like_number(label) && looks_like_number(*open_label_))) open_label_.reset();
  }

  Place at(Index line, std::size_t column) const {
    return {.file = records_.name(), .line = line, .column = excerpt(names_[column])};
  }

  /// Whether the cell is missing and its row must be left out for that.
  bool leaves_out(std::string_view cell) const { return options_.missing == CsvMissing::LeaveOut && is_missing(cell); }

  /// Adds the cell's number to the last block. Returns false if the cell is missing and the row is left out.
  bool add_value(std::string_view cell, Index line, std::size_t column) {
    const std::optional<double> value = parse_number<double>(cell);
    if (!value || !std::isfinite(*value)) {
      if (leaves_out(cell)) return false;
      if (!value) {
        const std::string text =
            trimmed(cell).empty() ? "the cell is empty" : format({"'", excerpt(cell), "' is not a number"});
        throw FormatError({text, numbered_column(column), advice(cell, line, column)}, at(line, column));
      }
    }
    if (!std::isfinite(*value) || std::abs(*value) > static_cast<double>(std::numeric_limits<S>::max())) {
      throw NonFiniteError({"'", excerpt(cell), "' is NaN, infinite or out of range", numbered_column(column),
                            is_missing(cell) ? advice(cell, line, column) : ""},
                           at(line, column));
    }
    blocks_.back().push_back(static_cast<S>(*value));
    return true;
  }

  /// Advice for an error message about a cell that is not a number: the likely cause, and the option that helps.
  std::string advice(std::string_view cell, Index line, std::size_t column) const {
    const CsvOptionNames& names = options_.names;
    if (columns() == 1 && !trimmed(cell).empty()) {
      return format({"; there is one column only: is the separator right? Set it with ", names.separator});
    }
    const bool first_row = !header_ && line == first_line_ && options_.header == CsvHeader::Auto;
    std::string header = first_row ? format({"; if the first row holds names, set that with ", names.header}) : "";
    if (is_missing(cell)) {
      const bool at_end = trimmed(cell).empty() && column + 1 == columns();
      const bool may_leave_out = *names.missing != '\0';
      return format({at_end ? "; does the line end with a separator too many?" : "", header, may_leave_out ? "; " : "",
                     names.missing, may_leave_out ? " can leave out the rows that have missing values" : ""});
    }
    if (looks_like_number(cell)) return "; write decimals with a point, and thousands without a mark";
    if (first_row) return header;
    if (*names.label == '\0') return "; features are numbers";
    return format({"; features are numbers: if this column holds the classes, set it with ", names.label,
                   "; if it holds groups, with ", names.group,
                   "; else write it as numbers or leave it out of the file"});
  }

  /// The index of the cell's text among the different texts of the column, to which a new text is appended.
  int index_of(std::string_view cell, Index line, CsvTextColumn& column) {
    cell = trimmed(cell);
    if (const std::optional<int> index = column.find(cell)) return *index;
    if (&column == &deciding_column() && cell == header_label_) {
      ask_for_header({"its cells are texts, and another row has the ", column.what, " '", excerpt(cell), "' too"});
    }
    return column.add(cell, options_.names, [&] { return at(line, *column.position); });
  }

  /// Copies the blocks into one matrix, and frees each block once it is copied.
  CsvData<S> collect() {
    MatrixX<S> values(static_cast<Index>(features()), rows_);
    S* out = values.data();
    for (; !blocks_.empty(); blocks_.pop_front()) out = std::ranges::copy(blocks_.front(), out).out;
    std::vector<std::string> features;
    for (std::size_t i = 0; i < columns(); ++i) {
      if (is_feature(i)) features.push_back(names_[i]);
    }
    const auto name_of = [this](const CsvTextColumn& column) {
      return column.position ? names_[*column.position] : std::string{};
    };
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
  CsvTextColumn label_{"label"};
  CsvTextColumn group_{"group"};
  std::vector<std::size_t> ignored_;         // the columns' positions
  std::optional<std::string> header_label_;  // of the first row, if that is read as names: no other row may have it
  std::optional<std::string> open_label_;    // of the first row, while it may be a name: no later row has had it
  std::deque<std::vector<S>> blocks_;        // hold whole rows; a new block is as large as all before it, up to a limit
  Index rows_ = 0;
  Index left_out_ = 0;
  std::optional<Index> blank_line_;
};

}  // namespace gemel::detail
