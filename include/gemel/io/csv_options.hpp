#pragma once

#include <optional>
#include <string>
#include <variant>

#include "gemel/core/types.hpp"

namespace gemel {

/// Whether the first row holds the columns' names.
enum class CsvHeader {
  /// It is found out by the first row, without its cell in the label's column:
  ///
  /// - It holds names if it names the label's column, or if some of its cells are text and none is a number.
  /// - It is a sample if its cells are numbers. If there are names and numbers, it is read as a sample, and the names
  ///   are refused as features.
  /// - scikit-learn's data files begin with counts, "150,4,setosa,versicolor,virginica": that line is no sample, and it
  ///   names the classes.
  /// - FormatError is thrown if it can be either: numbers with a label that no later row has and that is a text
  ///   ("2019,2020,label" or "5.1,3.5,iris") or the only number among texts; texts with a label that a later row has
  ///   too; the columns' own numbers ("0,1,2"); missing values only.
  ///
  /// Any other header of numbers is read as a sample if the labels are numbers too or there are none: use Yes then.
  Auto,
  Yes,  ///< It holds names.
  No    ///< It is a sample.
};

/// What happens to a row with a missing value. A value is missing if the cell is empty or holds NA, N/A, NaN, NULL,
/// None, ?, - or -- in one of their usual forms (csv_cell.hpp).
enum class CsvMissing {
  Refuse,   ///< An error is thrown. In the label's column only the empty cell is missing; the others are classes.
  LeaveOut  ///< The row is left out and counted, also for a missing label.
};

/// What errors call the options that can help. A program can put the names of its own options here.
struct CsvOptionNames {
  /// @{
  /// The name of the option in CsvOptions.
  const char* label = "CsvOptions::label";
  const char* header = "CsvOptions::header";
  const char* separator = "CsvOptions::separator";
  const char* missing = "CsvOptions::missing";
  const char* group = "CsvOptions::group";
  /// @}
};

/// How a CSV file is read.
struct CsvOptions {
  /// The column that holds the class: its name, or its number from 0; negative numbers count from the end (-1: the last
  /// column). A text that is a whole number is taken as a number, unless `header = Yes` and a column has that name.
  /// Empty: there is no such column.
  std::variant<std::monostate, Index, std::string> label = {};
  /// The column that holds what samples have in common besides their class (the speaker, the writer, the day), for
  /// `split_groups`. It is given as the label's column is, and is no feature. Empty: there is no such column.
  std::variant<std::monostate, Index, std::string> group = {};
  CsvHeader header = CsvHeader::Auto;  ///< Whether the first row holds the columns' names.
  /// What separates the cells of a row. Empty: the comma, semicolon or tab that the first row holds outside quotes; a
  /// comma if it holds none. FormatError is thrown if it holds several of them.
  std::optional<char> separator = {};
  CsvMissing missing = CsvMissing::Refuse;  ///< What happens to rows with missing values.
  CsvOptionNames names = {};                ///< What errors call these options.
};

}  // namespace gemel
