#pragma once

#include <concepts>
#include <cstdint>
#include <span>

#include "gemel/core/types.hpp"

namespace gemel {

/// A loss over the distances of one batch of n pairs: returns the loss of the batch (the mean, where a mean is meant,
/// is taken here and nowhere else) and writes dLoss/dd into `slope` (n), of every pair. `similar` is 1 or 0 a pair;
/// `weight` is empty where all pairs weigh 1. A weighted mean divides by n, as Keras does. A pair whose slope is 0
/// takes no part in the backward pass. One that says its margin, by a number `margin` or a function `double margin()
/// const`, lets fit warn where the embeddings cannot reach it. A lambda is a
/// loss too, also one that captures.
template <class L, class S>
concept Loss = std::copy_constructible<L> &&
    requires(const L loss, std::span<const S> d, std::span<const std::uint8_t> similar, std::span<S> slope) {
  { loss(d, similar, d, slope) } -> std::same_as<double>;
};

}  // namespace gemel
