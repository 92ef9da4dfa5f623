#pragma once

#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "../program/interrupt.hpp"
#include "../program/outputs.hpp"
#include "features.hpp"
#include "gemel/core/error.hpp"
#include "gemel/io/model_file.hpp"
#include "gemel/io/safetensors.hpp"
#include "gemel/verification/verifier.hpp"
#include "learn.hpp"

// What a run saves, and later commands load.

namespace text_comparison {

/// Decides whether texts are the same: the features, the model and the threshold.
struct Comparer {
  Features features;
  gemel::Verifier<Model> verifier;

  double threshold() const { return verifier.calibration().threshold; }

  /// The embeddings (size x n) of texts; `place(i)` is where text i stands, for errors.
  template <class PlaceOf>
  gemel::MatrixX<float> embed(const Texts& texts, const PlaceOf& place, Index threads) const {
    return verifier.model().embed(features(texts, place), threads);
  }
};

/// Writes the comparer to a file, with `texts` that describe the run. Throws IoError if that fails.
inline void save(const std::filesystem::path& path, const Comparer& comparer, gemel::Metadata texts) {
  comparer.features.add_to(texts);
  const gemel::TensorFile file = to_tensors(comparer.verifier, texts);
  const program::Interrupt::Pause pause;
  gemel::write_safetensors(program::to_write(path), file);
}

/// Reads a comparer. Throws what gemel::load throws, and FormatError for a model that this program has not saved, or
/// that does not fit its features.
inline Comparer load(const std::filesystem::path& path) {
  gemel::Metadata texts;
  auto verifier = gemel::load<gemel::Verifier<Model>>(path, texts);
  const gemel::Place place{.file = path.string()};
  const std::optional<Features> features = Features::from(texts);
  if (!features) {
    throw gemel::FormatError("it does not say how texts become features: give a model of text_comparison --save",
                             place);
  }
  if (verifier.model().network().in() != features->size()) {
    throw gemel::FormatError({"its network takes ", verifier.model().network().in(), " features, but its texts give ",
                              features->size(), ": the file is damaged"},
                             place);
  }
  if (verifier.calibration().threshold == std::numeric_limits<double>::infinity()) {
    throw gemel::FormatError("its threshold is infinite, so that all texts would be the same", place);
  }
  return {*features, std::move(verifier)};
}

}  // namespace text_comparison
