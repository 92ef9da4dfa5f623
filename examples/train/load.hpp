#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "../program/file_kind.hpp"
#include "../program/idx_input.hpp"
#include "../program/names.hpp"
#include "columns.hpp"
#include "digits.hpp"
#include "divide.hpp"
#include "gemel/core/error.hpp"
#include "gemel/data/classes.hpp"
#include "gemel/data/samples.hpp"
#include "gemel/io/csv.hpp"
#include "gemel/io/csv/align.hpp"
#include "gemel/io/csv/cell.hpp"
#include "gemel/io/idx.hpp"
#include "gemel/io/npy.hpp"
#include "labelled_samples.hpp"
#include "options.hpp"

namespace train {

/// The content of the files, not scaled.
struct Loaded {
  LabelledSamples training;
  std::optional<LabelledSamples> test;   ///< only if there is a test file
  std::vector<std::string> class_names;  ///< indexed by the value of a class
  std::string origin;                    ///< where classes and groups are from: "3 classes from column 'species'"
  std::vector<std::string> notes = {};   ///< what the user should know about the files
  std::optional<Groups> groups = {};     ///< only with --group
  Columns columns = {};
};

namespace detail {

/// Compares the length first, then the text, so that whole numbers are in numerical order.
struct ByLengthThenText {
  bool operator()(const std::string& a, const std::string& b) const {
    return a.size() != b.size() ? a.size() < b.size() : a < b;
  }
};

/// Gives each class name one value, in both files.
inline Loaded join_csv(const gemel::CsvData<float>& training, const gemel::CsvData<float>* test) {
  std::map<std::string, int, ByLengthThenText> values;
  for (const std::string& name : training.classes) values[name];
  if (test) {
    for (const std::string& name : test->classes) values[name];
  }
  std::vector<std::string> names;
  for (auto& [name, value] : values) {
    value = static_cast<int>(names.size());
    names.push_back(name);
  }
  const auto labelled = [&values](const gemel::CsvData<float>& data) {
    std::vector<int> classes;
    for (const int label : data.labels) classes.push_back(values.at(data.classes[static_cast<std::size_t>(label)]));
    return LabelledSamples{data.samples, classes};
  };
  return {labelled(training), test ? std::optional{labelled(*test)} : std::nullopt, names, {}};
}

/// A column as errors and the first line of output call it.
inline std::string column_called(const std::string& name, const gemel::CsvData<float>& data) {
  return data.header ? "column '" + name + "'" : "column number " + name + ", counted from 0";
}
inline std::string label_column(const Options& options, const gemel::CsvData<float>& data) {
  return column_called(data.label, data) + (options.label.empty() ? " (the last)" : "");
}

/// Throws ValueError if a file's classes allow no similar or no dissimilar pairs. Often the cause is that another
/// column, or another file, holds the classes; `question` asks about that.
inline void check_classes(const std::string& file, Index samples, const std::vector<std::string>& classes,
                          const std::string& question) {
  const auto fail = [&](const std::string& why) { throw gemel::ValueError(why + ": " + question, {.file = file}); };
  if (classes.size() == 1) fail("its samples are of one class only, '" + classes[0] + "'");
  if (gemel::length(classes) == samples) fail("each sample has a class of its own, so there is no similar pair");
}

/// Throws ValueError if there is only one group, or if each sample is a group of its own.
inline void check_groups(const gemel::CsvData<float>& data) {
  const auto fail = [&](const std::string& why) {
    throw gemel::ValueError(
        why + ": does " + column_called(data.group, data) + " hold the groups? Name their column with --group",
        {.file = data.file});
  };
  if (data.group_names.size() == 1) fail("its samples are of one group only, '" + data.group_names[0] + "'");
  if (gemel::length(data.group_names) == data.samples.size()) {
    fail("each sample has a group of its own, so none is kept together with another");
  }
}

inline void add_notes(const gemel::CsvData<float>& data, std::vector<std::string>& notes) {
  if (data.left_out > 0) {
    notes.push_back(std::to_string(data.left_out) + (data.left_out == 1 ? " row" : " rows") + " of " + data.file +
                    " with missing values " + (data.left_out == 1 ? "was" : "were") + " left out");
  }
  for (const std::string& name : data.classes) {
    if (gemel::detail::is_missing(name)) {
      notes.push_back("'" + name + "' is a class like any other in " + data.file +
                      "; if it means a missing value, --missing leave-out leaves its rows out");
    }
  }
}

/// The columns of a file. Throws FormatError if two features have the same name and `must_differ`.
inline Columns columns_of(const gemel::CsvData<float>& data, bool must_differ) {
  Columns columns{.label = data.label, .group = data.group};
  if (!data.header) return columns;
  columns.features.emplace();
  for (const std::string& name : data.features) columns.features->push_back(program::as_utf8(name));
  if (must_differ) gemel::detail::positions_of(*columns.features, data.file);
  return columns;
}

inline Loaded load_csv(const Options& options) {
  gemel::CsvOptions csv{.label = Index{-1},
                        .header = options.header,
                        .separator = options.separator,
                        .missing = options.missing,
                        .names = {"--label", "--header", "--separator", "--missing", "--group"}};
  if (!options.label.empty()) csv.label = options.label;
  if (!options.group.empty()) csv.group = options.group;
  const gemel::CsvData<float> training = options.data.empty()
                                             ? gemel::parse_csv<float>(digits_csv, csv, "the embedded digits")
                                             : gemel::read_csv<float>(options.data, csv);
  check_classes(training.file, training.samples.size(), training.classes,
                "does " + label_column(options, training) + " hold the classes? Name their column with --label");
  if (!options.group.empty()) check_groups(training);
  std::optional<gemel::CsvData<float>> test;
  std::vector<std::string> notes;
  add_notes(training, notes);
  if (!options.test_data.empty()) {
    test = gemel::read_csv<float>(options.test_data, csv);
    add_notes(*test, notes);
    test = gemel::aligned(std::move(*test), training);
  }
  Loaded loaded = join_csv(training, test ? &*test : nullptr);
  loaded.origin = std::to_string(training.classes.size()) + " classes from " + label_column(options, training);
  loaded.notes = std::move(notes);
  loaded.columns = columns_of(training, !options.save.empty());
  if (!options.group.empty()) {
    loaded.groups = Groups{training.groups, test ? std::optional<gemel::Classes>{test->groups} : std::nullopt,
                           test ? test->group_names : training.group_names};
    loaded.origin +=
        ", " + std::to_string(training.group_names.size()) + " groups from " + column_called(training.group, training);
  }
  return loaded;
}

/// Combines samples and their classes, which were read from `file` and `labels`. Throws ShapeError unless there is one
/// class per sample.
inline LabelledSamples matched(gemel::Samples<float> samples, const gemel::Classes& classes, const std::string& file,
                               const std::string& labels) {
  if (classes.size() != samples.size()) {
    throw gemel::ShapeError("it has " + std::to_string(classes.size()) + " labels, but " + file + " has " +
                                std::to_string(samples.size()) + " samples",
                            {.file = labels});
  }
  return {std::move(samples), classes};
}

inline LabelledSamples read_idx_files(const std::string& images, const std::string& labels) {
  gemel::Samples<float> samples = gemel::read_idx<float>(program::open_idx(images));
  const gemel::Classes classes = gemel::read_idx_labels(program::open_idx(labels));
  if (samples.features() == 1) {
    throw gemel::FormatError("it is a file of labels, or looks like one: it holds one number per sample",
                             {.file = images});
  }
  return matched(std::move(samples), classes, images, labels);
}

inline LabelledSamples read_npy_files(const std::string& data, const std::string& labels) {
  gemel::Samples<float> samples = gemel::read_npy<float>(data);
  return matched(std::move(samples), gemel::read_npy_classes(labels), data, labels);
}

/// Names the classes after their numbers. Equal numbers in the two files are the same class.
inline Loaded join_numbered(const LabelledSamples& training, const LabelledSamples* test, const std::string& file,
                            const std::string& labels) {
  std::map<std::int64_t, int> values;
  const auto add = [&values](const gemel::Classes& classes) {
    for (Index c = 0; c < classes.count(); ++c) values[classes.value(c)];
  };
  add(training.classes);
  std::vector<std::string> found;
  for (const auto& [number, value] : values) found.push_back(std::to_string(number));
  check_classes(labels, training.classes.size(), found,
                "are these the labels of " + file + "? --labels says which file has them");
  if (test) add(test->classes);
  std::vector<std::string> names;
  for (auto& [number, value] : values) {
    value = static_cast<int>(names.size());
    names.push_back(std::to_string(number));
  }
  const auto renumbered = [&values](const LabelledSamples& data) {
    std::vector<int> classes;
    for (Index i = 0; i < data.classes.size(); ++i) {
      classes.push_back(values.at(data.classes.value(data.classes.of(i))));
    }
    return LabelledSamples{data.samples, classes};
  };
  return {renumbered(training), test ? std::optional{renumbered(*test)} : std::nullopt, names,
          std::to_string(found.size()) + " classes from " + labels};
}

inline Loaded load_idx(const Options& options) {
  const LabelledSamples training = read_idx_files(options.images, options.labels);
  std::optional<LabelledSamples> test;
  if (!options.test_images.empty()) test = read_idx_files(options.test_images, options.test_labels);
  return join_numbered(training, test ? &*test : nullptr, options.images, options.labels);
}

inline Loaded load_npy(const Options& options) {
  const LabelledSamples training = read_npy_files(options.data, options.labels);
  std::optional<LabelledSamples> test;
  if (!options.test_data.empty()) test = read_npy_files(options.test_data, options.test_labels);
  return join_numbered(training, test ? &*test : nullptr, options.data, options.labels);
}

}  // namespace detail

/// Reads the files that the options name, or the embedded digits. Throws whatever the readers throw, ValueError for
/// classes or groups that cannot be used, and ShapeError if the test samples have another number of features.
inline Loaded load(const Options& options) {
  const bool npy = !options.data.empty() && program::is_npy(options.data);
  Loaded loaded = npy                      ? detail::load_npy(options)
                  : options.images.empty() ? detail::load_csv(options)
                                           : detail::load_idx(options);
  if (loaded.test && loaded.test->samples.features() != loaded.training.samples.features()) {
    throw gemel::ShapeError("the test samples have " + std::to_string(loaded.test->samples.features()) +
                                " features, but the training samples have " +
                                std::to_string(loaded.training.samples.features()),
                            {.file = options.images.empty() ? options.test_data : options.test_images});
  }
  return loaded;
}

}  // namespace train
