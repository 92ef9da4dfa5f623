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

/// All data of a training step for one batch of n samples and m pairs. Each member of the team works on a range of
/// columns. A sample is active if it is in a pair whose slope is not 0. Each member moves the data of its active
/// samples to the front of its range. `append_active` then joins the ranges, so that the order of the active samples
/// does not depend on the number of members.
template <Scalar S>
struct BatchMemory {
  struct LayerMemory {
    Index out = 0;
    Index parameters = 0;
    std::uint64_t seed = 0;  ///< of the random numbers that the layer draws
    DeltaRule delta_rule = DeltaRule::Computed;
    bool has_deltas = true;           ///< false before the first trained layer, where the backward pass ends
    Buffer<S> y = {};                 ///< out x n: the layer's outputs
    Buffer<S> dy = {};                ///< out x active: dLoss/dy, then dz
    Buffer<const S*> active_y = {};   ///< y's columns of the active samples
    Buffer<const S*> active_dz = {};  ///< dz's columns, in the same order
  };

  /// The part of the batch that belongs to one member of the team. Aligned, so that no two members share a cache line.
  struct alignas(64) Member {
    Range samples = {};        ///< the samples that the member embeds, as columns of the batch
    Range pairs = {};          ///< the pairs whose distances the member measures
    Range reached = {};        ///< the pairs in which the member's samples may be
    Index active = 0;          ///< number of the member's active samples
    Buffer<S*> deltas = {};    ///< per sample of the batch: the column to which dLoss/dembedding is added
    Buffer<S> discarded = {};  ///< that column for the inactive samples and those of other members
    BatchRanges<S> ranges = {};

    bool owns(Index sample) const { return sample >= samples.first && sample < samples.last; }
  };

  Batch<S> batch = {};
  Place place = {};        ///< of the batch, for error messages
  std::uint64_t step = 0;  ///< index of the training step, for dropout's random numbers
  std::vector<LayerMemory> layers = {};
  Index features = 0;
  Index first_trained = 0;            ///< the first layer that has parameters; the depth if none has
  Buffer<S> filled = {};              ///< features x n; room for sources that compute their samples
  Buffer<const S*> x = {};            ///< the columns of the samples
  Buffer<const S*> active_x = {};     ///< pointers to the active samples' features
  Buffer<Index> columns = {};         ///< 0, 1, 2, …
  Buffer<Index> active_columns = {};  ///< the active samples' indices in the batch
  Buffer<Index> position = {};        ///< the column of a sample's deltas; -1 if it is not active
  Buffer<const S*> embeddings = {};   ///< the columns of the last layer's y
  Buffer<S> d = {};                   ///< the pairs' distances
  Buffer<S> slope = {};               ///< dLoss/dd
  Index active = 0;                   ///< number of active samples
  std::vector<Member> members = {};   ///< as many as the largest team so far
  Index team_size = 1;                ///< for the current batch
  bool independent = false;           ///< whether each member embeds all samples of the pairs that it measures
  EpochRanges<S> epoch_ranges;

  BatchMemory() = default;
  // Not copyable, since the pointers of a copy would lead to the buffers of the original. A move keeps the buffers'
  // addresses.
  BatchMemory(BatchMemory&&) noexcept = default;
  BatchMemory& operator=(BatchMemory&&) noexcept = default;

  /// Constructs for batches of a network. The seed determines the random numbers that its layers draw. A fitted layer
  /// draws none and gets no random stream, so that the other layers draw the same numbers with and without it.
  template <class Net>
  [[gnu::cold]] BatchMemory(const Net& network, std::uint64_t seed);

  Index samples() const { return length(batch.samples); }
  Index pairs() const { return batch.size(); }

  /// Allocates what a team of `count` members needs.
  [[gnu::cold]] void make_members(Index count);

  /// Throws ShapeError if the network no longer has the sizes that this memory was made for, because it was replaced or
  /// moved from.
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

