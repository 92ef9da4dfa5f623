#pragma once

#include "gemel/core/buffer.hpp"

namespace gemel {

/// Memory for one thread's inference: it grows to what a network needs and is then used again, so that calls with a
/// Workspace allocate nothing. A network is const while it computes; threads that share one need a Workspace each.
template <Scalar S>
struct Workspace {
  Buffer<S> layer[2];        ///< the outputs of a layer and of the one before it, for one block of samples
  Buffer<S> embedding;       ///< both sides of a block of pairs
  Buffer<const S*> columns;  ///< where their samples lie
};

}  // namespace gemel
