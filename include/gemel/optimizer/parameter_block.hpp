#pragma once

#include <span>

#include "gemel/core/buffer.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/types.hpp"

namespace gemel::detail {

/// Throws ShapeError if the block is not within the `reserved` parameters, or if g and w differ in length.
template <Scalar S>
void check_block(Index reserved, Index first, std::span<const S> g, std::span<S> w) {
  if (g.size() != w.size() || first < 0 || length(w) > reserved - first) {
    throw ShapeError({"the optimizer was given the parameters from ", first, " on, ", w.size(), " of them, and ",
                      g.size(), " gradients, but has room for ", reserved, ": call reserve first"});
  }
}

/// The address of the block's part of a state array; null if the array is empty, because the options do not need it.
template <Scalar S>
S* block_of(Buffer<S>& array, Index first) {
  return array.empty() ? nullptr : array.data() + first;
}

}  // namespace gemel::detail
