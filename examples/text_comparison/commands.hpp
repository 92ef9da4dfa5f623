#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iostream>
#include <iterator>
#include <ostream>
#include <string>
#include <vector>

#include "../program/json.hpp"
#include "../program/outputs.hpp"
#include "../program/text.hpp"
#include "comparer.hpp"
#include "data.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/format.hpp"
#include "gemel/io/table.hpp"
#include "gemel/network/distance.hpp"
#include "gemel/verification/distances.hpp"
#include "linkage.hpp"
#include "options.hpp"

// The commands that compare with a saved model.

namespace text_comparison {

namespace detail {

/// The text without blanks at its ends, as a cell of a CSV file is read.
inline std::string trimmed(const std::string& text) {
  const std::size_t first = text.find_first_not_of(" \t"), last = text.find_last_not_of(" \t");
  return first == text.npos ? std::string{} : text.substr(first, last - first + 1);
}

/// Throws FormatError if a text has no letter, since a model of words would find all such texts alike.
inline void check_letters(const Texts& texts, const std::vector<gemel::Place>& places) {
  for (std::size_t i = 0; i < places.size(); ++i) {
    const std::string& text = texts[0][i];
    const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    if (std::ranges::any_of(text, is_letter)) continue;
    throw gemel::FormatError({"'", text, "' has no letter, but the model compares words"}, places[i]);
  }
}

/// Pairs of texts, and where each pair stands.
struct TextPairs {
  Texts first, second;  ///< of one column each
  std::vector<gemel::Place> places;
};

inline TextPairs text_pairs(const Options& options) {
  if (options.words.size() == 3)
    return {{{trimmed(options.words[1])}}, {{trimmed(options.words[2])}}, {gemel::Place{}}};
  const gemel::TableOptions reading{.header = false, .separator = options.separator, .separator_name = "--separator"};
  const gemel::Table table =
      options.pairs.empty()
          ? gemel::parse_table(std::string{std::istreambuf_iterator<char>(std::cin), {}}, reading, "standard input")
          : gemel::read_table(options.pairs, reading);
  if (table.columns() != 2) {
    throw gemel::FormatError({"a line has two texts, but here it has ", table.columns(),
                              ": are they separated by a comma, a semicolon or a tab?"},
                             {.file = table.file(), .line = table.line(0)});
  }
  return {{table.text("0")}, {table.text("1")}, places_of(table)};
}

inline std::string threshold_text(double threshold) {
  return std::isfinite(threshold) ? gemel::format({"threshold ", threshold}) : "no threshold";
}

}  // namespace detail

/// Decides about pairs of texts. Returns the exit code: 0 if all are the same, else 1. Throws ValueError if the model
/// compares rows of several columns, and FormatError for an empty text.
inline int compare(const Options& options, std::ostream& out) {
  const Comparer comparer = load(options.model());
  if (comparer.features.columns().size() > 1) {
    throw gemel::ValueError(
        {"it compares rows of ", comparer.features.columns().size(), " columns, not single texts: use match"},
        {.file = options.model()});
  }
  const detail::TextPairs pairs = detail::text_pairs(options);
  if (comparer.features.are_of_words()) {
    detail::check_letters(pairs.first, pairs.places);
    detail::check_letters(pairs.second, pairs.places);
  }
  const auto place = [&pairs](Index i) { return pairs.places[static_cast<std::size_t>(i)]; };
  const Index count = gemel::length(pairs.places);
  gemel::MatrixX<float> embeddings(comparer.verifier.model().embedding_size(), 2 * count);
  embeddings.leftCols(count) = comparer.embed(pairs.first, place, options.threads);
  embeddings.rightCols(count) = comparer.embed(pairs.second, place, options.threads);
  IndexPairs columns;
  for (Index i = 0; i < count; ++i) columns.push_back({i, count + i});
  std::vector<double> distances;
  std::vector<bool> same;
  Index accepted = 0;
  for (const float distance : gemel::distances(gemel::Euclidean{}, embeddings, columns)) {
    const auto i = distances.size();
    distances.push_back(static_cast<double>(distance));
    same.push_back(comparer.verifier.accepts(distance));
    accepted += same.back();
    const auto text = [i](const Texts& texts) { return program::printable(texts[0][i], 60); };
    out << text(pairs.first) << " and " << text(pairs.second) << ": " << gemel::format({"distance ", distances.back()})
        << ", " << detail::threshold_text(comparer.threshold()) << ", " << (same.back() ? "the same" : "different")
        << '\n';
  }
  if (same.size() > 1) {
    out << accepted << " of " << same.size() << " pairs are the same, " << gemel::length(same) - accepted
        << " different\n";
  }
  if (!options.json.empty()) {
    program::Json all;
    all["threshold"] = comparer.threshold();
    all["distances"] = distances;
    all["same"] = same;
    program::write_file(options.json, program::json_text(all));
  }
  return accepted == gemel::length(same) ? 0 : 1;
}

namespace detail {

/// The rows of a file that is matched, and their texts in one line each.
struct Rows {
  Texts texts;
  std::vector<gemel::Place> places;
  gemel::MatrixX<float> embeddings;

