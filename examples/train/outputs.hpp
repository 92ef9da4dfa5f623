#pragma once

#include <array>
#include <utility>
#include <vector>

#include "../program/outputs.hpp"
#include "../program/report.hpp"
#include "files.hpp"
#include "members.hpp"
#include "options.hpp"

namespace train {

/// The file names of --report's pictures, without extension.
inline constexpr std::array<const char*, 5> picture_names = {"loss", "distances", "roc", "det", "embedding"};

/// Checks the outputs before the training. Throws what program::check_outputs throws.
inline void check_outputs(const Options& options) {
  std::vector<program::NamedFile> outputs = {{"--json", options.json}, {"--save", options.save}};
  if (!options.checkpoint.empty()) {
    for (Index member = 0; member < options.ensemble; ++member) {
      outputs.push_back({options.resume.empty() ? "--checkpoint" : "--resume", checkpoint_of(options, member)});
    }
  }
  program::check_outputs(input_files(options), std::move(outputs), options.report, picture_names);
}

}  // namespace train
