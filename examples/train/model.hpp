#pragma once

#include <cstddef>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "../program/model.hpp"
#include "choices.hpp"
#include "gemel/core/random.hpp"
#include "gemel/network/any_model.hpp"
#include "gemel/network/ensemble.hpp"
#include "gemel/network/rescale.hpp"
#include "gemel/network/whitening.hpp"
#include "options.hpp"
#include "scaling.hpp"

namespace train {

using Model = gemel::AnyModel<float>;
using Ensemble = gemel::Ensemble<Model>;

namespace detail {

inline gemel::AnyLayer make_dense(ActivationName activation, Index in, Index out) {
  using gemel::Dynamic;
  switch (activation) {
    case ActivationName::ReLU:
      break;
    case ActivationName::LeakyReLU:
      return gemel::Dense<Dynamic, Dynamic, gemel::LeakyReLU>{in, out};
    case ActivationName::Tanh:
      return gemel::Dense<Dynamic, Dynamic, gemel::Tanh>{in, out};
    case ActivationName::Sigmoid:
      return gemel::Dense<Dynamic, Dynamic, gemel::Sigmoid>{in, out};
    case ActivationName::Linear:
      return gemel::Dense<Dynamic, Dynamic, gemel::Linear>{in, out};
  }
  return gemel::Dense<Dynamic, Dynamic, gemel::ReLU>{in, out};
}

}  // namespace detail

/// What comes before the network's first dense layer: the scaling, and then the whitening if there is one.
struct FirstLayers {
  const Scaling& scaling;
  std::optional<gemel::Whitening<>> whitening = {};

  std::vector<gemel::AnyLayer> list() const {
    std::vector<gemel::AnyLayer> layers;
    if (scaling.layer) std::visit([&layers](const auto& layer) { layers.push_back(layer); }, *scaling.layer);
    if (whitening) layers.push_back(*whitening);
    return layers;
  }
};

/// The network that the options describe, for samples of `features` features.
inline Model make_network_model(const Options& options, const FirstLayers& first, Index features, gemel::Rng& rng) {
  std::vector<gemel::AnyLayer> layers = first.list();
  Index in = first.whitening ? first.whitening->out() : features;
  if (options.noise > 0) layers.push_back(gemel::GaussianNoise<>{in, options.noise});
  for (std::size_t k = 0; k < options.hidden.size(); ++k) {
    const bool last = k + 1 == options.hidden.size();
    if (options.dropout > 0 && k > 0) layers.push_back(gemel::Dropout<>{in, options.dropout});
    layers.push_back(detail::make_dense(last ? options.last_activation : options.activation, in, options.hidden[k]));
    in = options.hidden[k];
  }
  if (options.normalize) layers.push_back(gemel::L2Normalize<>{in});
  return program::model_of(std::move(layers), rng, make_distance(options.distance));
}

/// A model without dense layers, which has nothing to learn. Whitened samples are scaled to length 1 as embeddings are;
/// others are not, because they are not centred.
inline Model make_plain_model(const Options& options, const FirstLayers& first, Index features) {
  std::vector<gemel::AnyLayer> layers = first.list();
  if (first.whitening && options.normalize) layers.push_back(gemel::L2Normalize<>{first.whitening->out()});
  if (layers.empty()) layers.push_back(gemel::Rescale<>{features, {}});
  gemel::Rng unused{0};
  return program::model_of(std::move(layers), unused, make_distance(options.distance));
}

}  // namespace train
