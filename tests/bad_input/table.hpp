#pragma once

#include <concepts>
#include <exception>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <limits>
#include <map>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

#include "gemel/core/error.hpp"

/// The table of bad input. A row is an input that a caller gives, and a column is a way in which it may be bad. A cell
/// describes what then happens: `throws` promises the type, the text and the place of an error (`throws_at`: the place
/// as text); `fine` promises that there is no error, and what holds instead; `see` names the row whose cell in the same
/// column covers this one; `impossible` says why there is no such input.
///
/// The rows are in reading, data, network, training, callback, verification, claims, model, checkpoint and
/// example.test.cpp. table.test.cpp checks that every row has every cell, and that the promises are kept.
namespace gemel::bad_input {

enum class Badness {
  WrongShape,  // sizes that do not fit together
  NaN,
  Infinite,
  Empty,
  OneClass,    // all samples or pairs of one class
  BadLabel,    // a label that is neither 0 nor 1
  OutOfRange,  // an option, an index or a number that is not allowed
  Truncated,   // a file, or a saved state, that is cut short or damaged
  Swapped,     // one kind of file in place of another
  Missing,     // a file that does not exist
  Unreadable,  // a directory, a device, a file that gives a read error
  FullDisk,
};
using enum Badness;

inline const std::map<Badness, std::string> column_names = {
    {WrongShape, "wrong shape"},  {NaN, "NaN"},
    {Infinite, "infinity"},       {Empty, "empty"},
    {OneClass, "one class only"}, {BadLabel, "label beyond 0 and 1"},
    {OutOfRange, "out of range"}, {Truncated, "truncated or damaged"},
    {Swapped, "swapped files"},   {Missing, "missing file"},
    {Unreadable, "unreadable"},   {FullDisk, "full disk"},
};

inline constexpr double nan = std::numeric_limits<double>::quiet_NaN();
inline constexpr double inf = std::numeric_limits<double>::infinity();
inline constexpr float nan_f = std::numeric_limits<float>::quiet_NaN();
inline constexpr float inf_f = std::numeric_limits<float>::infinity();

/// Does something bad, and returns what is wrong with the outcome. An empty text means that the promise is kept.
using Try = std::function<std::string()>;

struct Cell {
  std::vector<Try> tries = {};
  std::string reason = {};  ///< why it is impossible, or not an error
  std::string row = {};     ///< the row that `see` names

  Cell() = default;
  /// A cell with the tries of all these cells.
  Cell(std::initializer_list<Cell> cells) {
    for (const Cell& cell : cells) tries.insert(tries.end(), cell.tries.begin(), cell.tries.end());
  }
};

namespace table {

/// The act as a std::function. One without a capture becomes a plain function first: for each of the many acts, a
/// std::function of its own type would have a dozen functions to compile.
template <class Result, class Act>
std::function<Result()> erased(const Act& act) {
  if constexpr (std::is_empty_v<Act> && std::default_initializable<Act>) {
    return static_cast<Result (*)()>([]() -> Result { return static_cast<Result>(Act{}()); });
  } else {
    return act;
  }
}

inline Cell throws_type(const std::type_info& type, const std::string& words, const std::string& place,
                        const std::function<void()>& act) {
  Cell cell;
  cell.tries.push_back([&type, words, place, act]() -> std::string {
    try {
      act();
    } catch (const Error& error) {
      Place seen = error.place();
      seen.file = std::filesystem::path(seen.file).filename().string();
      const std::string what = error.what();
      if (typeid(error) != type) return "another kind of error: " + what;
      if (what.find(words) == std::string::npos) return "'" + words + "' is not in: " + what;
      if (!what.starts_with(error.place().describe())) return "the place is not in: " + what;
      if (seen.describe() != place) return "the place is '" + seen.describe() + "' in: " + what;
      return {};
    } catch (const std::exception& error) {
      return std::string("no gemel::Error: ") + error.what();
    }
    return "nothing is thrown, but '" + words + "' was promised";
  });
  return cell;
}

inline Cell holds_without_error(const std::string& reason, const std::function<bool()>& holds) {
  Cell cell;
  cell.reason = reason;
  cell.tries.push_back([reason, holds]() -> std::string {
    try {
      return holds() ? "" : "this does not hold: " + reason;
    } catch (const std::exception& error) {
      return "an error, though " + reason + ": " + error.what();
    }
  });
  return cell;
}

}  // namespace table

/// Promises an error of exactly the type E, whose text contains the words and whose place has this description (with a
/// file's name, without its folder).
template <std::derived_from<Error> E, std::invocable Act>
Cell throws_at(const std::string& words, const std::string& place, const Act& act) {
  return table::throws_type(typeid(E), words, place, table::erased<void>(act));
}
template <std::derived_from<Error> E, std::invocable Act>
Cell throws(const std::string& words, const Place& place, const Act& act) {
  return table::throws_type(typeid(E), words, place.describe(), table::erased<void>(act));
}
template <std::derived_from<Error> E, std::invocable Act>
Cell throws(const std::string& words, const Act& act) {
  return table::throws_type(typeid(E), words, Place{}.describe(), table::erased<void>(act));
}

/// Promises no error, but that the predicate holds; the reason says in words what holds.
template <std::predicate Holds>
Cell fine(const std::string& reason, const Holds& holds) {
  return table::holds_without_error(reason, table::erased<bool>(holds));
}

inline Cell see(const std::string& row) {
  Cell cell;
  cell.row = row;
  return cell;
}

inline Cell impossible(const std::string& reason) {
  Cell cell;
  cell.reason = reason;
  return cell;
}

/// One cell for one column or several.
struct Entry {
  std::vector<Badness> columns;
  Cell cell;

  Entry(Badness column, Cell content) : columns{column}, cell(std::move(content)) {}
  Entry(std::initializer_list<Badness> several, Cell content) : columns(several), cell(std::move(content)) {}
};

/// The columns about files, for an input that neither is a file nor opens one.
inline Entry no_file() {
  return {{Truncated, Swapped, Missing, Unreadable, FullDisk}, impossible("no file is in play")};
}

struct Row {
  std::string input;
  std::vector<Entry> entries;
};

std::vector<Row> reading_rows();
std::vector<Row> data_rows();
std::vector<Row> network_rows();
std::vector<Row> training_rows();
std::vector<Row> callback_rows();
std::vector<Row> verification_rows();
std::vector<Row> claims_rows();
std::vector<Row> model_rows();
std::vector<Row> checkpoint_rows();
std::vector<Row> example_rows();

}  // namespace gemel::bad_input
