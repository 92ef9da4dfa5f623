#pragma once

#include <string>
#include <vector>

#include "../program/json.hpp"
#include "../program/names.hpp"
#include "columns.hpp"
#include "gemel/io/model_file.hpp"
#include "gemel/version.hpp"

namespace train {

/// The name and version of this program.
inline std::string created_by() {
  return "train " + std::to_string(GEMEL_VERSION_MAJOR) + "." + std::to_string(GEMEL_VERSION_MINOR) + "." +
         std::to_string(GEMEL_VERSION_PATCH);
}

/// The texts in a model file that tell on what the model was trained, and how. `options` has all options of the run.
/// Nothing in them depends on the time, the number of threads or the names of files, so that a training that was
/// resumed writes the same bytes.
inline gemel::Metadata metadata(const Columns& columns, const std::vector<std::string>& class_names,
                                const program::Json& options) {
  gemel::Metadata texts{{"created_by", created_by()}, {"classes", program::names_text(class_names)}};
  for (const char* option : {"loss", "margin", "seed"}) texts[option] = options.at(option).get<std::string>();
  if (columns.features) texts["features"] = program::names_text(*columns.features);
  if (!columns.label.empty()) texts["label"] = program::as_utf8(columns.label);
  if (!columns.group.empty()) texts["group"] = program::as_utf8(columns.group);
  return texts;
}

}  // namespace train
