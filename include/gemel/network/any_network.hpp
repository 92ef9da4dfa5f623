#pragma once

#include <concepts>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/network/centering.hpp"
#include "gemel/network/dense.hpp"
#include "gemel/network/dropout.hpp"
#include "gemel/network/gaussian_noise.hpp"
#include "gemel/network/l2_normalize.hpp"
#include "gemel/network/network.hpp"
#include "gemel/network/rescale.hpp"
#include "gemel/network/sequence.hpp"
#include "gemel/network/standardize.hpp"
#include "gemel/network/whitening.hpp"

namespace gemel {

/// One of the built-in layers, with its sizes given at run time.
using AnyLayer =
    std::variant<Dense<Dynamic, Dynamic, ReLU>, Dense<Dynamic, Dynamic, LeakyReLU>, Dense<Dynamic, Dynamic, Tanh>,
                 Dense<Dynamic, Dynamic, Sigmoid>, Dense<Dynamic, Dynamic, Linear>, Dropout<Dynamic>,
                 L2Normalize<Dynamic>, Standardize<Dynamic>, Rescale<Dynamic>, GaussianNoise<Dynamic>,
                 Centering<Dynamic>, Whitening<Dynamic, Dynamic>>;

/// A network whose depth and layers are chosen at run time: `AnyNetwork<float>{rng, Sequence<AnyLayer>{layers}}`. `fit`
/// is compiled once for all such networks. The type of a layer is looked up once per batch and thread in training, and
/// once per 196 samples at inference.
///
/// Every Network of built-in layers converts to an AnyNetwork: `AnyNetwork<float> any = make_network<float>(rng, …)`
/// has the same layers with the same options, except for the initializers, and a copy of the parameters. For a network
/// with any other layer, the conversion does not compile.
template <Scalar S>
using AnyNetwork = Network<S, Sequence<AnyLayer>>;

namespace detail {

/// The counterpart of a built-in layer type with its sizes given at run time; void for any other layer. A class derived
/// from a built-in layer counts as any other layer, because it may compute something else.
template <class L>
struct RunTimeSizes {
  using Layer = void;
};
template <Index In, Index Out, class Activate, class Initialize>
struct RunTimeSizes<Dense<In, Out, Activate, Initialize>> {
  using Layer = Dense<Dynamic, Dynamic, Activate>;
  static Layer of(const Dense<In, Out, Activate, Initialize>& layer) {
    return {layer.in(), layer.out(), layer.activation()};
  }
};
template <Index N>
struct RunTimeSizes<Dropout<N>> {
  using Layer = Dropout<Dynamic>;
  static Layer of(const Dropout<N>& layer) { return {layer.in(), layer.rate()}; }
};
template <Index N>
struct RunTimeSizes<L2Normalize<N>> {
  using Layer = L2Normalize<Dynamic>;
  static Layer of(const L2Normalize<N>& layer) { return Layer{layer.in()}; }
};
template <Index N>
struct RunTimeSizes<Standardize<N>> {
  using Layer = Standardize<Dynamic>;
  static Layer of(const Standardize<N>& layer) { return layer; }
};
template <Index N>
struct RunTimeSizes<Rescale<N>> {
  using Layer = Rescale<Dynamic>;
  static Layer of(const Rescale<N>& layer) { return layer; }
};

template <Index N>
struct RunTimeSizes<GaussianNoise<N>> {
  using Layer = GaussianNoise<Dynamic>;
  static Layer of(const GaussianNoise<N>& layer) { return {layer.in(), layer.stddev()}; }
};

template <Index N>
struct RunTimeSizes<Centering<N>> {
  using Layer = Centering<Dynamic>;
  static Layer of(const Centering<N>& layer) { return layer; }
};
template <Index In, Index Out>
struct RunTimeSizes<Whitening<In, Out>> {
  using Layer = Whitening<Dynamic, Dynamic>;
  static Layer of(const Whitening<In, Out>& layer) { return layer; }
};

template <class T, class Variant>
inline constexpr bool is_alternative = false;
template <class T, class... Types>
inline constexpr bool is_alternative<T, std::variant<Types...>> = (std::same_as<T, Types> || ...);

template <class L>
concept BuiltIn = is_alternative<typename RunTimeSizes<L>::Layer, AnyLayer>;

template <>
struct LayersFrom<Sequence<AnyLayer>> : std::true_type {
  // The type of the layers is a parameter, so that a program without an AnyNetwork does not compile the functions of
  // the vector: they take a second.
  template <class Net, class Layer = AnyLayer>
  static Sequence<Layer> of(const Net& network) {
    if (network.depth() == 0) throw ValueError("a network that was moved from has no layers to make an AnyNetwork of");
    std::vector<Layer> layers;
    for (Index k = 0; k < network.depth(); ++k) {
      network.visit(k, [&layers](const auto& layer) {
        using L = std::remove_cvref_t<decltype(layer)>;
        constexpr bool built_in = BuiltIn<L>;
        static_assert(built_in,
                      "gemel: only built-in layers, with built-in activations, can be layers of an AnyNetwork");
        if constexpr (built_in) layers.push_back(RunTimeSizes<L>::of(layer));
      });
    }
    return Sequence<Layer>{std::move(layers)};
  }
};

}  // namespace detail

/// A copy of the network with one more layer in front, as an AnyNetwork; see `prepend` in network/network.hpp, also for
/// what it throws. For a layer that is not built in, such as a class derived from a built-in layer, that
/// `prepend` is called instead and returns a Network of the layer and a Sequence<AnyLayer>.
template <class L, Scalar S, class Layer = AnyLayer>
requires detail::BuiltIn<L> || std::same_as<L, AnyLayer>
[[gnu::cold]] AnyNetwork<S> prepend(L layer, const AnyNetwork<S>& network) {
  detail::check_prepended(layer, network);
  std::vector<Layer> layers;
  if constexpr (std::same_as<L, AnyLayer>) {
    layers.push_back(std::move(layer));
  } else {
    layers.push_back(detail::RunTimeSizes<L>::of(layer));
  }
  const std::vector<Layer>& others = std::get<0>(network.layers()).layers();
  layers.insert(layers.end(), others.begin(), others.end());
  return {{Sequence<Layer>{std::move(layers)}}, network.parameters()};
}

}  // namespace gemel
