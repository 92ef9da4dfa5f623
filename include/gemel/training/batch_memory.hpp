#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "gemel/core/buffer.hpp"
#include "gemel/core/columns.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/random.hpp"
#include "gemel/core/team.hpp"
#include "gemel/data/pair_source.hpp"
#include "gemel/network/layer.hpp"
#include "gemel/training/batch_ranges.hpp"

namespace gemel::detail {

/// All that a training step remembers of one batch of n samples and m pairs. Each member of the team works on a range
/// of columns. The active samples are those that the slope of some pair reaches. A member moves what it keeps of its
/// active samples to the front of its range; `append_active` then moves all ranges together, so that the order of the
/// active samples does not depend on the number of members.
template <Scalar S>
struct BatchMemory {
  struct LayerMemory {
    Index out = 0;
    Index parameters = 0;
    std::uint64_t seed = 0;           ///< of what the layer draws
    bool has_deltas = true;           ///< false before the first layer that is trained: the backward pass ends there
    Buffer<S> y = {};                 ///< out x n: the layer's outputs
    Buffer<S> dy = {};                ///< out x active: dLoss/dy, then dz
    Buffer<const S*> active_y = {};   ///< y's columns of the active samples
    Buffer<const S*> active_dz = {};  ///< dz's columns, in the same order
  };

  /// The part of the batch that belongs to one member of the team. Each starts at a cache line of its own.
  struct alignas(64) Member {
    Range samples = {};        ///< the samples that it embeds, as columns of the batch
    Range pairs = {};          ///< the pairs whose distances it measures
    Range reached = {};        ///< the pairs that its samples may be in
    Index active = 0;          ///< number of its active samples
    Buffer<S*> deltas = {};    ///< where dLoss/dembedding of each sample of the batch is added up
    Buffer<S> discarded = {};  ///< where it is added up for the samples of other members
    BatchRanges<S> ranges = {};

    bool owns(Index sample) const { return sample >= samples.first && sample < samples.last; }
  };

  Batch<S> batch = {};
  Place place = {};        ///< of the batch, for errors
  std::uint64_t step = 0;  ///< number of the training step, from which dropout draws
  std::vector<LayerMemory> layers = {};
  Index features = 0;
  Index first_trained = 0;            ///< the first layer that has parameters; the depth where none has
  Buffer<S> filled = {};              ///< features x n: for sources that compute their samples
  Buffer<const S*> x = {};            ///< the samples, column by column
  Buffer<const S*> active_x = {};     ///< those that are active
  Buffer<Index> columns = {};         ///< 0, 1, 2, …
  Buffer<Index> active_columns = {};  ///< the columns of the active samples
  Buffer<Index> position = {};        ///< a sample's column among the active ones of its range; -1 where not active
  Buffer<const S*> embeddings = {};   ///< the last layer's y, column by column
  Buffer<S> d = {};                   ///< the pairs' distances
  Buffer<S> slope = {};               ///< dLoss/dd
  Index active = 0;                   ///< number of active samples
  std::vector<Member> members = {};   ///< as many as the largest team so far
  Index team_size = 1;                ///< of the present batch
  bool independent = false;           ///< whether each member embeds all samples of the pairs that it measures
  EpochRanges<S> epoch_ranges;

  BatchMemory() = default;
  // Moves only: a copy's pointers would lead to the buffers of the original. Buffers that are moved stay in place.
  BatchMemory(BatchMemory&&) = default;
  BatchMemory& operator=(BatchMemory&&) = default;

  /// For batches of a network; what its layers draw is a function of the seed. A fitted layer draws nothing and is not
  /// counted, so that the other layers draw the same with and without it.
  template <class Net>
  [[gnu::cold]] BatchMemory(const Net& network, std::uint64_t seed)
      : features(network.in()), first_trained(network.depth()), epoch_ranges(network.depth()) {
    std::uint64_t streams = 0;
    for (Index k = 0; k < network.depth(); ++k) {
      LayerMemory& layer = layers.emplace_back();
      layer.out = network.out(k);
      layer.parameters = parameter_count(network, k);
      if (layer.parameters > 0) first_trained = std::min(first_trained, k);
      layer.has_deltas = k >= first_trained;
      layer.seed = mix(seed, streams);
      network.visit(k, [&]<class L>(const L&) { streams += is_fitted<L> ? 0 : 1; });
    }
  }

  Index samples() const { return length(batch.samples); }
  Index pairs() const { return batch.size(); }

  /// Allocates what a team of `count` members needs.
  [[gnu::cold]] void make_members(Index count) {
    members = std::vector<Member>(static_cast<std::size_t>(count));
    for (Member& member : members) {
      member.ranges.max_abs_y.resize(layers.size() + 1);
      member.ranges.max_abs_dz.resize(layers.size());
      if (!layers.empty()) member.discarded.resize(layers.back().out);
    }
  }

  /// Throws ShapeError where the network is not of the sizes that this memory was made for: it was exchanged or moved
  /// from.
  template <class Net>
  void check(const Net& network) const {
    bool same = network.in() == features && network.depth() == length(layers);
    for (Index k = 0; same && k < network.depth(); ++k) {
      same = network.out(k) == at(k).out && parameter_count(network, k) == at(k).parameters;
    }
    if (!same) {
      throw ShapeError("the model's network is not of the sizes it had when this training began: begin a new one");
    }
  }

