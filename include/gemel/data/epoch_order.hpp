#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/random.hpp"
#include "gemel/core/types.hpp"

namespace gemel {

/// The order of n pairs in an epoch and their cut into batches, by Keras' rules: all pairs are shuffled anew, or none,
/// and the last batch holds what is left. Before the first `start` the pairs come as they are, 32 a batch.
///
/// The order is a function of (n, seed, epoch). Nothing is allocated from the second `start` of the same n on.
class EpochOrder {
 public:
  explicit EpochOrder(Index n) : n_(n) {}

  /// Throws ValueError where batch_size is not positive.
  void start(std::uint64_t seed, Index epoch, Index batch_size, bool shuffled) {
    if (batch_size <= 0) throw ValueError({"batch_size is ", batch_size, ", but it must be at least 1"});
    batch_size_ = batch_size;
    order_.clear();
    if (!shuffled) return;
    order_.resize(static_cast<std::size_t>(n_));
    std::iota(order_.begin(), order_.end(), Index{0});
    Rng rng{seed, static_cast<std::uint64_t>(epoch)};
    shuffle(order_, rng);
  }

  Index batches() const { return n_ / batch_size_ + (n_ % batch_size_ != 0); }

  /// The number of pairs in batch k. Throws ValueError where the epoch has no such batch.
  Index batch_size(Index k) const {
    if (k < 0 || k >= batches()) {
      throw ValueError({"batch ", k, " was asked for, but the epoch has ", batches()});
    }
    return std::min(batch_size_, n_ - k * batch_size_);
  }

  /// Which pair is the i-th of batch k.
  Index pair(Index k, Index i) const {
    const Index position = k * batch_size_ + i;
    return order_.empty() ? position : order_[static_cast<std::size_t>(position)];
  }

 private:
  Index n_;
  Index batch_size_ = 32;
  std::vector<Index> order_;  // empty: as they are
};

}  // namespace gemel
