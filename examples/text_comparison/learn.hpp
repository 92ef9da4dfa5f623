#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "../program/model.hpp"
#include "gemel/callback/history.hpp"
#include "gemel/callback/learning_rate.hpp"
#include "gemel/callback/progress_bar.hpp"
#include "gemel/core/random.hpp"
#include "gemel/core/stop.hpp"
#include "gemel/core/types.hpp"
#include "gemel/data/class_batches.hpp"
#include "gemel/data/classes.hpp"
#include "gemel/data/neighbours.hpp"
#include "gemel/data/samples.hpp"
#include "gemel/loss/non_zero_contrastive_loss.hpp"
#include "gemel/network/any_model.hpp"
#include "gemel/network/whitening.hpp"
#include "gemel/optimizer/adam.hpp"
#include "gemel/optimizer/schedule.hpp"
#include "gemel/training/fit.hpp"

// The networks that learn which texts are the same.

namespace text_comparison {

using gemel::Index;
using Model = gemel::AnyModel<float>;

/// Samples of texts (features x n), and the class of each: texts of a class are the same.
struct Labelled {
  gemel::Samples<float> samples;
  gemel::Classes classes;
};

/// A network and its training. The batches have `classes` classes of two samples, and a hard neighbour of each class
/// with one more of its own class.
struct Recipe {
  std::vector<Index> layers;   ///< the sizes of the dense layers; all but the last have ReLU
  double noise = 0;            ///< deviation of the noise that is added to the features in training
  double margin = 1;           ///< of dissimilar pairs
  double positive_margin = 0;  ///< of similar pairs
  Index classes = 24;
  Index epochs = 25;
  Index batches = 100;  ///< per epoch
};

/// The recipe for homophones. The noise, of about a quarter of the length of a sample in all, keeps the network from
/// learning the rare n-grams of single words.
inline Recipe words_recipe() { return {.layers = {256, 64}, .noise = 0.006}; }

/// The recipe for rows: one linear layer, and no pull on similar pairs that are near enough, since the features of a
/// good copy are near already and the network should keep that.
inline Recipe rows_recipe() { return {.layers = {512}, .margin = 1.2, .positive_margin = 0.7, .epochs = 10}; }

namespace detail {

inline Model make_network(const Recipe& recipe, Index features, gemel::Rng& rng) {
  std::vector<gemel::AnyLayer> layers;
  if (recipe.noise > 0) layers.push_back(gemel::GaussianNoise<>{features, recipe.noise});
  Index in = features;
  for (std::size_t k = 0; k < recipe.layers.size(); ++k) {
    const Index out = recipe.layers[k];
    if (k + 1 < recipe.layers.size()) {
      layers.push_back(gemel::Dense<gemel::Dynamic, gemel::Dynamic, gemel::ReLU>{in, out});
    } else {
      layers.push_back(gemel::Dense<gemel::Dynamic, gemel::Dynamic>{in, out});
    }
    in = out;
  }
  layers.push_back(gemel::L2Normalize<>{in});
  return program::model_of(std::move(layers), rng);
}

}  // namespace detail

/// A model without a training: the distance of the features after the layer, if there is one, and scaling to length 1.
/// Such a distance of n-grams orders pairs as their cosine does.
inline Model plain_model(Index features, const std::optional<gemel::Whitening<>>& whitening) {
  std::vector<gemel::AnyLayer> layers;
  if (whitening) layers.push_back(*whitening);
  layers.push_back(gemel::L2Normalize<>{whitening ? whitening->out() : features});
  gemel::Rng unused{0};
  return program::model_of(std::move(layers), unused);
}

/// A trained network, and the course of its training.
struct Learnt {
  Model model;
  gemel::History history;
  Index pairs_per_batch = 0;  ///< at most
};

/// Options of `learn`.
struct LearnOptions {
  std::uint64_t seed = 1;
  Index threads = 1;
  bool quiet = false;
  const gemel::StopFlag* stop = nullptr;
};

/// Trains a network of the recipe. `neighbours` (k x n) are the texts that are easily mistaken for each text. Throws
/// what fit and ClassBatches throw.
inline Learnt learn(const Labelled& training, gemel::MatrixX<Index> neighbours, const Recipe& recipe,
                    const LearnOptions& options) {
  gemel::Rng weights{options.seed, 1}, draws{options.seed, 2};
  Model model = detail::make_network(recipe, training.samples.features(), weights);
  const Index classes = std::min(recipe.classes, training.classes.count());
  const gemel::ClassBatches<float> source{training.samples,
                                          training.classes,
                                          {.classes = classes,
                                           .samples = 2,
                                           .batches = recipe.batches,
                                           .neighbours = gemel::Neighbours{std::move(neighbours)}}};
  const gemel::NonZeroContrastiveLoss loss{.margin = recipe.margin, .positive_margin = recipe.positive_margin};
  gemel::Adam<float> optimizer;
  gemel::LearningRate schedule{gemel::CosineDecay{.initial_learning_rate = 1e-3, .decay_steps = gemel::whole_training}};
  gemel::ProgressBar bar{.mode = options.quiet ? gemel::ProgressBar::Mode::Silent : gemel::ProgressBar::Mode::Auto};
  gemel::History history =
      fit(model, source, loss, optimizer, {.epochs = recipe.epochs, .threads = options.threads, .stop = options.stop},
          draws, schedule, bar);
  return {std::move(model), std::move(history), 4 * classes * (4 * classes - 1) / 2};
}

}  // namespace text_comparison
