#pragma once

#include <initializer_list>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "gemel/core/format.hpp"
#include "gemel/core/types.hpp"

namespace gemel {

/// Where an error was seen, as far as it is known. All numbers count from 0 but those of lines, which count from 1. In
/// the text epochs count from 1 too, as in all that a training prints.
struct Place {
  std::string file = {};
  std::optional<Index> line = {};
  std::string column = {};  ///< a column's name in a file of columns
  std::optional<Index> epoch = {};
  std::optional<Index> batch = {};
  std::optional<Index> layer = {};
  std::optional<Index> pair = {};     ///< of the batch where there is one, else of all pairs that were given
  std::optional<Index> sample = {};   ///< by the source's own number (Batch::samples), whatever the batch's order is:
                                      ///< the column of the samples given; of two matrices, A's columns are before B's
  std::optional<Index> feature = {};  ///< the row of the sample
  bool validation = false;            ///< the batch is one of the validation's, not of the training's

  /// "digits.csv, line 3, column 'label'", or "epoch 3, batch 17, layer 0" (where `epoch` is 2); empty where nothing is
  /// known.
  [[gnu::cold]] std::string describe() const {
    std::string text = file;
    const auto add = [&text](std::initializer_list<Piece> part) {
      if (!text.empty()) text += ", ";
      text += format(part);
    };
    const auto number = [&add](const char* name, std::optional<Index> value) {
      if (value) add({name, " ", *value});
    };
    number("line", line);
    if (!column.empty()) add({"column '", column, "'"});
    number("epoch", epoch ? std::optional(*epoch + 1) : std::nullopt);
    number(validation ? "validation batch" : "batch", batch);
    number("layer", layer);
    number("pair", pair);
    number("sample", sample);
    number("feature", feature);
    return text;
  }
};

/// Base of all errors the library throws: what is wrong, where (in the text and as `place()`), and what to do.
class Error : public std::runtime_error {
 public:
  // Without default arguments: who throws would make a place, and unmake it.
  explicit Error(Piece what) : Error({what}) {}
  explicit Error(std::initializer_list<Piece> what) : Error(what, Place{}) {}
  Error(Piece what, Place place) : Error({what}, std::move(place)) {}
  [[gnu::cold]] Error(std::initializer_list<Piece> what, Place place)
      : std::runtime_error(format({place.describe(), place.describe().empty() ? "" : ": ", format(what)})),
        place_(std::move(place)) {}

  const Place& place() const noexcept { return place_; }

 private:
  Place place_;
};

/// Sizes that do not fit together.
class ShapeError : public Error {
 public:
  using Error::Error;
};

/// A value outside what is allowed: a label that is neither 0 nor 1, a negative margin, one class only.
class ValueError : public Error {
 public:
  using Error::Error;
};

/// NaN or infinity, in the data or reached while training.
class NonFiniteError : public Error {
 public:
  using Error::Error;
};

/// A file whose content is not what its format says.
class FormatError : public Error {
 public:
  using Error::Error;
};

/// A file that cannot be opened, read or written.
class IoError : public Error {
 public:
  using Error::Error;
};

}  // namespace gemel
