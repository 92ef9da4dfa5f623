#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "gemel/core/types.hpp"
#include "gemel/io/csv_data.hpp"
#include "gemel/io/csv_options.hpp"
#include "gemel/io/csv_reader.hpp"
#include "gemel/io/csv_records.hpp"
#include "gemel/io/input_file.hpp"

// csv_options.hpp has the options, such as the separator. csv_reader.hpp finds the separator and the header if the
// options do not give them.

namespace gemel {

/// Reads samples from a text file of cells that are separated by commas, semicolons or tabs (RFC 4180), and class
/// labels and groups from the columns that the options name. Lines end in LF or CRLF, cells may be quoted, and the text
/// is UTF-8 with or without a byte order mark. Blank lines at the end and blanks around a cell are ignored. Numbers are
/// written with a point, whatever the locale. A label or a group is a text: "a" and "A" are different. For several
/// files that are used with one network, bring the later ones into the order of the first one by `aligned`
/// (csv_align.hpp).
///
/// Throws IoError if the file cannot be read, and FormatError, with the line and column in `place()`, for
///
/// - a cell that is empty or not a number;
/// - a label or a group that is empty, holds a zero byte, or is the same number as another text ("1" and "1.0");
/// - a row with more or fewer cells than the first one, or a quote that is not closed;
/// - a file without rows, not of text, of UTF-16, or with lines that end in CR alone;
/// - a header or a separator that cannot be told from the first rows.
///
/// Throws NonFiniteError for NaN, infinities, and numbers that S cannot hold or that are nearer to 0 than any double.
/// Throws ValueError if there is no such column of labels or groups, if both are the same column, or for a separator
/// that can be a part of a number (a letter, a digit, a point, a sign), a blank, a quote, a line end, a zero byte or
/// not ASCII.
template <Scalar S>
CsvData<S> read_csv(const std::filesystem::path& path, const CsvOptions& options = {}) {
  InputFile file{path};
  detail::CsvRecords records{file, options.separator.value_or(',')};
  return detail::CsvReader<S>{records, options}.read();
}

/// As read_csv, from text in memory, which errors call `name`.
template <Scalar S>
CsvData<S> parse_csv(std::string_view text, const CsvOptions& options = {}, const std::string& name = "CSV text") {
  detail::CsvRecords records{text, options.separator.value_or(','), name};
  return detail::CsvReader<S>{records, options}.read();
}

}  // namespace gemel