  /// Takes batch k of a source and divides it among a team of `count` members. Throws ShapeError where the source or
  /// the network has other sizes than this memory, and ShapeError or ValueError where the batch is not sound. Then the
  /// memory holds an empty batch, or the one before.
  template <class Net, class Source>
  void load(const Net& network, const Source& source, Index k, const Place& where, Index count) {
    if (static_cast<Index>(source.features()) != features) {
      throw ShapeError(
          {"the network takes ", features, " features, but the pairs have ", static_cast<Index>(source.features())});
    }
    check(network);
    try {
      source.batch(k, batch);
      batch.check(where);
      make_room();
    } catch (...) {
      batch.clear();  // there is no room for it
      throw;
    }
    place = where;
    epoch_ranges.include_labels(batch.similar);
    divide(count);
  }

  /// Allocates what the batch needs, or a batch that fills the capacity of its lists. Allocates nothing where an
  /// earlier batch was as large.
  void make_room() {
    const auto n = static_cast<Index>(batch.samples.capacity());
    if (columns.size() < n) {
      columns.resize(0);  // until everything else is allocated, which may fail
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
    for (Member& member : members) {
      if (member.deltas.size() < columns.size()) member.deltas.resize(columns.size());
    }
  }

  /// Divides the batch among `count` members. Where no sample is in two pairs, a member gets whole pairs and works on
  /// them alone. Otherwise it measures distances between samples of other members, too, and its samples may be in any
  /// pair.
  void divide(Index count) {
    team_size = count;
    independent = batch.disjoint;
    for (Index t = 0; t < count; ++t) {
      Member& me = member(t);
      me.pairs = share(pairs(), t, count);
      me.samples = independent ? Range{2 * me.pairs.first, 2 * me.pairs.last} : share(samples(), t, count);
      me.reached = independent ? me.pairs : Range{0, pairs()};
    }
  }

  /// Keeps the active samples of a range: those whose position is not -1. Their positions are set to their new columns.
  /// Returns how many there are.
  Index keep_active(const Range& range) {
    Index kept = range.first;
    for (Index j = range.first; j < range.last; ++j) {
      if (position[j] < 0) continue;
      position[j] = kept;
      active_columns[kept] = j;
      active_x[kept] = x[j];
      for (LayerMemory& layer : layers) layer.active_y[kept] = layer.y.data() + j * layer.out;
      ++kept;
    }
    return kept - range.first;
  }

  /// Moves `count` active samples, kept from `first` on, to the end of those that were moved before.
  void append_active(Index first, Index count) {
    std::copy_n(active_x.data() + first, count, active_x.data() + active);
    for (LayerMemory& layer : layers) {
      std::copy_n(layer.active_y.data() + first, count, layer.active_y.data() + active);
      if (!layer.has_deltas) continue;
      for (Index i = 0; i < count; ++i) layer.active_dz[active + i] = layer.dy.data() + (first + i) * layer.out;
    }
    active += count;
  }

  /// Layer k's inputs of the `count` active samples from `first` on.
  ColumnList<S> active_inputs(Index k, Index first, Index count) const {
    if (k == 0) return {active_x.data() + first, features, count};
    return active_outputs(k - 1, first, count);
  }
  ColumnList<S> active_outputs(Index k, Index first, Index count) const {
    const LayerMemory& layer = at(k);
    return {layer.active_y.data() + first, layer.out, count};
  }
  ColumnList<S> active_dz(Index k) const { return {at(k).active_dz.data(), at(k).out, active}; }

  /// The largest |x| that layer k took in this batch, and the largest |dz|; 0 before the first layer that is trained.
  double max_abs_input(Index k) const {
    double largest = 0;
    for (const Member& member : team()) {
      largest = std::max(largest, static_cast<double>(member.ranges.max_abs_y[static_cast<std::size_t>(k)]));
    }
    return largest;
  }
  double max_abs_dz(Index k) const {
    double largest = 0;
    for (const Member& member : team()) {
      largest = std::max(largest, static_cast<double>(member.ranges.max_abs_dz[static_cast<std::size_t>(k)]));
    }
    return largest;
  }

  /// The network's parameters of its layer k.
  template <class Net, class L>
  static std::span<const S> parameters(const Net& network, Index k, const L& layer) {
    return {network.parameters().data() + network.offset(k), static_cast<std::size_t>(layer.parameter_count())};
  }

  LayerMemory& at(Index k) { return layers[static_cast<std::size_t>(k)]; }
  const LayerMemory& at(Index k) const { return layers[static_cast<std::size_t>(k)]; }
  Member& member(Index t) { return members[static_cast<std::size_t>(t)]; }
  std::span<const Member> team() const { return std::span(members).first(static_cast<std::size_t>(team_size)); }

 private:
  template <class Net>
  static Index parameter_count(const Net& network, Index k) {
    return network.offset(k + 1) - network.offset(k);
  }
};

}  // namespace gemel::detail
