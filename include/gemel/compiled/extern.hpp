#pragma once

// For programs that define GEMEL_COMPILED, as the CMake target gemel::compiled does: the compiler leaves the parts of
// training in list.inl to the linker. Otherwise this header only includes others. gemel.hpp includes it; with other
// headers, these parts are compiled as usual, with the same results.

#include <cstdint>
#include <span>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/labels.hpp"
#include "gemel/core/types.hpp"
#include "gemel/data/any_pair_source.hpp"
#include "gemel/data/pair_source.hpp"
#include "gemel/data/pairs.hpp"
#include "gemel/loss/any_loss.hpp"
#include "gemel/loss/contrastive_loss.hpp"
#include "gemel/metrics/roc.hpp"
#include "gemel/network/activation.hpp"
#include "gemel/network/any_distance.hpp"
#include "gemel/network/any_network.hpp"
#include "gemel/network/dense.hpp"
#include "gemel/network/distance.hpp"
#include "gemel/optimizer/adam.hpp"
#include "gemel/optimizer/any_optimizer.hpp"
#include "gemel/optimizer/clipping.hpp"
#include "gemel/optimizer/rmsprop.hpp"
#include "gemel/optimizer/sgd.hpp"
#include "gemel/training/backward_pass.hpp"
#include "gemel/training/batch_memory.hpp"
#include "gemel/training/forward_pass.hpp"
#include "gemel/training/network_view.hpp"
#include "gemel/training/parameter_update.hpp"

namespace gemel::detail {

template <Scalar S>
using ReLUNetwork = SizedNetwork<S, Dense<Dynamic, Dynamic, ReLU>>;
template <Scalar S>
using AnyNetworkView = NetworkView<AnyNetwork<S>>;

}  // namespace gemel::detail

// Two macros of libstdc++ change the layout of its containers and strings, which the linker would not notice. With
// another layout than that of gemel::compiled, a source file compiles its own parts.
#if defined(_GLIBCXX_DEBUG) || (defined(_GLIBCXX_USE_CXX11_ABI) && !_GLIBCXX_USE_CXX11_ABI)
#define GEMEL_OTHER_LAYOUT
#endif

#if defined(GEMEL_COMPILED) && !defined(GEMEL_OTHER_LAYOUT)
#define GEMEL_INSTANCE extern template
#define GEMEL_SCALAR float
#include "gemel/compiled/list.inl"
#undef GEMEL_SCALAR
#define GEMEL_SCALAR double
#include "gemel/compiled/list.inl"
#undef GEMEL_SCALAR
#undef GEMEL_INSTANCE
#endif
#undef GEMEL_OTHER_LAYOUT
