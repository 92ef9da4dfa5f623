#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "digits.hpp"
#include "gemel/core/error.hpp"
#include "gemel/data/classes.hpp"
#include "gemel/data/samples.hpp"
#include "gemel/io/csv.hpp"
#include "gemel/io/idx.hpp"
#include "options.hpp"
#if defined(GEMEL_HAS_ZLIB)
#include "gemel/io/gzip.hpp"
#endif

namespace train {

/// Samples and the class of each.
struct LabelledSamples {
  gemel::Samples<float> samples;
  gemel::Classes classes;
};

/// What the files hold, not scaled; `test` only where a file of its own was given.
struct Loaded {
  LabelledSamples training;
  std::optional<LabelledSamples> test;
  std::vector<std::string> class_names;  ///< by the value of a class
};

namespace detail {

/// Numbers are in their order, since shorter names come first.
struct ByNumberThenName {
  bool operator()(const std::string& a, const std::string& b) const {
    return a.size() != b.size() ? a.size() < b.size() : a < b;
  }
};

/// The same names have the same values in both files.
inline Loaded join_csv(const gemel::CsvData<float>& training, const gemel::CsvData<float>* test) {
  std::map<std::string, int, ByNumberThenName> values;
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
  return {labelled(training), test ? std::optional{labelled(*test)} : std::nullopt, names};
}

inline Loaded load_csv(const Options& options) {
  gemel::CsvOptions csv{.label = Index{-1}};
  if (!options.label.empty()) csv.label = options.label;
  if (options.data.empty()) return join_csv(gemel::parse_csv<float>(digits_csv, csv, "the embedded digits"), nullptr);
  const gemel::CsvData<float> training = gemel::read_csv<float>(options.data, csv);
  if (options.test_data.empty()) return join_csv(training, nullptr);
  const gemel::CsvData<float> test = gemel::read_csv<float>(options.test_data, csv);
  return join_csv(training, &test);
}

/// Inflates gzipped files where zlib is at hand.
inline LabelledSamples read_idx_files(const std::string& images, const std::string& labels) {
#if defined(GEMEL_HAS_ZLIB)
  gemel::Samples<float> samples = gemel::parse_idx<float>(gemel::read_gzip(images), images);
  const std::vector<int> classes = gemel::parse_idx_labels(gemel::read_gzip(labels), labels);
#else
  for (const std::string& path : {images, labels}) {
    if (path.ends_with(".gz"))
      throw gemel::IoError("this train was built without zlib: unpack it first", {.file = path});
  }
  gemel::Samples<float> samples = gemel::read_idx<float>(images);
  const std::vector<int> classes = gemel::read_idx_labels(labels);
#endif
  if (gemel::length(classes) != samples.size()) {
    throw gemel::ShapeError("it has " + std::to_string(classes.size()) + " labels, but " + images + " has " +
                                std::to_string(samples.size()) + " samples",
                            {.file = labels});
  }
  return {std::move(samples), classes};
}

inline Loaded load_idx(const Options& options) {
  Loaded loaded{read_idx_files(options.images, options.labels), std::nullopt, {}};
  if (!options.test_images.empty()) loaded.test = read_idx_files(options.test_images, options.test_labels);
  for (int value = 0; value < 256; ++value) loaded.class_names.push_back(std::to_string(value));
  return loaded;
}

}  // namespace detail

/// Reads the files that the options name, or the embedded digits. Throws what the readers throw, and ShapeError where
/// the test samples have other features.
inline Loaded load(const Options& options) {
  Loaded loaded = options.images.empty() ? detail::load_csv(options) : detail::load_idx(options);
  if (loaded.test && loaded.test->samples.features() != loaded.training.samples.features()) {
    throw gemel::ShapeError("the test samples have " + std::to_string(loaded.test->samples.features()) +
                                " features, but the training samples have " +
                                std::to_string(loaded.training.samples.features()),
                            {.file = options.images.empty() ? options.test_data : options.test_images});
  }
  return loaded;
}

}  // namespace train
