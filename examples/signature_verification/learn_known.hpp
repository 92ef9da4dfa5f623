#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "../program/model.hpp"
#include "data.hpp"
#include "gemel/callback/history.hpp"
#include "gemel/callback/learning_rate.hpp"
#include "gemel/callback/progress_bar.hpp"
#include "gemel/core/random.hpp"
#include "gemel/core/types.hpp"
#include "gemel/data/class_batches.hpp"
#include "gemel/data/classes.hpp"
#include "gemel/data/samples.hpp"
#include "gemel/loss/contrastive_loss.hpp"
#include "gemel/network/standardize.hpp"
#include "gemel/network/whitening.hpp"
#include "gemel/optimizer/adam.hpp"
#include "gemel/optimizer/schedule.hpp"
#include "gemel/training/fit.hpp"
#include "model.hpp"
#include "warp.hpp"

// Learns the signatures of signers who are then known.

namespace signature_verification {

namespace detail {

/// Signatures to learn from.
struct KnownTraining {
  gemel::Samples<float> features;
  std::vector<Index> signer;
  std::vector<std::uint8_t> is_forged;
  Index originals;  ///< the first columns are these, the others warped copies
};

/// The first `count` genuine and forged signatures of each signer, and `copies` warped copies of each.
inline KnownTraining known_training(const Data& data, Index count, Index copies, gemel::Rng& rng) {
  constexpr Index genuine = Signatures::genuine;
  std::vector<Index> numbers;
  for (Index s = 0; s < data.signers(); ++s) {
    for (Index k = 0; k < Data::each; ++k) {
      if (k % genuine < count) numbers.push_back(Data::number(s, k));
    }
  }
  const Index originals = gemel::length(numbers);
  gemel::MatrixX<float> features(data.features(), originals * (1 + copies));
  std::vector<Index> signer;
  std::vector<std::uint8_t> is_forged;
  const auto add = [&](Index number, const auto& values) {
    features.col(gemel::length(signer)) = values;
    signer.push_back(Data::signer_of(number));
    is_forged.push_back(Data::is_forged(number));
  };
  for (const Index number : numbers) add(number, data.samples.col(number).head(data.features()));
  for (const Index number : numbers) {
    for (Index c = 0; c < copies; ++c) add(number, feature_column(warped(data.signature(number), rng)));
  }
  return {gemel::Samples<float>{std::move(features)}, std::move(signer), std::move(is_forged), originals};
}

}  // namespace detail

/// What is learnt of known signers.
struct LearntKnown {
  /// Three ways to compare the features of signatures: scaled; whitened within the signers; embedded by networks.
  std::vector<Ensemble> ways;
  gemel::History history;  ///< of the first network
  Index pairs_per_epoch;   ///< at most
};

/// Learns from the first `count` genuine and forged signatures of each signer. Throws what fit throws.
inline LearntKnown learn_known(const Data& data, Index count, const LearnOptions& options, bool quiet) {
  constexpr Index copies = 12, dimensions = 200, hidden = 256, out = 64, epochs = 10, batches = 150, each = 8;
  const Index signers = std::min<Index>(40, data.signers());  // of a batch
  gemel::Rng copying{options.seed, 1}, unused{0};
  const detail::KnownTraining training = detail::known_training(data, count, copies, copying);
  const gemel::Samples<float> originals{gemel::MatrixX<float>(training.features.matrix().leftCols(training.originals))};
  const gemel::Standardize<> scaling{originals, {.clip = 4}};
  Model raw = program::model_of({scaling}, unused);

  // A forgery is of another hand than what it imitates, so it is of another class.
  std::vector<Index> hands;
  for (Index i = 0; i < training.originals; ++i) {
    const auto at = static_cast<std::size_t>(i);
    hands.push_back(training.signer[at] + (training.is_forged[at] ? data.signers() : 0));
  }
  const gemel::Samples<float> scaled{scaling.transform(originals)};
  const auto within = gemel::Whitening<>::within_class(
      scaled, gemel::Classes{hands}, {.dimensions = std::min<Index>(30, data.signers()), .shrinkage = 0.3});
  Model whitened = program::model_of({scaling, within}, unused);

  const gemel::Samples<float> all{scaling.transform(training.features)};
  const auto components =
      gemel::Whitening<>::pca(all, {.dimensions = std::min(dimensions, data.features()), .shrinkage = 0.05});
  const auto relation = [&training](Index a, Index b) {
    const auto i = static_cast<std::size_t>(a), j = static_cast<std::size_t>(b);
    if (training.signer[i] != training.signer[j]) return gemel::Relation::Dissimilar;
    if (training.is_forged[i] && training.is_forged[j]) return gemel::Relation::Skip;
    return training.is_forged[i] == training.is_forged[j] ? gemel::Relation::Similar : gemel::Relation::Dissimilar;
  };
  // The networks learn from whitened samples, which are computed once; the layers before are put in front of them
  // later.
  const gemel::Samples<float> inputs{components.transform(all)};
  const gemel::ClassBatches<float> source{
      inputs,
      gemel::Classes{training.signer},
      {.classes = signers, .samples = each, .batches = batches, .relation = relation}};
  std::vector<Model> networks;
  gemel::History first;
  for (Index k = 0; k < options.networks; ++k) {
    gemel::Rng rng{gemel::mix(options.seed, static_cast<std::uint64_t>(k)), 2};
    const Index in = components.out();
    const std::vector<gemel::AnyLayer> learning = {
        gemel::GaussianNoise<>{in, 0.5}, gemel::Dense<gemel::Dynamic, gemel::Dynamic, gemel::ReLU>{in, hidden},
        gemel::Dense<gemel::Dynamic, gemel::Dynamic>{hidden, out}, gemel::L2Normalize<>{out}};
    Model network = program::model_of(learning, rng);
    gemel::AdamW<float> optimizer{{.weight_decay = 1e-2}};
    gemel::LearningRate schedule{
        gemel::CosineDecay{.initial_learning_rate = 1e-3, .decay_steps = gemel::whole_training}};
    gemel::ProgressBar bar{.mode = quiet ? gemel::ProgressBar::Mode::Silent : gemel::ProgressBar::Mode::Auto};
    gemel::History history = fit(network, source, gemel::ContrastiveLoss{.margin = 1.4}, optimizer,
                                 {.epochs = epochs, .threads = options.threads}, rng, schedule, bar);
    std::vector<gemel::AnyLayer> whole = {scaling, components};
    whole.insert(whole.end(), learning.begin(), learning.end());
    networks.push_back(program::model_of(std::move(whole), unused));
    networks.back().set_parameters(network.parameters());
    if (k == 0) first = std::move(history);
  }
  return {{Ensemble{std::move(raw)}, Ensemble{std::move(whitened)}, Ensemble{std::move(networks)}},
          std::move(first),
          batches * (signers * each) * (signers * each - 1) / 2};
}

}  // namespace signature_verification
