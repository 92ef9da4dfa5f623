#pragma once

#include <string>
#include <vector>

#include "../program/outputs.hpp"
#include "options.hpp"

namespace train {

/// The data files that the options name.
inline std::vector<program::NamedFile> input_files(const Options& options) {
  std::vector<program::NamedFile> files;
  const auto add = [&files](const char* option, const std::string& path) {
    if (!path.empty()) files.push_back({option, path});
  };
  add("--data", options.data);
  add("--test-data", options.test_data);
  add("--images", options.images);
  add("--labels", options.labels);
  add("--test-images", options.test_images);
  add("--test-labels", options.test_labels);
  return files;
}

}  // namespace train
