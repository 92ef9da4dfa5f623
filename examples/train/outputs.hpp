#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "../program/outputs.hpp"
#include "files.hpp"
#include "gemel/core/error.hpp"
#include "members.hpp"
#include "options.hpp"

namespace train {

/// The file names of --report's pictures, without extension.
inline constexpr std::array<const char*, 5> picture_names = {"loss", "distances", "roc", "det", "embedding"};

namespace detail {

/// Returns whether the folder exists. Throws IoError if it does not exist and cannot be made.
inline bool check_folder(const std::filesystem::path& folder) {
  namespace fs = std::filesystem;
  std::error_code error;
  fs::path there = fs::absolute(folder, error);
  if (fs::is_directory(there, error)) return true;
  fs::file_type type = fs::symlink_status(there, error).type();
  while (there.has_relative_path() && type == fs::file_type::not_found) {
    there = there.parent_path();
    type = fs::symlink_status(there, error).type();
  }
  if (type == fs::file_type::none) {
    throw gemel::IoError("the folder cannot be made: " + error.message(), {.file = folder.string()});
  }
  if (!fs::is_directory(there, error) || !program::is_writable(there, W_OK | X_OK)) {
    throw gemel::IoError("the folder cannot be made: " + there.string() + " is not a folder that can be written to",
                         {.file = folder.string()});
  }
  return false;
}

}  // namespace detail

/// Checks the outputs before the training. Throws IoError if one cannot be written, and ValueError if one would replace
/// an input or another output. Changes no file and never blocks.
inline void check_outputs(const Options& options) {
  namespace fs = std::filesystem;
  std::vector<program::NamedFile> outputs;
  const auto add = [&outputs](const char* option, const std::string& path) {
    if (path.empty()) return;
    outputs.push_back({option, path});
    program::check_output(path);
  };
  add("--json", options.json);
  add("--save", options.save);
  if (!options.checkpoint.empty()) {
    for (Index member = 0; member < options.ensemble; ++member) {
      add(options.resume.empty() ? "--checkpoint" : "--resume", checkpoint_of(options, member));
    }
  }
  if (!options.report.empty()) {
    const bool is_there = detail::check_folder(options.report);
    for (const program::NamedFile& output : outputs) {
      if (!program::is_same_file(output.path, options.report)) continue;
      throw gemel::ValueError(output.path.string() + " cannot be the file of " + output.option +
                              " and the folder of --report: give another name");
    }
    for (const std::string name : picture_names) {
      for (const char* ending : {".gp", ".png"}) {
        outputs.push_back({"--report", fs::path(options.report) / (name + ending)});
        program::check_output(outputs.back().path, !is_there);
      }
    }
  }
  program::check_distinct(input_files(options), outputs);
}

}  // namespace train
