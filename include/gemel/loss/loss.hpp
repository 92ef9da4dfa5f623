#pragma once

#include <concepts>
#include <cstdint>
#include <span>

#include "gemel/core/types.hpp"

// A new loss has a header of its own in this folder; CONTRIBUTING.md ("Where new parts go") lists the other places.

namespace gemel {

/// A loss over the distances of one batch of n pairs, called as `loss(d, similar, weight, slope)`:
///
///   d        the distances (n)
///   similar  1 for a similar pair, 0 for a dissimilar one (n)
///   weight   the weight of each pair (n), or empty if all pairs have weight 1
///   slope    receives dLoss/dd of each pair (n); the loss must set every element. A pair with slope 0 is left out of
///            the backward pass
///
/// It returns the loss of the batch. The training step does not divide by n, so a loss that is a mean does so itself.
/// As in Keras, a weighted mean divides by n too, not by the sum of the weights.
///
/// Optionally, a loss has a public number `margin` or a function `double margin() const`: fit then warns if no two
/// embeddings of the network can be that far apart. A lambda can be a loss, also one that captures.
template <class L, class S>
concept Loss = std::copy_constructible<L> &&
    requires(const L loss, std::span<const S> d, std::span<const std::uint8_t> similar, std::span<S> slope) {
  { loss(d, similar, d, slope) } -> std::same_as<double>;
};

}  // namespace gemel
