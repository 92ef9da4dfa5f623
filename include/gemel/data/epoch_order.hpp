#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/random.hpp"
#include "gemel/core/stop.hpp"
#include "gemel/core/types.hpp"

namespace gemel {

/// The order of n items (pairs or samples) in an epoch and their division into batches. As in Keras, each epoch either
/// shuffles all items or keeps their original order, and the last batch holds the remainder. Before the first `start`,
/// the items are in their original order, 32 per batch.
///
/// The order is a function of (n, seed, epoch). After the first shuffled epoch, nothing is allocated.
class EpochOrder {
 public:
  /// The original order of n items.
  explicit EpochOrder(Index n) : n_(n) { divide(32); }

  /// Starts an epoch. Throws ValueError unless batch_size is positive. If it is stopped, the order is unspecified until
  /// the next `start`.
  void start(std::uint64_t seed, Index epoch, Index batch_size, bool shuffled, const StopFlag* stop = nullptr) {
    if (batch_size <= 0) throw ValueError({"batch_size is ", batch_size, ", but it must be at least 1"});
    divide(batch_size);
    order_.clear();
    if (!shuffled) return;
    order_.reserve(static_cast<std::size_t>(n_));
    for (Index i = 0; i < n_; ++i) {
      if (i % 65536 == 0 && stop_requested(stop)) return order_.clear();
      order_.push_back(i);
    }
    Rng rng{seed, static_cast<std::uint64_t>(epoch)};
    shuffle(order_, rng, stop);
  }

  /// The number of batches.
  Index batches() const { return batches_; }

  /// The number of items in batch k. Throws ValueError if the epoch has no such batch.
  Index batch_size(Index k) const {
    if (k < 0 || k >= batches_) {
      throw ValueError({"batch ", k, " was asked for, but the epoch has ", batches_});
    }
    return std::min(batch_size_, n_ - k * batch_size_);
  }

  /// The index, in the original order, of the i-th item of batch k. Throws ValueError if there is no such batch, or no
  /// such item in it.
  Index item(Index k, Index i) const {
    if (i < 0 || i >= batch_size(k)) refuse(k, i);
    const Index position = k * batch_size_ + i;
    return order_.empty() ? position : order_[static_cast<std::size_t>(position)];
  }

 private:
  void divide(Index batch_size) {
    batch_size_ = batch_size;
    batches_ = n_ / batch_size + (n_ % batch_size != 0);
  }
  [[gnu::cold, noreturn]] void refuse(Index k, Index i) const {
    throw ValueError({"number ", i, " of batch ", k, " was asked for, but the batch has ", batch_size(k)});
  }

  Index n_;
  Index batch_size_;
  Index batches_;
  std::vector<Index> order_;  // empty: the original order
};

}  // namespace gemel