  /// Loads batch k of a source and divides it among a team of `count` members. Throws ShapeError if the source or the
  /// network has other sizes than this memory, and ShapeError or ValueError if the batch is not valid. After an error
  /// the memory holds an empty batch or the previous one.
  template <class Net, class Source>
  [[gnu::noinline]] void load(const Net& network, const Source& source, Index k, const Place& where, Index count);

  /// Makes the buffers large enough for the batch, and for any batch that fits into the capacity of its lists.
  /// Allocates nothing if an earlier batch was as large.
  [[gnu::cold]] void make_room();

  /// Divides the batch among `count` members. If no sample is in two pairs, a member gets pairs together with their
  /// samples and needs no other member's results. Otherwise it also measures distances between samples of other
  /// members, and its samples may be in any pair.
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

  /// Moves the data of a range's active samples (those whose position is not -1) to the front of the range, and sets
  /// their positions to their new columns. Returns their number.
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

  /// Appends the `count` active samples that keep_active has moved to `first` and the following columns to the list of
  /// all active samples.
  void append_active(Index first, Index count) {
    std::copy_n(active_x.data() + first, count, active_x.data() + active);
    for (LayerMemory& layer : layers) {
      std::copy_n(layer.active_y.data() + first, count, layer.active_y.data() + active);
      if (!layer.has_deltas) continue;
      for (Index i = 0; i < count; ++i) layer.active_dz[active + i] = layer.dy.data() + (first + i) * layer.out;
    }
    active += count;
  }

  /// The inputs of layer k for the `count` active samples from column `first` on.
  ColumnList<S> active_inputs(Index k, Index first, Index count) const {
    if (k == 0) return {active_x.data() + first, features, count};
    return active_outputs(k - 1, first, count);
  }
  ColumnList<S> active_outputs(Index k, Index first, Index count) const {
    const LayerMemory& layer = at(k);
    return {layer.active_y.data() + first, layer.out, count};
  }
  ColumnList<S> active_dz(Index k) const { return {at(k).active_dz.data(), at(k).out, active}; }

  /// The largest |x| of layer k's inputs in this batch, and its largest |dz|, which is 0 before the first trained
  /// layer.
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

  /// The parameters of the network's layer k.
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

template <Scalar S>
template <class Net>
BatchMemory<S>::BatchMemory(const Net& network, std::uint64_t seed)
    : features(network.in()), first_trained(network.depth()), epoch_ranges(network.depth()) {
  std::uint64_t streams = 0;
  for (Index k = 0; k < network.depth(); ++k) {
    LayerMemory& layer = layers.emplace_back();
    layer.out = network.out(k);
    layer.parameters = parameter_count(network, k);
    if (layer.parameters > 0) first_trained = std::min(first_trained, k);
    layer.has_deltas = k >= first_trained;
    layer.seed = mix(seed, streams);
    network.visit_sized(k, [&]<class L>(const L&) {
      streams += is_fitted<L> ? 0 : 1;
      if constexpr (MeasuringLayer<L, S>) layer.delta_rule = L::delta_rule;
    });
  }
}

template <Scalar S>
void BatchMemory<S>::make_members(Index count) {
  members = std::vector<Member>(static_cast<std::size_t>(count));
  for (Member& member : members) {
    member.ranges.max_abs_y.resize(layers.size() + 1);
    member.ranges.max_abs_dz.resize(layers.size());
    if (!layers.empty()) member.discarded.resize(layers.back().out);
  }
}

template <Scalar S>
template <class Net, class Source>
void BatchMemory<S>::load(const Net& network, const Source& source, Index k, const Place& where, Index count) {
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
    batch.clear();  // the buffers may be too small for it
    throw;
  }
  place = where;
  epoch_ranges.include_labels(batch.similar);
  divide(count);
}

template <Scalar S>
void BatchMemory<S>::make_room() {
  const auto n = static_cast<Index>(batch.samples.capacity());
  if (columns.size() < n) {
    columns.resize(0);  // stays empty until everything else is allocated, which may fail
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

}  // namespace gemel::detail
