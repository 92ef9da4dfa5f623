#pragma once

#include <optional>
#include <string>
#include <vector>

#include "../program/command_line.hpp"
#include "../program/names.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/types.hpp"
#include "gemel/io/file_description.hpp"

namespace verify {

using gemel::Index;

/// What a model file tells about the samples on which the model was trained.
struct TrainedOn {
  std::string file;                                    ///< of the model
  Index features = 0;                                  ///< of a sample
  std::optional<std::vector<std::string>> names = {};  ///< of the features; empty: unknown
  std::vector<std::string> other_columns = {};         ///< of classes and groups; their numbers if there are no names
  /// Of a person, for whom the thresholds of claims and identification were set; 0: unknown.
  Index samples_per_person = 0;
};

/// Throws FormatError if the file does not describe its samples as `train --save` does.
inline TrainedOn trained_on(const std::string& file, const gemel::FileDescription& model) {
  TrainedOn known{.file = file, .features = model.features()};
  const auto features = model.metadata.find("features");
  if (features != model.metadata.end()) {
    known.names = program::parse_names(features->second);
    if (!known.names || gemel::length(*known.names) != known.features) {
      throw gemel::FormatError({"its text 'features' is not a JSON array of the names of the ", known.features,
                                " features that the model takes"},
                               {.file = file});
    }
  }
  for (const char* key : {"label", "group"}) {
    const auto column = model.metadata.find(key);
    if (column != model.metadata.end()) known.other_columns.push_back(column->second);
  }
  const auto each = model.metadata.find("samples_per_person");
  if (each != model.metadata.end()) program::parse(each->second, known.samples_per_person);
  return known;
}

}  // namespace verify
