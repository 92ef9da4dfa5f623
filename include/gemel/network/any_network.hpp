#pragma once

#include <concepts>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "gemel/network/dense.hpp"
#include "gemel/network/dropout.hpp"
#include "gemel/network/l2_normalize.hpp"
#include "gemel/network/network.hpp"
#include "gemel/network/rescale.hpp"
#include "gemel/network/sequence.hpp"
#include "gemel/network/standardize.hpp"

namespace gemel {

/// Any built-in layer, its sizes known at run time.
using AnyLayer =
    std::variant<Dense<Dynamic, Dynamic, ReLU>, Dense<Dynamic, Dynamic, LeakyReLU>, Dense<Dynamic, Dynamic, Tanh>,
                 Dense<Dynamic, Dynamic, Sigmoid>, Dense<Dynamic, Dynamic, Linear>, Dropout<Dynamic>,
                 L2Normalize<Dynamic>, Standardize<Dynamic>, Rescale<Dynamic>>;

/// A network whose depth and parts are known at run time: `AnyNetwork<float>{rng, Sequence<AnyLayer>{layers}}`. The
/// variant is visited once a layer and batch, so that `fit` is compiled once for all of them.
template <Scalar S>
using AnyNetwork = Network<S, Sequence<AnyLayer>>;

/// The network with one more layer in front of all, an AnyNetwork again. See `prepend` in network.hpp.
template <std::convertible_to<AnyLayer> L, Scalar S>
[[gnu::cold]] AnyNetwork<S> prepend(L layer, const AnyNetwork<S>& network) {
  detail::check_prepended(layer, network);
  std::vector<AnyLayer> layers{std::move(layer)};
  const std::vector<AnyLayer>& others = std::get<0>(network.layers()).layers();
  layers.insert(layers.end(), others.begin(), others.end());
  return {{Sequence<AnyLayer>{std::move(layers)}}, network.parameters()};
}

}  // namespace gemel
