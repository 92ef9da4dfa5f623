#pragma once

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/types.hpp"
#include "gemel/data/samples.hpp"
#include "gemel/io/csv/cell.hpp"
#include "gemel/io/csv/data.hpp"

namespace gemel {

namespace detail {

/// The index of each name. Throws FormatError, with the name of the file that they are from, if two names are equal.
inline std::unordered_map<std::string_view, Index> positions_of(const std::vector<std::string>& names,
                                                                const std::string& file) {
  std::unordered_map<std::string_view, Index> positions;
  for (const std::string& name : names) {
    if (!positions.emplace(name, length(positions)).second) {
      throw FormatError({"several columns have the name '", excerpt(name), "', so columns cannot be matched by name"},
                        Place{.file = file});
    }
  }
  return positions;
}

/// For each feature of `wanted`, which are those of another file, its index in `data`. Throws FormatError if the two do
/// not have the same features.
template <Scalar S>
std::vector<Index> order_by_name(const CsvData<S>& data, const std::vector<std::string>& wanted,
                                 const std::string& wanted_file) {
  const auto there = positions_of(data.features, data.file);
  const auto known = positions_of(wanted, wanted_file);
  std::vector<std::string> missing, unknown;
  std::vector<Index> order;
  for (const std::string& name : wanted) {
    const auto found = there.find(name);
    found == there.end() ? missing.push_back(name) : order.push_back(found->second);
  }
  for (const std::string& name : data.features) {
    if (!known.contains(name)) unknown.push_back(name);
  }
  if (!missing.empty() || !unknown.empty()) {
    throw FormatError(
        {"its columns are not those of ", wanted_file, ": it ", missing.empty() ? "" : "lacks ", excerpts(missing),
         missing.empty() || unknown.empty() ? "" : " and ", unknown.empty() ? "" : "has also ", excerpts(unknown)},
        Place{.file = data.file});
  }
  return order;
}

/// Puts the features of `data` into the order of `wanted`. Throws as `order_by_name` does.
template <Scalar S>
void order_features(CsvData<S>& data, const std::vector<std::string>& wanted, const std::string& wanted_file) {
  const std::vector<Index> order = order_by_name(data, wanted, wanted_file);
  if (std::ranges::is_sorted(order)) return;
  MatrixX<S> ordered(length(order), data.samples.size());
  for (Index i = 0; i < length(order); ++i) {
    ordered.row(i) = data.samples.matrix().row(order[static_cast<std::size_t>(i)]);
  }
  data.samples = Samples<S>{std::move(ordered)};
  data.features = wanted;
}

/// Renumbers the texts of a column and its rows: a text that is in `known` gets its index there, and the others get the
/// next numbers. Throws FormatError if a text is a number that `known` writes differently. `what` is "label" or
/// "group", for error messages.
inline void number_alike(std::vector<std::string>& texts, std::vector<int>& of_rows,
                         const std::vector<std::string>& known, const char* what, const std::string& file,
                         const std::string& known_file) {
  std::vector<std::string> all = known;
  std::unordered_map<std::string, int> numbers;
  std::unordered_map<std::string_view, std::string_view> written;
  for (const std::string& text : known) {
    numbers.emplace(text, static_cast<int>(numbers.size()));
    written.emplace(whole_number(text), text);
  }
  for (const std::string& text : texts) {
    const auto [other, added] = written.emplace(whole_number(text), text);
    if (other->second != text) {
      throw FormatError({"its ", what, " '", excerpt(text), "' is written '", excerpt(other->second), "' in ",
                         known_file, ": they are the same number, written differently"},
                        Place{.file = file});
    }
    if (numbers.emplace(text, static_cast<int>(numbers.size())).second) all.push_back(text);
  }
  for (int& number : of_rows) number = numbers.at(texts[static_cast<std::size_t>(number)]);
  texts = std::move(all);
}

}  // namespace detail

/// Returns a file's content in the order of another file, `training`, on which a network was trained. The features
/// (rows of CsvData::samples) get the order that they have in training. The classes and groups get the numbers that
/// they have there, and new ones the numbers after those. Without this, features in another order would be mixed up,
/// and the same class may have another number.
///
/// Columns are matched by name if both files have a header, and by their order if neither has one. Throws FormatError,
/// with the file's name in `place()`,
///
/// - if only one of the files has a header;
/// - if names are missing, unknown or not unique;
/// - if the files differ in their number of features;
/// - if both have labels, or both have groups, but in different columns;
/// - if a label or a group is a number that training writes differently ("1" and "1.0").
template <Scalar S>
CsvData<S> aligned(CsvData<S> data, const CsvData<S>& training) {
  const auto fail = [&data](std::initializer_list<Piece> why) { throw FormatError(why, Place{.file = data.file}); };
  if (data.header != training.header) {
    fail({"its first row holds ", data.header ? "names" : "no names", ", but that of ", training.file, " does",
          data.header ? " not" : "", ": columns can be matched if both have a header, or neither"});
  }
  if (!data.header && data.features.size() != training.features.size()) {
    fail({"it has ", data.features.size(), " columns of features, but ", training.file, " has ",
          training.features.size()});
  }
  if (!data.labels.empty() && !training.labels.empty() && data.label != training.label) {
    fail({"its classes are in column '", detail::excerpt(data.label), "', but those of ", training.file, " in column '",
          detail::excerpt(training.label), "'"});
  }
  if (!data.groups.empty() && !training.groups.empty() && data.group != training.group) {
    fail({"its groups are in column '", detail::excerpt(data.group), "', but those of ", training.file, " in column '",
          detail::excerpt(training.group), "'"});
  }
  if (data.header) detail::order_features(data, training.features, training.file);

  detail::number_alike(data.classes, data.labels, training.classes, "label", data.file, training.file);
  detail::number_alike(data.group_names, data.groups, training.group_names, "group", data.file, training.file);
  return data;
}

/// Returns a file's content with the features in the order of `names`, on which a model was trained and which are, for
/// example, in the metadata of the model's file. `model_file` is what errors call the place of the names. Throws
/// FormatError, with the name of the data's file in `place()`, if that file has no header, or if names are missing,
/// unknown or not unique.
template <Scalar S>
CsvData<S> aligned(CsvData<S> data, const std::vector<std::string>& names, const std::string& model_file) {
  if (!data.header) {
    throw FormatError({"its first row holds no names, but the model in ", model_file,
                       " was trained on columns with names, by which its columns must be matched"},
                      Place{.file = data.file});
  }
  detail::order_features(data, names, model_file);
  return data;
}

}  // namespace gemel
