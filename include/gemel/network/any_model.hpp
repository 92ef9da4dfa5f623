#pragma once

#include "gemel/core/types.hpp"
#include "gemel/network/any_distance.hpp"
#include "gemel/network/any_network.hpp"
#include "gemel/network/siamese.hpp"

namespace gemel {

/// A siamese model whose layers and distance are chosen at run time. Every Siamese of built-in layers and a built-in
/// distance converts to AnyModel; the parameters are copied.
///
///   AnyModel<float> model{AnyNetwork<float>{rng, Sequence<AnyLayer>{layers}}, Cosine{}};
///   AnyModel<float> model = Siamese{make_network<float>(rng, Dense<100, 128, ReLU>{}, …)};
template <Scalar S>
using AnyModel = Siamese<AnyNetwork<S>, AnyDistance>;

}  // namespace gemel
