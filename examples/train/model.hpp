#pragma once

#include <cstddef>
#include <utility>
#include <variant>
#include <vector>

#include "choices.hpp"
#include "gemel/core/random.hpp"
#include "gemel/network/any_model.hpp"
#include "options.hpp"
#include "scaling.hpp"

namespace train {

using Model = gemel::AnyModel<float>;

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

/// The model that the options describe, for samples of `features` features. Its first layer scales them.
inline Model make_model(const Options& options, const Scaling& scaling, Index features, gemel::Rng& rng) {
  std::vector<gemel::AnyLayer> layers;
  if (scaling.layer) std::visit([&layers](const auto& layer) { layers.push_back(layer); }, *scaling.layer);
  Index in = features;
  for (std::size_t k = 0; k < options.hidden.size(); ++k) {
    if (options.dropout > 0 && k > 0) layers.push_back(gemel::Dropout<>{in, options.dropout});
    layers.push_back(make_dense(options.activation, in, options.hidden[k]));
    in = options.hidden[k];
  }
  if (options.normalize) layers.push_back(gemel::L2Normalize<>{in});
  return Model{gemel::AnyNetwork<float>{rng, gemel::Sequence<gemel::AnyLayer>{std::move(layers)}},
               make_distance(options.distance)};
}

}  // namespace train
