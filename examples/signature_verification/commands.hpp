#pragma once

#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "../program/command_line.hpp"
#include "../program/enrol.hpp"
#include "../program/identify.hpp"
#include "../program/lock.hpp"
#include "../program/model.hpp"
#include "gemel/core/error.hpp"
#include "gemel/data/samples.hpp"
#include "gemel/io/file_description.hpp"
#include "gemel/io/model_file.hpp"
#include "gemel/io/safetensors.hpp"
#include "gemel/verification/scorer.hpp"
#include "options.hpp"
#include "relative_scorer.hpp"
#include "sample.hpp"
#include "svc2004.hpp"

// The commands, which decide about signatures with a model that an earlier process has saved.

namespace signature_verification {

/// The key of the metadata that says what the samples of a model are, and its two values. Models of known signers
/// compare features; others also need the curves.
inline constexpr const char* sample_key = "signature_samples";
inline constexpr const char *features_only = "features 1", *features_and_curves = "features and curves 1";

namespace detail {

/// Whether the model compares curves too. Throws FormatError if it does not compare signatures as this program does.
inline bool compares_curves(const gemel::FileDescription& model, const std::string& file) {
  const auto kind = model.metadata.find(sample_key);
  if (kind == model.metadata.end()) {
    throw gemel::FormatError("it is no model of signatures: give a file that signature_verification --save has written",
                             {.file = file});
  }
  if (kind->second != features_only && kind->second != features_and_curves) {
    throw gemel::FormatError(
        "it compares other numbers (" + kind->second + ") than this version computes: train it again", {.file = file});
  }
  return kind->second == features_and_curves;
}

inline program::Queries<float> read_queries(const std::vector<std::string>& files, bool with_curves) {
  gemel::MatrixX<float> samples;
  for (std::size_t i = 0; i < files.size(); ++i) {
    const Signature signature = read_svc2004(files[i]);
    const gemel::VectorX<float> sample = with_curves ? sample_column(signature) : feature_column(signature);
    if (i == 0) samples.resize(sample.size(), gemel::length(files));
    samples.col(static_cast<Index>(i)) = sample;
  }
  return {gemel::Samples<float>{std::move(samples)}, files};
}

/// Runs a command on a gallery with this scorer. Returns the exit code.
template <class Scorer>
int run_with(const program::GalleryFile& file, const Options& options, bool with_curves, std::ostream& out) {
  if (options.task == Task::Forget) {
    program::forget<float, Scorer>(file, options.name(), out);
    return 0;
  }
  const program::Queries<float> queries = read_queries(options.files(), with_curves);
  if (options.task == Task::Verify) {
    return program::claim<Scorer>(file, options.name(), queries, options.json, {}, out);
  }
  if (with_curves && program::detail::distinct(queries.samples) < 2) {
    throw gemel::ValueError("this model needs at least two different signatures of a person, better " +
                            std::to_string(file.samples_per_person) + ", but one is given");
  }
  program::enrol<Scorer>(file, options.name(), queries.samples, {}, out);
  return 0;
}

}  // namespace detail

/// Runs a command. Returns the exit code. Throws IoError or FormatError if the model or a signature cannot be read, and
/// what the command throws.
inline int run_command(const Options& options, std::ostream& out) {
  std::optional<program::Lock> lock;
  if (options.changes_model()) lock.emplace(options.model());
  gemel::TensorFile content = gemel::read_safetensors(options.model());
  const gemel::FileDescription description = describe(content);
  const bool with_curves = detail::compares_curves(description, options.model());
  program::GalleryFile file{content, options.model()};
  const auto each = description.metadata.find("samples_per_person");
  if (each != description.metadata.end()) program::parse(each->second, file.samples_per_person);
  return with_curves ? detail::run_with<RelativeScorer>(file, options, with_curves, out)
                     : detail::run_with<gemel::AnyScorer>(file, options, with_curves, out);
}

}  // namespace signature_verification