  std::string line(Index row) const { return std::to_string(*places[static_cast<std::size_t>(row)].line); }
  std::string text(Index row) const {
    std::string all;
    for (const auto& column : texts) all += (all.empty() ? "" : ", ") + column[static_cast<std::size_t>(row)];
    return program::printable(all, 60);
  }
};

inline Rows read_rows(const std::string& path, const Comparer& comparer, const Options& options) {
  const std::vector<std::string>& own = comparer.features.columns();
  if (!options.text.empty() && options.text.size() != own.size()) {
    throw gemel::ValueError({"--text names ", options.text.size(), " columns, but the model compares ", own.size(),
                             ": ", program::listed(own, 60)});
  }
  if (options.text != own && std::ranges::is_permutation(options.text, own)) {
    throw gemel::ValueError(
        {"--text names the columns of the model in another order, which would compare each with another "
         "one: give ",
         program::listed(own, 60)});
  }
  const gemel::Table table = gemel::read_table(path, {.separator = options.separator, .separator_name = "--separator"});
  Rows rows{.texts = texts_of(table, options.text.empty() ? own : options.text),
            .places = places_of(table),
            .embeddings = {}};
  rows.embeddings = comparer.embed(
      rows.texts, [&rows](Index i) { return rows.places[static_cast<std::size_t>(i)]; }, options.threads);
  return rows;
}

}  // namespace detail

/// Prints which rows of two CSV files are of the same thing. Returns 0. Throws what read_table throws, ValueError for a
/// file without the model's columns, and FormatError for a row without text.
inline int match(const Options& options, std::ostream& out) {
  const Comparer comparer = load(options.model());
  const detail::Rows a = detail::read_rows(options.words[1], comparer, options);
  const detail::Rows b = detail::read_rows(options.words[2], comparer, options);
  program::Json linked = program::Json::array();
  const std::vector<Link> found = links(a.embeddings, b.embeddings, comparer.threshold(), options.threads);
  for (const Link& link : found) {
    out << "lines " << a.line(link.a) << " and " << b.line(link.b) << ": "
        << gemel::format({"distance ", link.distance}) << ", " << detail::threshold_text(comparer.threshold()) << ": "
        << a.text(link.a) << " | " << b.text(link.b) << '\n';
    linked.push_back({{"a", link.a}, {"b", link.b}, {"distance", link.distance}});
  }
  const auto file = [&options](std::size_t i) { return program::printable(options.words[i]); };
  out << program::counted(gemel::length(found), "link") << " among " << a.embeddings.cols() << " rows of " << file(1)
      << " and " << b.embeddings.cols() << " of " << file(2) << '\n';
  if (!options.json.empty()) {
    program::Json all;
    all["threshold"] = comparer.threshold();
    all["links"] = linked;
    program::write_file(options.json, program::json_text(all));
  }
  return 0;
}

}  // namespace text_comparison
