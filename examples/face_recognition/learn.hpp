#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include "../program/model.hpp"
#include "gemel/callback/history.hpp"
#include "gemel/callback/learning_rate.hpp"
#include "gemel/core/random.hpp"
#include "gemel/core/types.hpp"
#include "gemel/data/class_batches.hpp"
#include "gemel/data/classes.hpp"
#include "gemel/data/samples.hpp"
#include "gemel/loss/positive_margin_loss.hpp"
#include "gemel/network/activation.hpp"
#include "gemel/network/any_model.hpp"
#include "gemel/network/dense.hpp"
#include "gemel/network/ensemble.hpp"
#include "gemel/network/gaussian_noise.hpp"
#include "gemel/network/initializer.hpp"
#include "gemel/network/l2_normalize.hpp"
#include "gemel/network/whitening.hpp"
#include "gemel/optimizer/adam.hpp"
#include "gemel/optimizer/schedule.hpp"
#include "gemel/training/fit.hpp"
#include "protocol.hpp"

// The three ways to compare faces, each as a model of their features. Embeddings have the length 1, so that the squared
// distance of two is 2 - 2 times their cosine. The recipes were chosen on validation images, never on a test.

namespace faces {

using Model = gemel::AnyModel<float>;

/// The features of images, and who is on each.
struct FaceSamples {
  gemel::Samples<float> samples;
  gemel::Classes people;

