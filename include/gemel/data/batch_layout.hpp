#pragma once

#include <cstddef>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/stop.hpp"
#include "gemel/core/types.hpp"
#include "gemel/data/epoch_order.hpp"
#include "gemel/data/pair_source.hpp"

namespace gemel {

/// The samples and pairs of each batch of an epoch. A batch lists its samples in the order in which its pairs first use
/// them. Each sample is listed once, even if several pairs use it, so it is embedded once. A batch is disjoint if each
/// of its samples occurs only once in its pairs.
class BatchLayout {
 public:
  /// Lays out an epoch: pair_at(p) gives pair p as the indices of two of the samples 0, …, sample_count - 1. Later
  /// epochs with no more pairs, samples and batches allocate nothing. A stopped `arrange` leaves no epoch laid out.
  template <class PairAt>
  void arrange(const EpochOrder& order, Index pair_count, Index sample_count, const PairAt& pair_at,
               const StopFlag* stop = nullptr) {
    samples_.clear();
    samples_.reserve(static_cast<std::size_t>(2 * pair_count));
    pairs_.clear();
    pairs_.reserve(static_cast<std::size_t>(pair_count));
    batches_.clear();
    batches_.push_back({0, 0});
    last_seen_.assign(static_cast<std::size_t>(sample_count), {-1, 0});
    for (Index k = 0; k < order.batches(); ++k) {
      if (stop_requested(stop)) return batches_.clear();
      const Index begin = length(samples_);
      const auto position = [&](Index sample) {
        LastSeen& seen = last_seen_[static_cast<std::size_t>(sample)];
        if (seen.batch != k) {
          seen = {k, length(samples_) - begin};
          samples_.push_back(sample);
        }
        return seen.position;
      };
      for (Index i = 0; i < order.batch_size(k); ++i) {
        const auto [first, second] = pair_at(order.item(k, i));
        const Index first_position = position(first);
        pairs_.push_back({first_position, position(second)});
      }
      batches_.push_back({length(samples_), length(pairs_)});
    }
  }

  /// Whether an epoch is laid out.
  explicit operator bool() const { return !batches_.empty(); }

  /// Sets `out.samples`, `out.pairs` and `out.disjoint` to those of batch k. An epoch must be laid out and have batch
  /// k; neither is checked.
  template <Scalar S>
  void fill(Index k, Batch<S>& out) const {
    const auto [first_sample, first_pair] = batches_[static_cast<std::size_t>(k)];
    const auto [last_sample, last_pair] = batches_[static_cast<std::size_t>(k) + 1];
    out.samples.reserve(static_cast<std::size_t>(2 * (last_pair - first_pair)));  // the maximum for this many pairs
    out.samples.assign(samples_.begin() + first_sample, samples_.begin() + last_sample);
    out.pairs.assign(pairs_.begin() + first_pair, pairs_.begin() + last_pair);
    out.disjoint = length(out.samples) == 2 * length(out.pairs);
  }

  /// The index of sample j of batch k among all samples. Throws ValueError if no epoch is laid out, there is no such
  /// batch, or it has no such sample.
  Index sample(Index k, Index j) const {
    if (k < 0 || k + 1 >= length(batches_) || j < 0 || j >= end(k) - begin(k)) refuse(k, j);
    return samples_[static_cast<std::size_t>(begin(k) + j)];
  }

 private:
  struct Bounds {
    Index samples, pairs;  // positions in samples_ and pairs_
  };
  struct LastSeen {
    Index batch, position;
  };

  Index begin(Index k) const { return batches_[static_cast<std::size_t>(k)].samples; }
  Index end(Index k) const { return batches_[static_cast<std::size_t>(k) + 1].samples; }
  [[gnu::cold, noreturn]] void refuse(Index k, Index j) const {
    if (batches_.empty()) throw ValueError("no epoch has begun: call start_epoch first");
    throw ValueError({"sample ", j, " of batch ", k, " was asked for, but the epoch has ", length(batches_) - 1,
                      " batches, and a batch its own samples only"});
  }

  std::vector<Index> samples_ = {};  // of all batches, batch after batch
  std::vector<PairIndex> pairs_ = {};
  std::vector<Bounds> batches_ = {};  // where each batch begins, then where the last one ends
  std::vector<LastSeen> last_seen_ = {};
};

}  // namespace gemel
