#pragma once

#include <optional>
#include <string>
#include <variant>

#include "gemel/core/types.hpp"

namespace gemel {

/// Whether the first row holds names. Auto:
///
/// - it does where it names the label's column, or where some of its cells (but the label's) hold text and none a
/// number;
/// - it does not where they hold numbers. Of names and numbers, the names are refused where the features are read;
/// - scikit-learn's data files begin with counts, "150,4,setosa,versicolor,virginica": that line is no sample, and its
///   names are those of the classes;
/// - FormatError where it cannot be told: numbers with a label that no later row has, a text ("2019,2020,label" or
///   "5.1,3.5,iris") or a number where all later ones are texts; texts with a label that a later row has too; the
///   columns' own numbers ("0,1,2"); missing values only.
///
/// Another header of numbers, where the labels are numbers too or there are none, is read as data: say Yes then.
enum class CsvHeader { Auto, Yes, No };

/// What happens to a row with a missing value: it is refused, or left out and counted. Missing is a cell that is empty
/// or holds NA, N/A, NaN, NULL, None, ?, - or -- in one of their usual forms (csv_cell.hpp). To Refuse, these are texts
/// where a number should be; in the label's column they are classes, but for the empty cell. To LeaveOut, they are
/// missing in the label's column as well.
enum class CsvMissing { Refuse, LeaveOut };

/// What errors call the options by which a caller can help: a program puts the names of its own options here.
struct CsvOptionNames {
  const char* label = "CsvOptions::label";
  const char* header = "CsvOptions::header";
  const char* separator = "CsvOptions::separator";
  const char* missing = "CsvOptions::missing";
  const char* group = "CsvOptions::group";
};

struct CsvOptions {
  /// The column that holds the class: its name; or its number from 0, a negative one from the end (-1: the last). A
  /// text that is a whole number is one, but for names that `header = Yes` says are there. Empty: there are only
  /// features.
  std::variant<std::monostate, Index, std::string> label = {};
  /// The column that holds what samples have in common besides their class (the speaker, the writer, the day), given as
  /// the label's is: no feature, but what `split_groups` takes. Empty: there is none.
  std::variant<std::monostate, Index, std::string> group = {};
  CsvHeader header = CsvHeader::Auto;
  /// Empty: that of comma, semicolon and tab which the first row holds outside quotes, or a comma where it holds none.
  /// FormatError where it holds several.
  std::optional<char> separator = {};
  CsvMissing missing = CsvMissing::Refuse;
  CsvOptionNames names = {};
};

}  // namespace gemel
