#pragma once

#include <variant>

#include "gemel/network/dense.hpp"
#include "gemel/network/dropout.hpp"
#include "gemel/network/l2_normalize.hpp"
#include "gemel/network/network.hpp"
#include "gemel/network/sequence.hpp"

namespace gemel {

/// Any built-in layer, its sizes known at run time.
using AnyLayer = std::variant<Dense<Dynamic, Dynamic, ReLU>, Dense<Dynamic, Dynamic, LeakyReLU>,
                              Dense<Dynamic, Dynamic, Tanh>, Dense<Dynamic, Dynamic, Sigmoid>,
                              Dense<Dynamic, Dynamic, Linear>, Dropout<Dynamic>, L2Normalize<Dynamic>>;

/// A network whose depth and parts are known at run time: `AnyNetwork<float>{rng, Sequence<AnyLayer>{layers}}`. The
/// variant is visited once a layer and batch, so that `fit` is compiled once for all of them.
template <Scalar S>
using AnyNetwork = Network<S, Sequence<AnyLayer>>;

}  // namespace gemel
