#pragma once

#include <concepts>
#include <cstdint>
#include <span>

#include "gemel/core/types.hpp"

namespace gemel {

/// A loss over the distances of one batch of n pairs, called as `loss(d, similar, weight, slope)`:
///
///   d        the distances (n)
///   similar  1 for a similar pair, 0 for a dissimilar one (n)
///   weight   the weight of each pair (n); empty if all pairs have weight 1
///   slope    receives dLoss/dd of every pair (n); a pair with slope 0 is left out of the backward pass
///
/// It returns the loss of the batch. A loss that is a mean divides by n itself: nothing else does. A weighted mean
/// divides by n too, as in Keras. Optionally, a loss has a public number `margin` or a function `double margin()
/// const`: fit then warns if the embeddings cannot be that far apart. A lambda, also one that captures, can be a loss.
template <class L, class S>
concept Loss = std::copy_constructible<L> &&
    requires(const L loss, std::span<const S> d, std::span<const std::uint8_t> similar, std::span<S> slope) {
  { loss(d, similar, d, slope) } -> std::same_as<double>;
};

}  // namespace gemel
