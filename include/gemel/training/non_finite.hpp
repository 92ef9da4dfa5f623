#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <type_traits>

#include "gemel/core/error.hpp"
#include "gemel/core/reduce.hpp"
#include "gemel/network/feature_scaling.hpp"
#include "gemel/network/layer.hpp"
#include "gemel/training/batch_memory.hpp"

namespace gemel::detail {

// The errors for a batch in which a number is not finite. Each function finds the first such number of one stage of the
// pass and throws. It must not look at later stages, whose memory still holds an earlier batch.

template <Scalar S>
bool all_finite(const S* values, Index n) {
  return std::isfinite(max_abs(values, n));
}

/// Sets the place to the sample at column j of the batch, and to the first pair that contains it, if any.
template <Scalar S>
void name_sample(const BatchMemory<S>& memory, Index j, Place& where) {
  where.sample = memory.batch.samples[static_cast<std::size_t>(j)];
  for (Index p = 0; p < memory.pairs() && !where.pair; ++p) {
    const PairIndex pair = memory.batch.pairs[static_cast<std::size_t>(p)];
    if (pair.first == j || pair.second == j) where.pair = p;
  }
}

/// Throws NonFiniteError, since the output of a fitted layer is not finite for column j of the batch. ByFeature:
/// whether output i depends on feature i only, so that the feature can be named.
template <bool ByFeature, class LayerMemory>
[[noreturn, gnu::cold]] void throw_too_far(const LayerMemory& layer, Index j, Place where) {
  if (ByFeature && where.layer == 0) {
    Index i = 0;
    while (std::isfinite(layer.y[j * layer.out + i])) ++i;
    where.feature = i;
  }
  throw NonFiniteError(
      "the sample is so far from those that this layer was fitted to that the layer's output is NaN or infinite; "
      "correct the sample or leave it out, or fit the layer to samples like it",
      where);
}

/// Throws NonFiniteError for a feature that is not finite, or for the first layer with parameters or an output that is
/// not finite.
template <class Network, Scalar S>
[[noreturn, gnu::cold]] void throw_non_finite_embedding(const Network& network, const BatchMemory<S>& memory) {
  Place where = memory.place;
  for (Index j = 0; j < memory.samples(); ++j) {
    for (Index i = 0; i < memory.features; ++i) {
      if (std::isfinite(memory.x[j][i])) continue;
      name_sample(memory, j, where);
      where.feature = i;
      throw NonFiniteError("a sample's features hold NaN or infinity; clean the data or leave the sample out", where);
    }
  }
  for (Index k = 0; k < length(memory.layers); ++k) {
    where.layer = k;
    if (!all_finite(network.parameters().data() + network.offset(k), network.offset(k + 1) - network.offset(k))) {
      throw NonFiniteError(
          "the layer's parameters are NaN or infinite, from an update before this batch that "
          "overflowed, or were set so by a caller; lower the learning rate",
          where);
    }
    const auto& layer = memory.at(k);
    for (Index j = 0; j < memory.samples(); ++j) {
      if (all_finite(layer.y.data() + j * layer.out, layer.out)) continue;
      name_sample(memory, j, where);
      network.visit_sized(k, [&]<class L>(const L&) {
        if constexpr (is_fitted<L>) throw_too_far<std::derived_from<L, FeatureScaling>>(layer, j, where);
      });
      throw NonFiniteError("a layer's output is NaN or infinite; scale the features or lower the learning rate", where);
    }
  }
  where.layer.reset();
  throw NonFiniteError("a sample's features or a layer's output are NaN or infinite", where);
}

/// Throws NonFiniteError for the first distance that is not finite.
template <Scalar S>
[[noreturn, gnu::cold]] void throw_non_finite_distance(const BatchMemory<S>& memory) {
  Place where = memory.place;
  Index p = 0;
  while (std::isfinite(memory.d[p])) ++p;
  where.pair = p;
  if (std::isnan(memory.d[p])) {
    throw NonFiniteError("the distance of two finite embeddings is NaN; the model's distance must give a number there",
                         where);
  }
  throw NonFiniteError(
      "the distance of two finite embeddings is infinite; scale the features or lower the learning rate", where);
}

/// Throws NonFiniteError for the first slope that is not finite, or for the loss itself if all slopes are finite.
template <Scalar S>
[[noreturn, gnu::cold]] void throw_non_finite_loss(const BatchMemory<S>& memory, double loss) {
  Place where = memory.place;
  for (Index p = 0; p < memory.pairs(); ++p) {
    if (std::isfinite(memory.slope[p])) continue;
    where.pair = p;
    throw NonFiniteError({"the loss's slope is NaN or infinite at the distance ", memory.d[p],
                          "; lower the loss's weights or margin, or scale the features (a loss of your own must give a "
                          "number there)"},
                         where);
  }
  throw NonFiniteError({"the loss is ", loss,
                        ", though all distances and slopes are finite; lower the loss's weights or margin, or scale "
                        "the features (a loss of your own must give a number there)"},
                       where);
}

/// Throws NonFiniteError for the deltas of a layer.
template <Scalar S>
[[noreturn, gnu::cold]] void throw_non_finite_delta(const BatchMemory<S>& memory, Index layer) {
  Place where = memory.place;
  where.layer = layer;
  throw NonFiniteError(
      "what the backward pass gives for the layer is NaN or infinite; lower the loss's weights or the "
      "learning rate, or scale the features",
      where);
}

}  // namespace gemel::detail
