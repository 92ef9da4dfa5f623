#pragma once

#include "gemel/core/buffer.hpp"

namespace gemel {

/// Memory for one thread's inference. It grows to what a network needs and is reused, so that later calls with the same
/// Workspace allocate nothing. Threads may share a network, but each needs a Workspace of its own.
template <Scalar S>
struct Workspace {
  Buffer<S> layer[2];        ///< a layer's inputs and outputs for one block of samples, in turn
  Buffer<S> embedding;       ///< the embeddings of both sides of a block of pairs
  Buffer<const S*> columns;  ///< the samples of both sides of that block
};

}  // namespace gemel
