#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "features.hpp"
#include "gemel/core/error.hpp"
#include "gemel/io/table.hpp"
#include "homophones.hpp"
#include "parts.hpp"

// The data of a run: words that sound the same, or rows of a table.

namespace text_comparison {

/// Words as data; their groups are named after their first words.
inline Data data_of(Words words, const std::string& file) {
  Data data{
      .texts = {std::move(words.words)}, .groups = std::move(words.groups), .file = file, .left_out = words.left_out};
  for (std::size_t i = 0; i < data.groups.size(); ++i) {
    if (data.groups[i] == gemel::length(data.names)) data.names.push_back(data.texts[0][i]);
  }
  return data;
}

/// The texts of these columns of a table.
inline Texts texts_of(const gemel::Table& table, const std::vector<std::string>& columns) {
  Texts texts;
  for (const std::string& column : columns) texts.push_back(table.text(column));
  return texts;
}

/// The places of a table's rows.
inline std::vector<gemel::Place> places_of(const gemel::Table& table) {
  std::vector<gemel::Place> places;
  for (Index row = 0; row < table.rows(); ++row) places.push_back({.file = table.file(), .line = table.line(row)});
  return places;
}

/// The rows of a table as data. Rows with equal keys are of the same thing. Throws FormatError for an empty key.
inline Data data_of(const gemel::Table& table, const std::vector<std::string>& columns, const std::string& key) {
  Data data{.texts = texts_of(table, columns), .places = places_of(table), .file = table.file()};
  const std::vector<std::string>& keys = table.text(key);
  std::unordered_map<std::string_view, Index> numbers;
  for (std::size_t row = 0; row < keys.size(); ++row) {
    if (keys[row].empty()) {
      throw gemel::FormatError("the key is empty: give each row one, and rows of the same thing the same",
                               {.file = table.file(), .line = table.line(static_cast<Index>(row)), .column = key});
    }
    const auto [number, is_new] = numbers.emplace(keys[row], gemel::length(data.names));
    if (is_new) data.names.push_back(keys[row]);
    data.groups.push_back(number->second);
  }
  return data;
}

}  // namespace text_comparison
