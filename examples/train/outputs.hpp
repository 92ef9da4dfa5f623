#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

#include "gemel/core/error.hpp"
#include "options.hpp"

namespace train {

/// Makes the report's folder and throws IoError where a file could not be written: before the training, not after it.
inline void check_outputs(const Options& options) {
  namespace fs = std::filesystem;
  const auto check = [](const fs::path& path) {
    const bool existed = fs::exists(path);
    if (!std::ofstream(path, std::ios::app)) {
      throw gemel::IoError("it cannot be written: does its folder exist, is it writable?", {.file = path.string()});
    }
    if (!existed) fs::remove(path);
  };
  if (!options.json.empty()) check(options.json);
  if (!options.report.empty()) {
    std::error_code error;
    fs::create_directories(options.report, error);
    if (error) throw gemel::IoError("the folder cannot be made: " + error.message(), {.file = options.report});
    check(fs::path(options.report) / "loss.gp");
  }
}

}  // namespace train
