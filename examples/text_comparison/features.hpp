#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../program/names.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/format.hpp"
#include "gemel/core/types.hpp"
#include "gemel/io/model_file.hpp"
#include "ngrams.hpp"

// How texts become samples.

namespace text_comparison {

/// Texts by column: texts[c][i] is the text of column c of thing i. Words have one column.
using Texts = std::vector<std::vector<std::string>>;

/// Turns texts into features. It is kept in the metadata of a model file, so that another program does the same.
class Features {
 public:
  /// The features of single English words, by their sound.
  static Features of_words() { return {true, {"word"}, 2048}; }

  /// The features of rows of these columns: the letters of each column in places of their own, so that a surname is not
  /// compared with a street. Of many columns, each has fewer places, so that a network of them stays small.
  static Features of_rows(std::vector<std::string> columns) {
    const Index size = std::clamp<Index>(2048 / gemel::length(columns), 64, 512);
    return {false, std::move(columns), size};
  }

  /// Those of a model file, or nothing if this program has not written it.
  static std::optional<Features> from(const gemel::Metadata& texts) {
    const auto text = [&texts](const char* key) {
      const auto found = texts.find(key);
      return found == texts.end() ? std::string{} : found->second;
    };
    std::optional<std::vector<std::string>> columns = program::parse_names(text("text_columns"));
    const std::string kind = text("text_features");
    if (!columns || columns->empty()) return std::nullopt;
    if (kind == of_words().name() && columns->size() == 1) return of_words();
    Features rows = of_rows(std::move(*columns));
    return kind == rows.name() ? std::optional{rows} : std::nullopt;
  }

  /// Adds them to the metadata of a model file.
  void add_to(gemel::Metadata& texts) const {
    texts["text_features"] = name();
    texts["text_columns"] = program::names_text(columns_);
  }

  bool are_of_words() const { return words_; }
  /// The names of the columns.
  const std::vector<std::string>& columns() const { return columns_; }
  /// The number of features of a sample.
  Index size() const { return gemel::length(columns_) * size_; }
  /// Describes them in a few words.
  std::string name() const {
    return words_ ? gemel::format({size_, " phonetic n-grams, version 1"})
                  : gemel::format({size_, " letter n-grams per column, version 1"});
  }

  /// The samples (size() x n) of texts with as many columns, one sample per column. Throws FormatError for a thing
  /// without any text; `place(i)` is where it stands.
  template <class PlaceOf>
  gemel::MatrixX<float> operator()(const Texts& texts, const PlaceOf& place) const {
    gemel::MatrixX<float> samples(size(), gemel::length(texts[0]));
    for (Index i = 0; i < samples.cols(); ++i) {
      for (std::size_t c = 0; c < columns_.size(); ++c) {
        const std::string text = lower_case(texts[c][static_cast<std::size_t>(i)]);
        samples.col(i).segment(static_cast<Index>(c) * size_, size_) = words_         ? phonetic_ngrams(text, size_)
                                                                       : text.empty() ? nothing()
                                                                                      : letter_ngrams(text, size_);
      }
      if (samples.col(i).isZero(0)) {
        throw gemel::FormatError(columns_.size() == 1 ? "the text is empty" : "all texts of the row are empty",
                                 place(i));
      }
    }
    return samples;
  }

  /// The text with the letters of ASCII in lower case.
  static std::string lower_case(std::string text) {
    for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return text;
  }

 private:
  Features(bool words, std::vector<std::string> columns, Index size)
      : words_(words), columns_(std::move(columns)), size_(size) {}

  gemel::VectorX<float> nothing() const { return gemel::VectorX<float>::Zero(size_); }

  bool words_;
  std::vector<std::string> columns_;
  Index size_;  // of each column
};

}  // namespace text_comparison
