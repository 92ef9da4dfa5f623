#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "../program/command_line.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/format.hpp"
#include "gemel/core/types.hpp"
#include "gemel/data/pair_source.hpp"
#include "gemel/io/csv/cell.hpp"
#include "gemel/io/csv/records.hpp"
#include "gemel/io/input_file.hpp"

namespace verify {

using gemel::Index;

/// The index of a sample on the command line. Throws ValueError if it is none.
inline Index parse_index(const std::string& word, Index samples, const std::string& file) {
  Index index = 0;
  if (program::parse(word, index) && index >= 0 && index < samples) return index;
  throw gemel::ValueError({"'", gemel::detail::excerpt(word), "' is not the index of one of the ", samples,
                           " samples of ", file, ", which are counted from 0"});
}

/// Reads a CSV file of two columns, the indices of the two samples of each pair. The first row may hold names instead.
/// Throws IoError if it cannot be read, and FormatError, with the line, for anything else than indices of `samples`
/// samples.
inline std::vector<gemel::PairIndex> read_pairs(const std::string& path, Index samples) {
  gemel::InputFile file{path};
  gemel::detail::CsvRecords records{file, ','};
  const auto fail = [&](std::initializer_list<gemel::Piece> why, std::optional<Index> line) {
    throw gemel::FormatError(why, {.file = path, .line = line});
  };
  const std::string found = records.separators(",;\t");
  if (found.size() == 1) records.separate_by(found[0]);
  std::vector<gemel::PairIndex> pairs;
  std::optional<Index> blank;
  for (bool first = true; records.next(); first = false) {
    if (records.blank()) {
      if (!blank) blank = records.line();
      continue;
    }
    if (blank) fail({"the line is blank, but rows follow"}, blank);
    const auto cells = records.cells();
    if (cells.size() != 2) {
      fail({"a pair is two indices, but the row has ", cells.size(), cells.size() == 1 ? " cell" : " cells"},
           records.line());
    }
    if (first && !gemel::detail::looks_like_number(cells[0]) && !gemel::detail::looks_like_number(cells[1]) &&
        !gemel::detail::is_missing(cells[0]) && !gemel::detail::is_missing(cells[1])) {
      continue;
    }
    const auto index = [&](std::string_view cell) {
      const auto number = gemel::detail::parse_number<Index>(gemel::detail::whole_number(gemel::detail::trimmed(cell)));
      if (!number || *number < 0 || *number >= samples) {
        fail({"'", gemel::detail::excerpt(cell), "' is not the index of one of the ", samples,
              " samples, which are counted from 0"},
             records.line());
      }
      return number.value_or(0);
    };
    const Index a = index(cells[0]);
    pairs.push_back({a, index(cells[1])});
  }
  if (pairs.empty()) fail({"it has no pairs"}, {});
  return pairs;
}

}  // namespace verify
