#pragma once

#include <CLI/CLI.hpp>

#include <string>

#include "../program/file_kind.hpp"
#include "gemel/core/error.hpp"
#include "gemel/io/signature.hpp"
#include "options.hpp"

// Checks of the options that are given together, which CLI11 does not make.

namespace train {

namespace detail {

/// Throws ValueError if samples that need a separate file of classes are given without one, or a file of classes
/// without such samples. `prefix` is the beginning of the options' names: "--" or "--test-".
inline void check_label_file(const std::string& prefix, const std::string& data, bool npy, const std::string& images,
                             const std::string& labels) {
  const std::string labels_option = prefix + "labels", data_option = prefix + "data", images_option = prefix + "images";
  const auto refuse = [](const std::string& why) { throw gemel::ValueError(why); };
  if (!images.empty() && labels.empty())
    refuse(images_option + " needs " + labels_option + ", the file of the classes");
  if (npy && labels.empty())
    refuse(data_option + " is a .npy file, which needs " + labels_option + ", the file of the classes");
  if (labels.empty() || npy || !images.empty()) return;
  if (data.empty()) refuse(labels_option + " needs " + images_option + ", or a .npy file in " + data_option);
  refuse(labels_option + " goes with a .npy file in " + data_option + ", but " + data + " is not one" +
         gemel::detail::looks_like(program::first_bytes(data)) +
         "; for a CSV file, --label says which column holds the classes");
}

}  // namespace detail

/// Throws ValueError if the options do not fit the formats of the files, and IoError if a file cannot be read.
inline void check_file_kinds(const CLI::App& app, const Options& options) {
  const bool npy = !options.data.empty() && program::is_npy(options.data);
  if (!options.test_data.empty() && program::is_npy(options.test_data) != npy) {
    throw gemel::ValueError("one of --data and --test-data is a .npy file, the other is not: give two of one kind");
  }
  detail::check_label_file("--", options.data, npy, options.images, options.labels);
  detail::check_label_file("--test-", options.test_data, npy && !options.test_data.empty(), options.test_images,
                           options.test_labels);
  for (const std::string option : {"--label", "--group", "--separator", "--header", "--missing"}) {
    if (npy && app.count(option) > 0) {
      throw gemel::ValueError(option + " has no effect with a .npy file: leave it out");
    }
  }
}

/// Throws ValueError if an option is given that has no effect together with the other options.
inline void check_effects(const CLI::App& app, const Options& options) {
  const auto refuse = [&app](const std::string& option, bool without_effect, const std::string& beside) {
    if (without_effect && app.count(option) > 0) {
      throw gemel::ValueError(option + " has no effect with " + beside + ": leave it out, or choose otherwise there");
    }
  };
  const auto chosen = [&app](const std::string& option) {
    return option + ' ' +
           (app.count(option) > 0 ? app.get_option(option)->results().front()
                                  : app.get_option(option)->get_default_str());
  };
  refuse("--test-fraction", !options.test_data.empty(), "--test-data");
  refuse("--test-fraction", !options.test_images.empty(), "--test-images");
  refuse("--group", options.split == Split::Classes, chosen("--split"));
  const bool classes = options.pairs == TrainingPairs::Classes;
  refuse("--batch-classes", !classes, chosen("--pairs"));
  refuse("--batch-samples", !classes, chosen("--pairs"));
  refuse("--batch", classes, chosen("--pairs"));
  refuse("--pairs-per-sample", options.pairs != TrainingPairs::Balanced, chosen("--pairs"));
  refuse("--dropout", options.dropout > 0 && options.hidden.size() == 1, "one layer in --hidden");
  refuse("--activation", options.hidden.size() == 1, "one layer in --hidden, whose activation is --last-activation");
  refuse("--positive-margin",
         options.loss != LossName::PositiveMargin && options.loss != LossName::Unsquared &&
             options.loss != LossName::NonZero,
         chosen("--loss"));
  refuse("--checkpoint-every", options.checkpoint_every > options.epochs, chosen("--epochs"));
  refuse("--far", options.threshold != ThresholdRule::Far, chosen("--threshold"));
}

}  // namespace train
