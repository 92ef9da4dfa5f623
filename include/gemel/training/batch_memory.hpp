#pragma once

#include <algorithm>
#include <numeric>
#include <vector>

#include "gemel/core/buffer.hpp"
#include "gemel/core/columns.hpp"
#include "gemel/data/pair_source.hpp"

namespace gemel {

/// What a training step remembers of one batch of n samples and m pairs. A member of the team works on a range of
/// columns; what it keeps of its active samples (those that some pair's slope reaches) is moved to the front of that
/// range, and `close_ranks` then moves all ranges together, so that the active samples are in order whatever the number
/// of members.
template <Scalar S>
struct BatchMemory {
  /// Of one layer.
  struct LayerMemory {
    Index out = 0;
    bool has_deltas = true;  ///< not where the backward pass never comes: before the first layer that is trained
    Buffer<S> y = {};        ///< out x n: what it gave
    Buffer<S> dy = {};       ///< out x active: dLoss/dy, then dz
    Buffer<const S*> active_y = {};  ///< y's columns of the active samples
    Buffer<const S*> active_dz = {};
  };

  Batch<S> batch = {};
  std::vector<LayerMemory> layers = {};
  Index features = 0;
  Buffer<S> filled = {};  ///< features x n: where a source fills samples in
  Buffer<const S*> x = {};
  Buffer<const S*> active_x = {};
  Buffer<Index> columns = {};         ///< 0, 1, 2, …
  Buffer<Index> active_columns = {};  ///< the active samples' own numbers
  Buffer<Index> position = {};        ///< where a sample is among the active ones of its range; -1: it is not
  Buffer<const S*> embeddings = {};   ///< the last layer's y, column by column
  Buffer<S> d = {};                   ///< the pairs' distances
  Buffer<S> slope = {};               ///< dLoss/dd
  Index active = 0;

  Index samples() const { return length(batch.samples); }
  Index pairs() const { return batch.size(); }

  /// Room for the batch, and for as many samples and pairs as its lists have room for: nothing is allocated where it
  /// was as large before.
  void make_room() {
    const auto n = static_cast<Index>(batch.samples.capacity());
    if (columns.size() < n) {
      columns.resize(0);  // until all is there: memory may be short
      filled.reserve(features * n);
      x.resize(n);
      active_x.resize(n);
      active_columns.resize(n);
      position.resize(n);
      for (LayerMemory& layer : layers) {
        layer.y.resize(layer.out * n);
        layer.active_y.resize(n);
        if (!layer.has_deltas) continue;
        layer.dy.resize(layer.out * n);
        layer.active_dz.resize(n);
      }
      embeddings.resize(n);
      for (Index j = 0; j < n; ++j) embeddings[j] = layers.back().y.data() + j * layers.back().out;
      columns.resize(n);
      std::iota(columns.begin(), columns.end(), Index{0});
    }
    const auto m = static_cast<Index>(batch.pairs.capacity());
    if (d.size() < m) d.resize(m);
    if (slope.size() < m) slope.resize(m);
  }

  /// Keeps the active samples of the range from `first` on: those with a position, which becomes their new place.
  Index keep_active(Index first, Index last) {
    Index kept = first;
    for (Index j = first; j < last; ++j) {
      if (position[j] < 0) continue;
      position[j] = kept;
      active_columns[kept] = j;
      active_x[kept] = x[j];
      for (LayerMemory& layer : layers) layer.active_y[kept] = layer.y.data() + j * layer.out;
      ++kept;
    }
    return kept - first;
  }

  /// Moves `count` active samples, kept from `first` on, to the end of those that were moved before.
  void close_ranks(Index first, Index count) {
    std::copy_n(active_x.data() + first, count, active_x.data() + active);
    for (LayerMemory& layer : layers) {
      std::copy_n(layer.active_y.data() + first, count, layer.active_y.data() + active);
      if (!layer.has_deltas) continue;
      for (Index i = 0; i < count; ++i) layer.active_dz[active + i] = layer.dy.data() + (first + i) * layer.out;
    }
    active += count;
  }

  /// The active columns that layer k took, count from `first` on.
  ColumnList<S> active_inputs(Index k, Index first, Index count) const {
    if (k == 0) return {active_x.data() + first, features, count};
    return active_outputs(k - 1, first, count);
  }
  ColumnList<S> active_outputs(Index k, Index first, Index count) const {
    const LayerMemory& layer = at(k);
    return {layer.active_y.data() + first, layer.out, count};
  }
  ColumnList<S> active_dz(Index k) const { return {at(k).active_dz.data(), at(k).out, active}; }

  LayerMemory& at(Index k) { return layers[static_cast<std::size_t>(k)]; }
  const LayerMemory& at(Index k) const { return layers[static_cast<std::size_t>(k)]; }
};

}  // namespace gemel
