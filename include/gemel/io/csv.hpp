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

namespace gemel {

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
