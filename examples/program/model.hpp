#pragma once

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/random.hpp"
#include "gemel/network/any_distance.hpp"
#include "gemel/network/any_model.hpp"
#include "gemel/network/any_network.hpp"
#include "gemel/network/distance.hpp"
#include "gemel/network/ensemble.hpp"
#include "gemel/network/sequence.hpp"
#include "gemel/verification/calibration.hpp"
#include "gemel/verification/gallery.hpp"
#include "gemel/verification/scorer.hpp"
#include "gemel/verification/verifier.hpp"

// The models that the programs keep in files.

namespace program {

template <class S>
using Model = gemel::Ensemble<gemel::AnyModel<S>>;  // a plain model is an ensemble of one member
template <class S>
using Verifier = gemel::Verifier<Model<S>>;
template <class S, class Scorer = gemel::AnyScorer>
using Gallery = gemel::Gallery<Model<S>, Scorer>;

/// A model of these layers. Throws ShapeError if their sizes do not fit.
inline gemel::AnyModel<float> model_of(std::vector<gemel::AnyLayer> layers, gemel::Rng& rng,
                                       gemel::AnyDistance distance = gemel::Euclidean{}) {
  return gemel::AnyModel<float>{gemel::AnyNetwork<float>{rng, gemel::Sequence<gemel::AnyLayer>{std::move(layers)}},
                                std::move(distance)};
}

/// Throws FormatError if the threshold of the model in `file` is infinity, which would accept everything.
inline void check_threshold(const gemel::Calibration& calibration, const std::string& file) {
  if (calibration.threshold != std::numeric_limits<double>::infinity()) return;
  throw gemel::FormatError("its threshold is infinite, so that all pairs would be the same: save one with another",
                           {.file = file});
}

}  // namespace program
