#pragma once

#include "gemel/core/buffer.hpp"

namespace gemel {

/// Memory for inference in one thread. It grows to the size that a network needs and is then reused, so that later
/// calls with the same Workspace allocate nothing. Threads may share a network, but each needs its own Workspace.
template <Scalar S>
struct Workspace {
  Buffer<S> layer[2];        ///< outputs of the layers for one block of samples, alternating from layer to layer
  Buffer<S> member;          ///< embeddings of one member of an ensemble, for one block of samples
  Buffer<S> embedding;       ///< embeddings of both sides of a block of pairs
  Buffer<const S*> columns;  ///< pointers to the samples of both sides of a block of pairs
};

}  // namespace gemel