  FaceSamples select(const std::vector<Index>& images) const { return {samples.select(images), people.select(images)}; }
};

namespace detail {

/// How a network is trained, after a whitening of the features.
struct Recipe {
  bool within_class;  ///< whether the whitening is the within-class one, or by PCA
  double shrinkage;   ///< of the whitening
  double noise;       ///< in standard deviations of the whitened features
  double margin, positive_margin, learning_rate;
};

/// The recipes of the networks of a protocol, whose embeddings are joined.
inline std::vector<Recipe> recipes_of(Protocol protocol) {
  const Recipe known{
      .within_class = true, .shrinkage = 0.2, .noise = 0.3, .margin = 1, .positive_margin = 0, .learning_rate = 1e-3};
  if (protocol == Protocol::Known) return {known};
  // The two whitenings make different errors, so that both together make fewer.
  const Recipe by_pca{.within_class = false,
                      .shrinkage = 0.05,
                      .noise = 0.5,
                      .margin = 1.4,
                      .positive_margin = 1.2,
                      .learning_rate = 1e-3};
  Recipe within = by_pca;
  within.within_class = true;
  within.shrinkage = 0.4;
  return {by_pca, within};
}

inline constexpr Index epochs = 10, batches = 40;                     ///< 400 steps in all
inline constexpr Index people_per_batch = 30, images_per_person = 4;  ///< at most

/// The whitening in front of the network, whose outputs have a mean square of 1 over the training, so that the noise
/// and the first weights suit them.
inline gemel::Whitening<> first_layer(const Recipe& recipe, const FaceSamples& training) {
  constexpr Index most_directions = 200;
  const auto fit = [&] {
    if (recipe.within_class) {
      return gemel::Whitening<>::within_class(training.samples, training.people, {.shrinkage = recipe.shrinkage});
    }
    // If images are equal, there are fewer directions than images.
    const auto all = gemel::Whitening<>::pca(training.samples, {.shrinkage = recipe.shrinkage});
    const Index directions = std::min(most_directions, all.out());
    return gemel::Whitening<>{all.mean(), gemel::MatrixX<double>(all.matrix().topRows(directions))};
  };
  const gemel::Whitening<> layer = fit();
  const gemel::MatrixX<float> outputs = layer.transform(training.samples);
  const double scale = std::sqrt(outputs.cast<double>().squaredNorm() / static_cast<double>(outputs.size()));
  return {layer.mean(), gemel::MatrixX<double>(layer.matrix() / scale)};
}

/// The layers of a network, after its whitening: for known people with a hidden layer; for unknown ones a linear layer,
/// because a larger network would learn the few people by heart.
inline std::vector<gemel::AnyLayer> layers_of(Protocol protocol, Index in, double noise) {
  using gemel::Dynamic;
  constexpr Index hidden = 128, out = 64;
  if (protocol == Protocol::Known) {
    return {gemel::GaussianNoise<>{in, noise}, gemel::Dense<Dynamic, Dynamic, gemel::ReLU>{in, hidden},
            gemel::Dense<Dynamic, Dynamic, gemel::Linear>{hidden, out}, gemel::L2Normalize<>{out}};
  }
  return {gemel::GaussianNoise<>{in, noise}, gemel::Dense<Dynamic, Dynamic, gemel::Linear>{in, in},
          gemel::L2Normalize<>{in}};
}

}  // namespace detail

/// The number of pairs of an epoch, if every person has enough images.
inline Index pairs_per_epoch(const gemel::Classes& people) {
  const Index each = std::min(detail::people_per_batch, people.count()) * detail::images_per_person;
  return detail::batches * each * (each - 1) / 2;
}

/// The features as they are: nothing is learnt.
inline Model raw_model(const FaceSamples& training) {
  gemel::Rng unused{0};
  return program::model_of({gemel::L2Normalize<>{training.samples.features()}}, unused);
}

/// Within-class covariance normalization, which has a closed form.
inline Model whitened_model(Protocol protocol, const FaceSamples& training) {
  gemel::Rng unused{0};
  const double shrinkage = protocol == Protocol::Known ? 0.1 : 0.4;
  const auto layer = gemel::Whitening<>::within_class(training.samples, training.people, {.shrinkage = shrinkage});
  return program::model_of({layer, gemel::L2Normalize<>{layer.out()}}, unused);
}

/// A network that is trained on whitened features. Its linear layer, for unknown people, begins as the identity.
inline Model network_model(Protocol protocol, const detail::Recipe& recipe, const FaceSamples& training,
                           gemel::Rng& rng, Index threads, gemel::History& history) {
  const gemel::Whitening<> whitening = detail::first_layer(recipe, training);
  const Index in = whitening.out();
  std::vector<gemel::AnyLayer> layers = detail::layers_of(protocol, in, recipe.noise);
  Model model = program::model_of(layers, rng);
  if (protocol == Protocol::Unknown) {
    gemel::Identity{}(model.network().mutable_parameters().first(static_cast<std::size_t>(in * in)), in, in, rng);
  }
  // The samples are whitened once, since that takes longer than all layers that are trained.
  gemel::ClassBatches<float> source{gemel::Samples<float>{whitening.transform(training.samples)},
                                    training.people,
                                    {.classes = std::min(detail::people_per_batch, training.people.count()),
                                     .samples = detail::images_per_person,
                                     .batches = detail::batches}};
  gemel::Adam<float> optimizer{{.learning_rate = recipe.learning_rate, .weight_decay = 1e-2}};
  gemel::LearningRate rate{
      gemel::CosineDecay{.initial_learning_rate = recipe.learning_rate, .decay_steps = gemel::whole_training}};
  history =
      fit(model, source, gemel::PositiveMarginLoss{.margin = recipe.margin, .positive_margin = recipe.positive_margin},
          optimizer, gemel::FitOptions<float>{.epochs = detail::epochs, .threads = threads}, rng, rate);
  layers.insert(layers.begin(), whitening);
  Model whole = program::model_of(std::move(layers), rng);
  whole.set_parameters(model.parameters());  // a whitening has none
  return whole;
}

/// The networks of a protocol. `history` becomes that of the first one.
inline gemel::Ensemble<Model> networks(Protocol protocol, const FaceSamples& training, gemel::Rng rng, Index threads,
                                       gemel::History& history) {
  std::vector<Model> members;
  for (const detail::Recipe& recipe : detail::recipes_of(protocol)) {
    gemel::History own;
    members.push_back(network_model(protocol, recipe, training, rng, threads, own));
    if (members.size() == 1) history = std::move(own);
  }
  return gemel::Ensemble<Model>{std::move(members)};
}

}  // namespace faces
