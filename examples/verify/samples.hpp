#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../program/file_kind.hpp"
#include "../program/idx_input.hpp"
#include "../program/names.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/types.hpp"
#include "gemel/data/samples.hpp"
#include "gemel/io/csv.hpp"
#include "gemel/io/csv/align.hpp"
#include "gemel/io/csv/cell.hpp"
#include "gemel/io/csv/records.hpp"
#include "gemel/io/idx.hpp"
#include "gemel/io/npy.hpp"
#include "options.hpp"
#include "trained_on.hpp"

namespace verify {

namespace detail {

/// The cells of a CSV file's first row; empty if there is none, its separator is not clear, or the file is not UTF-8
/// text. read_csv then says why.
inline std::vector<std::string> first_row(const std::string& path, std::optional<char> separator) {
  gemel::InputFile file{path};
  gemel::detail::CsvRecords records{file, separator.value_or(',')};
  for (const char* other : {"\xFF\xFE", "\xFE\xFF", "PK\x03\x04"}) {
    if (records.text().starts_with(other)) return {};
  }
  if (!separator) {
    const std::string found = records.separators(",;\t");
    if (found.size() > 1) return {};
    if (found.size() == 1) records.separate_by(found[0]);
  }
  std::vector<std::string> cells;
  if (!records.next()) return cells;
  for (const std::string_view cell : records.cells()) {
    cells.push_back(program::as_utf8(std::string(gemel::detail::trimmed(cell))));
  }
  return cells;
}

template <class S>
gemel::Samples<S> read_named_columns(const std::string& path, const TrainedOn& known, gemel::CsvOptions csv) {
  const std::vector<std::string> row = first_row(path, csv.separator);
  const auto is_known = [&known](const std::string& cell) {
    return std::ranges::find(*known.names, cell) != known.names->end();
  };
  const auto refuse = [&](const std::string& why) {
    throw gemel::FormatError(
        {"the model in ", known.file, " was trained on columns with names (", gemel::detail::excerpts(*known.names),
         "), but ", why, ": put the names into the file's first row, so that its columns can be matched"},
        {.file = path});
  };
  if (csv.header == gemel::CsvHeader::No) refuse("--header no says that this file has none");
  // Whether the row holds names is decided by the names that the model knows, which may be numbers.
  if (!row.empty() && std::ranges::none_of(row, is_known)) refuse("none of these is in this file's first row");
  csv.header = gemel::CsvHeader::Yes;
  for (const std::string& column : known.other_columns) {
    const auto at = std::ranges::find(row, column);
    if (at != row.end() && !is_known(column)) csv.ignore.emplace_back(Index{at - row.begin()});
  }
  gemel::CsvData<S> data = gemel::read_csv<S>(path, csv);
  for (std::string& name : data.features) name = program::as_utf8(name);
  return gemel::aligned(std::move(data), *known.names, known.file).samples;
}

template <class S>
gemel::Samples<S> read_columns_in_order(const std::string& path, const TrainedOn& known, const gemel::CsvOptions& csv) {
  const gemel::CsvData<S> data = gemel::read_csv<S>(path, csv);
  if (data.header) {
    throw gemel::FormatError({"its first row holds names, but the model in ", known.file,
                              " was trained on features without names, so nothing shows whether the columns are in the "
                              "same order: if they are, remove that row"},
                             {.file = path});
  }
  return data.samples;
}

}  // namespace detail

/// Calls use(), which uses the samples of a file. Adds the file's name to an error about one of them.
template <class Use>
auto with_file(const std::string& path, const Use& use) {
  try {
    return use();
  } catch (const gemel::NonFiniteError& error) {
    throw gemel::NonFiniteError(path + (error.place().describe().empty() ? ": " : ", ") + error.what());
  }
}

/// Reads a file of samples, which is CSV, .npy or IDX, with their features in the order of the training. Adds a note if
/// that order is assumed. Throws what the readers throw, FormatError if a CSV file's columns cannot be matched, and
/// ShapeError if the samples have another number of features than the model takes.
template <class S>
gemel::Samples<S> read_samples(const std::string& path, const TrainedOn& known, const Options& options,
                               std::vector<std::string>& notes) {
  const bool npy = program::is_npy(path), csv = !npy && !program::is_idx(path);
  const gemel::CsvOptions csv_options{
      .header = options.header,
      .separator = options.separator,
      .names = {.label = "", .header = "--header", .separator = "--separator", .missing = ""}};
  gemel::Samples<S> samples = npy           ? gemel::read_npy<S>(path)
                              : !csv        ? gemel::read_idx<S>(program::open_idx(path))
                              : known.names ? detail::read_named_columns<S>(path, known, csv_options)
                                            : detail::read_columns_in_order<S>(path, known, csv_options);
  if (samples.features() != known.features) {
    std::string others;
    for (const std::string& column : known.other_columns) others += (others.empty() ? " " : " and ") + column;
    throw gemel::ShapeError(
        {"it has ", samples.features(), " features, but the model in ", known.file, " takes ", known.features,
         csv && !others.empty() ? "; leave out the columns of classes and groups, which had the numbers" : "",
         csv ? others : ""},
        {.file = path});
  }
  if (!csv && known.names) {
    notes.push_back(path + " has no names of columns, so its features are taken to be in the order of the training");
  }
  return samples;
}

}  // namespace verify
