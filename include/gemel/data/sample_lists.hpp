#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/types.hpp"

namespace gemel::detail {

/// The samples of each batch of an epoch, for sources that compose their batches. A batch is written by `add`, once per
/// sample, and `end_batch`.
class SampleLists {
 public:
  /// Forgets all batches, but keeps the memory. Later epochs with no more batches and samples allocate nothing.
  void clear() {
    samples_.clear();
    ends_.clear();
  }
  /// Allocates the memory for an epoch.
  void reserve(Index batches, Index samples) {
    ends_.reserve(static_cast<std::size_t>(batches));
    samples_.reserve(static_cast<std::size_t>(samples));
  }

  /// Adds a sample to the batch that is being written.
  void add(Index sample) { samples_.push_back(sample); }
  /// The samples of the batch that is being written.
  std::span<const Index> written() const { return std::span(samples_).subspan(begin(length(ends_))); }
  /// Ends the batch that is being written.
  void end_batch() { ends_.push_back(samples_.size()); }

  /// The samples of batch k. Throws ValueError if no epoch has begun, or it has no such batch.
  std::span<const Index> batch(Index k) const {
    if (k < 0 || k >= length(ends_)) refuse(k);
    return std::span(samples_).subspan(begin(k), ends_[static_cast<std::size_t>(k)] - begin(k));
  }
  /// Sample j of batch k. Throws ValueError as above, or if the batch has no such sample.
  Index sample(Index k, Index j) const {
    const std::span<const Index> samples = batch(k);
    if (j < 0 || j >= length(samples)) {
      throw ValueError({"sample ", j, " of batch ", k, " was asked for, but the batch has ", samples.size()});
    }
    return samples[static_cast<std::size_t>(j)];
  }

 private:
  std::size_t begin(Index k) const { return k == 0 ? 0 : ends_[static_cast<std::size_t>(k) - 1]; }
  [[gnu::cold, noreturn]] void refuse(Index k) const {
    if (ends_.empty()) throw ValueError("no epoch has begun: call start_epoch first");
    throw ValueError({"batch ", k, " was asked for, but the epoch has ", ends_.size()});
  }

  std::vector<Index> samples_ = {};     // of all batches, batch after batch
  std::vector<std::size_t> ends_ = {};  // where each batch ends in samples_
};

}  // namespace gemel::detail
