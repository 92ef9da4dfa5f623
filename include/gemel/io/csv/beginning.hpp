#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "gemel/core/error.hpp"
#include "gemel/io/csv/cell.hpp"
#include "gemel/io/csv/records.hpp"
#include "gemel/io/signature.hpp"

// What the first bytes of a CSV file tell, before its first record is read.

namespace gemel::detail {

/// Throws FormatError if the first bytes are those of another kind of file.
inline void refuse_other_formats(const CsvRecords& records) {
  const auto fail = [&records](std::initializer_list<Piece> why) {
    throw FormatError(why, Place{.file = records.name()});
  };
  const std::string_view text = records.text();
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
    fail({"it is UTF-16, but only UTF-8 can be read: save it as that"});
  }
  if (text.starts_with("\x1F\x8B")) fail({"it is gzipped, not text: unpack it first"});
  if (text.starts_with(npy_signature)) fail({"it is a NumPy .npy file, not text"});
  if (text.starts_with("PK\x03\x04")) {
    fail({"it is a ZIP archive, as spreadsheets and NumPy's .npz are, not text: export it as CSV first"});
  }
}

/// Sets the separator: the one that is given, or else the comma, semicolon or tab that the first row holds outside
/// quotes, or a comma if it holds none. Throws FormatError if the first row holds several of them; `option` is the name
/// of the option that decides. Throws ValueError for a separator that can be part of a number, a name or a line end.
inline void set_separator(CsvRecords& records, std::optional<char> given, const char* option) {
  if (given) check_separator(*given);
  // The first row is looked at even if the separator is given, because this finds lines that end in CR alone.
  const std::string found = records.separators(given ? std::string(1, *given) : ",;\t");
  if (found.size() > 1) {
    std::string list;
    for (const char c : found) {
      list += format({list.empty() ? "" : " and ", c == '\t' ? "a tab" : c == ',' ? "','" : "';'"});
    }
    throw FormatError({"the first row holds ", list, ": set with ", option,
                       " which of them separates its cells; the others may not be in a number"},
                      Place{.file = records.name(), .line = records.line()});
  }
  records.separate_by(given ? *given : found.empty() ? ',' : found[0]);
}

/// Throws FormatError if a cell of the current record, the first, holds a zero byte.
inline void refuse_zero_bytes(const CsvRecords& records) {
  for (const std::string_view cell : records.cells()) {
    if (cell.find('\0') == std::string_view::npos) continue;
    throw FormatError("the first line holds zero bytes, so this is not text: is it UTF-16, an IDX or a gzipped file?",
                      Place{.file = records.name(), .line = records.line()});
  }
}

}  // namespace gemel::detail
