#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "../program/command_line.hpp"
#include "../program/enrol.hpp"
#include "../program/identify.hpp"
#include "../program/json.hpp"
#include "../program/lock.hpp"
#include "../program/model.hpp"
#include "../program/outputs.hpp"
#include "../program/text.hpp"
#include "features.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/format.hpp"
#include "gemel/io/file_description.hpp"
#include "gemel/io/model_file.hpp"
#include "gemel/io/safetensors.hpp"
#include "options.hpp"
#include "pgm.hpp"

// The commands, which decide about images with a model that an earlier process has saved.

namespace faces {

namespace detail {

/// Throws FormatError unless the model compares features as this program computes them.
inline void check_features(const gemel::FileDescription& model, const std::string& file) {
  const auto kind = model.metadata.find("face_features");
  if (kind != model.metadata.end() && kind->second == feature_kind) return;
  throw gemel::FormatError(
      kind == model.metadata.end()
          ? "it is no model of faces: give a file that face_recognition --save has written"
          : "it compares other features (" + kind->second + ") than this version computes: train it again",
      {.file = file});
}

/// Reads the images, and computes their features.
inline program::Queries<float> read_queries(const std::vector<std::string>& files) {
  std::vector<Image> images;
  for (const std::string& file : files) images.push_back(scaled(read_face(file), side, side));
  return {features_of(images, 0), files};
}

/// Compares two images. Returns the exit code.
inline int compare(const gemel::TensorFile& content, const Options& options, std::ostream& out) {
  const auto verifier = gemel::from_tensors<program::Verifier<float>>(content);
  const gemel::Calibration& calibration = verifier.calibration();
  program::check_threshold(calibration, options.model());
  const program::Queries<float> queries = read_queries(options.images());
  const double distance = static_cast<double>(verifier.distance(queries.samples[0], queries.samples[1]));
  const bool same = distance <= calibration.threshold;
  if (!options.json.empty()) {
    program::write_file(options.json, program::json_text({{"threshold", calibration.threshold},
                                                          {"distances", {distance}},
                                                          {"same", std::vector<bool>{same}}}));
  }
  out << program::printable(queries.names[0]) << " and " << program::printable(queries.names[1]) << ": "
      << gemel::format({"distance ", distance, ", threshold ", calibration.threshold}) << ", "
      << (same ? "the same person" : "different people") << '\n';
  return same ? 0 : 1;
}

}  // namespace detail

/// Runs a command. Returns the exit code. Throws IoError or FormatError if the model or an image cannot be read, and
/// what the command throws.
inline int run_command(const Options& options, std::ostream& out) {
  std::optional<program::Lock> lock;
  if (options.changes_model()) lock.emplace(options.model());
  gemel::TensorFile content = gemel::read_safetensors(options.model());
  const gemel::FileDescription description = describe(content);
  detail::check_features(description, options.model());
  if (options.task == Task::Compare) return detail::compare(content, options, out);

  program::GalleryFile file{content, options.model()};
  const auto each = description.metadata.find("samples_per_person");
  if (each != description.metadata.end()) program::parse(each->second, file.samples_per_person);
  if (options.task == Task::Forget) {
    program::forget<float>(file, options.name(), out);
    return 0;
  }
  const program::Queries<float> queries = detail::read_queries(options.images());
  if (options.task == Task::Verify) return program::claim(file, options.name(), queries, options.json, {}, out);
  if (options.task == Task::Identify) return program::identify(file, options.fpir, queries, options.json, {}, out);
  program::enrol(file, options.name(), queries.samples, {}, out);
  return 0;
}

}  // namespace faces
