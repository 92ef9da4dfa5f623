#pragma once

#include <cstdio>
#include <string>

#include "gemel/callback/early_stopping.hpp"
#include "gemel/callback/reduce_lr_on_plateau.hpp"
#include "gemel/core/types.hpp"
#include "gemel/data/class_batches.hpp"
#include "gemel/network/dense.hpp"
#include "gemel/network/dropout.hpp"
#include "gemel/network/gaussian_noise.hpp"
#include "gemel/network/l2_normalize.hpp"
#include "gemel/network/network.hpp"
#include "gemel/network/siamese.hpp"
#include "gemel/optimizer/adam.hpp"
#include "gemel/training/fit_options.hpp"
#include "gemel/verification/verifier.hpp"

// What make_models.cpp and the test of its files (tests/io/golden_models.test.cpp) share.

namespace gemel::test {

/// Ten samples of some numbers that a float represents exactly.
template <class S>
MatrixX<S> golden_samples(Index features) {
  MatrixX<S> samples(features, 10);
  for (Index j = 0; j < samples.cols(); ++j) {
    for (Index i = 0; i < features; ++i) samples(i, j) = static_cast<S>((i * 7 + j * 5 + i * j) % 23 - 9) / 8;
  }
  return samples;
}

/// The distances of the first sample to each of the others.
template <class Model>
VectorX<typename Model::Scalar> golden_distances(const Model& model) {
  using S = typename Model::Scalar;
  const MatrixX<S> samples = golden_samples<S>(model.network().in());
  const Index n = samples.cols() - 1;
  return model.distance(samples.leftCols(1).replicate(1, n), samples.rightCols(n));
}

/// As above, but of a verifier, whose model may be an ensemble.
template <class Model>
VectorX<typename Model::Scalar> golden_distances(const Verifier<Model>& verifier, Index features) {
  using S = typename Model::Scalar;
  const MatrixX<S> samples = golden_samples<S>(features);
  const Index n = samples.cols() - 1;
  return verifier.distances(samples.leftCols(1).replicate(1, n), samples.rightCols(n));
}

/// The scores of all golden samples for each person of a gallery, one person after another.
template <class Gallery>
VectorX<double> golden_scores(const Gallery& gallery, Index features) {
  const MatrixX<float> samples = golden_samples<float>(features);
  VectorX<double> scores(gallery.size() * samples.cols());
  for (Index p = 0; p < gallery.size(); ++p) {
    scores.segment(p * samples.cols(), samples.cols()) = gallery.verifier().scores(gallery.person(p), samples);
  }
  return scores;
}

/// A training whose state after three of its six epochs is in tests/golden/models/training.checkpoint. No part of it
/// calls a function of the C library that differs between platforms.
struct GoldenTraining {
  using Net = Network<float, GaussianNoise<7>, Dense<7, 6, ReLU>, Dropout<6>, Dense<6, 4>, L2Normalize<4>>;
  Rng rng{21};
  Siamese<Net> model{Net{rng, GaussianNoise<7>{0.125}, {}, Dropout<6>{0.25}, {}, {}}};
  Adam<float> optimizer{{.learning_rate = 0.0625}};
  FitOptions<float> options{.epochs = 6, .batch_size = 4};
  EarlyStopping patience{.monitor = "loss", .patience = 5, .restore_best_weights = true};
  ReduceLROnPlateau plateau{.monitor = "loss", .factor = 0.5, .patience = 1};

  static ClassBatches<float> source() {
    return {
        golden_samples<float>(7), Classes{{0, 0, 0, 1, 1, 1, 2, 2, 2, 2}}, {.classes = 2, .samples = 2, .batches = 3}};
  }
};

/// The numbers as hexadecimal text, which is exact.
template <class S>
std::string exact_text(const VectorX<S>& values) {
  std::string text;
  for (const S value : values) {
    char number[40];
    std::snprintf(number, sizeof number, "%a ", static_cast<double>(value));
    text += number;
  }
  return text;
}

}  // namespace gemel::test
