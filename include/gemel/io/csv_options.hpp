#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "gemel/core/types.hpp"

namespace gemel {

/// Whether the first row holds the columns' names.
enum class CsvHeader {
  /// The first row decides, by the first of these rules that applies. Only cells of features that are not missing
  /// values are looked at. "The label" is the first row's cell in the label column, or in the group column if there is
  /// no label column.
  ///
  /// - Counts, as in data files of scikit-learn, "150,4,setosa,versicolor,virginica" (number of samples, number of
  ///   features, names of the classes): neither a sample nor a header. They name the classes 0, 1, 2.
  /// - The name of the label column, the group column or an ignored column is in the row: a header.
  /// - Texts only: a header. But FormatError is thrown if a later row has the same label.
  /// - Texts and numbers: a sample. FormatError is then thrown for the texts, since they are not numbers.
  /// - Missing values only, or the columns' own numbers ("0,1,2"): FormatError is thrown.
  /// - Numbers only: a sample. But FormatError is thrown if the label never appears again and is a text
  ///   ("2019,2020,label" or "5.1,3.5,iris"), or is a number while all other labels are texts.
  ///
  /// So a header of numbers is read as a sample if the labels are numbers too or there are none. Use Yes for such a
  /// file.
  Auto,
  Yes,  ///< The first row holds names.
  No    ///< The first row is a sample.
};

/// What to do with a row that has a missing value. A value is missing if its cell is empty or holds NA, N/A, NaN, NULL,
/// None, ?, - or -- in one of their usual forms (detail::is_missing in csv/cell.hpp).
enum class CsvMissing {
  /// Throw FormatError, or NonFiniteError for NaN. In the columns of labels and groups only an empty cell is an error;
  /// other marks, such as NA, are classes and groups like any other text.
  Refuse,
  /// Leave the row out, also for a missing label or group, and count it in CsvData::left_out.
  LeaveOut
};

/// The names by which error messages refer to the options. A program can put the names of its own options here; with an
/// empty name for `missing` or `label`, no message advises to set that option for a bad cell.
struct CsvOptionNames {
  /// @{
  /// The name of this option.
  const char* label = "CsvOptions::label";
  const char* header = "CsvOptions::header";
  const char* separator = "CsvOptions::separator";
  const char* missing = "CsvOptions::missing";
  const char* group = "CsvOptions::group";
  /// @}
};

/// Options of read_csv and parse_csv.
struct CsvOptions {
  /// The column that holds the class: its name, or its index from 0; negative indices count from the end (-1: the last
  /// column). A text that is a whole number is an index, unless `header` is Yes and a column has that name. Empty:
  /// there is no such column.
  std::variant<std::monostate, Index, std::string> label = {};
  /// The column that holds the group: what samples have in common besides their class (the speaker, the writer, the
  /// day), for `split_groups`. It is given in the same way as `label`, and is not a feature. Empty: there is no such
  /// column.
  std::variant<std::monostate, Index, std::string> group = {};
  /// Columns that are not read, such as row numbers, each given in the same way as `label`.
  std::vector<std::variant<Index, std::string>> ignore = {};
  CsvHeader header = CsvHeader::Auto;  ///< Whether the first row holds the columns' names.
  /// The character between the cells of a row. Empty: the comma, semicolon or tab that the first row holds outside
  /// quotes, or a comma if it holds none. FormatError is thrown if it holds several of them.
  std::optional<char> separator = {};
  CsvMissing missing = CsvMissing::Refuse;  ///< What to do with rows that have missing values.
  CsvOptionNames names = {};                ///< How error messages call these options.
};

}  // namespace gemel
