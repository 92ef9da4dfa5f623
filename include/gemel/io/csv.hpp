#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "gemel/core/types.hpp"
#include "gemel/io/csv/data.hpp"
#include "gemel/io/csv/reader.hpp"
#include "gemel/io/csv/records.hpp"
#include "gemel/io/csv_options.hpp"
#include "gemel/io/input_file.hpp"

// csv_options.hpp has the options, such as the separator. If the options do not give them, csv/beginning.hpp finds the
// separator, and csv/reader.hpp the header.

namespace gemel {

/// Reads samples from a text file of cells that are separated by commas, semicolons, tabs or another character (RFC
/// 4180), and class labels and groups from the columns that the options name. Each row is a sample; each other column
/// is a feature (CsvData::samples: features x rows).
///
/// Lines end in LF or CRLF, cells may be quoted, and the text is UTF-8 with or without a byte order mark. Empty lines
/// at the end, and spaces and tabs around a cell, are ignored. Numbers are written with a point, whatever the locale.
/// Labels and groups are compared as text: "a" and "A" are different. If several files are used with one network, bring
/// the later ones into the column order and class numbers of the first one with `aligned` (csv/align.hpp).
///
/// Throws IoError if the file cannot be read, and FormatError, with the line and column in `place()`, for
///
/// - a feature's cell that is empty or not a number;
/// - a label or a group that is empty, holds a zero byte, or is the same number as another one that is written
///   differently ("1" and "1.0");
/// - a row with more or fewer cells than the first one, an empty line before other rows, a quote that is not closed or
///   that text follows, or a row of more than 256 MiB;
/// - a first row of counts (CsvHeader::Auto) that does not tell the number of rows;
/// - a file that has no rows or no features, is not text, is UTF-16, or has lines that end in CR alone;
/// - a first row that may or may not be a header, or that holds several separators, if the options do not decide.
///
/// Throws NonFiniteError, with the same place, for a feature that is NaN or infinite, that is too large for S, or that
/// is nearer to 0 than any double. With CsvMissing::LeaveOut, rows with a missing value are left out instead of any of
/// these errors.
///
/// Throws ValueError if the column of labels or groups or an ignored column does not exist, if several columns have its
/// name, if two of them are the same column, or for a separator that can be part of a number (a letter, a digit, a
/// point, a sign) or is a space, a quote, a line end, a zero byte or not ASCII.
template <Scalar S>
CsvData<S> read_csv(const std::filesystem::path& path, const CsvOptions& options = {}) {
  InputFile file{path};
  detail::CsvRecords records{file, options.separator.value_or(',')};
  return detail::CsvReader<S>{records, options}.read();
}

/// As read_csv, but from text in memory, which error messages call `name`.
template <Scalar S>
CsvData<S> parse_csv(std::string_view text, const CsvOptions& options = {}, const std::string& name = "CSV text") {
  detail::CsvRecords records{text, options.separator.value_or(','), name};
  return detail::CsvReader<S>{records, options}.read();
}

}  // namespace gemel
