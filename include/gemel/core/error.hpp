#pragma once

#include <initializer_list>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "gemel/core/format.hpp"
#include "gemel/core/types.hpp"

namespace gemel {

/// Where an error occurred, as far as it is known. All indices count from 0, except lines, which count from 1. In the
/// text, epochs count from 1 too, as in everything that a training prints.
struct Place {
  std::string file = {};            ///< Name or path of the file.
  std::optional<Index> line = {};   ///< Line of the file, from 1.
  std::string column = {};          ///< Name of a column of the file.
  std::optional<Index> epoch = {};  ///< Epoch of the training.
  std::optional<Index> batch = {};  ///< Batch of the epoch.
  std::optional<Index> layer = {};  ///< Layer of the network.
  std::optional<Index> pair = {};   ///< Pair in the batch if `batch` is known, else among all pairs given.
  /// The sample's column among all samples of the pair source (Batch::samples), whatever its position in the batch. If
  /// the pairs come from two matrices A and B, the columns of A are counted before those of B.
  std::optional<Index> sample = {};
  std::optional<Index> feature = {};  ///< Row of the sample.
  bool validation = false;            ///< Whether `batch` belongs to the validation, not to the training.

  /// The place as text: "digits.csv, line 3, column 'label'", or "epoch 3, batch 17, layer 0" if `epoch` is 2. Empty if
  /// nothing is known.
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

/// Base class of all errors that the library throws. The text says what is wrong, where, and what to do; `place()`
/// gives the location as data.
class Error : public std::runtime_error {
 public:
  // Overloads, not default arguments, so that the code to construct a Place is not repeated at each throw site.

  /// An error with this text.
  explicit Error(Piece what) : Error({what}) {}
  /// An error whose text is these pieces, joined.
  explicit Error(std::initializer_list<Piece> what) : Error(what, Place{}) {}
  /// An error whose text is the place, followed by `what`.
  Error(Piece what, Place place) : Error({what}, std::move(place)) {}
  /// An error whose text is the place, followed by these pieces.
  [[gnu::cold]] Error(std::initializer_list<Piece> what, Place place)
      : std::runtime_error(format({place.describe(), place.describe().empty() ? "" : ": ", format(what)})),
        place_(std::move(place)) {}

  /// Where the error occurred.
  const Place& place() const noexcept { return place_; }

 private:
  Place place_;
};

/// Sizes that do not fit together.
class ShapeError : public Error {
 public:
  using Error::Error;
};

/// A value that is not allowed: a label that is neither 0 nor 1, a negative margin, samples of a single class.
class ValueError : public Error {
 public:
  using Error::Error;
};

/// NaN or infinity, in the data or computed during training.
class NonFiniteError : public Error {
 public:
  using Error::Error;
};

/// Content that violates its format: of a file, of a text in memory, or of the saved state of a callback.
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
