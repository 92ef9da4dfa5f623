#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

#include "gemel/core/error.hpp"
#include "gemel/data/classes.hpp"
#include "gemel/data/epoch_order.hpp"
#include "gemel/data/pair_source.hpp"
#include "gemel/data/samples.hpp"

namespace gemel {

/// A PairSource whose batches are made of samples: a batch of n samples has all n * (n - 1) / 2 pairs of them, and each
/// sample is embedded once. An epoch goes through all samples. If the last batch would have a single sample, and so no
/// pair, it is omitted.
template <Scalar S>
class InBatchPairs {
 public:
  /// @{
  /// Copies share the samples. A move copies too, for the reason given at Samples.
  InBatchPairs(const InBatchPairs&) = default;
  InBatchPairs& operator=(const InBatchPairs&) = default;
  /// @}

  /// Takes samples x (features x n) and the class of each. A pair is similar if its two classes are equal. Throws
  /// ShapeError if there is not one class per sample, or only one sample.
  InBatchPairs(Samples<S> x, Classes classes) : x_(std::move(x)), classes_(std::move(classes)), order_(x_.size()) {
    if (classes_.size() != x_.size()) {
      throw ShapeError(
          {"there are ", x_.size(), " samples, but ", classes_.size(), " class labels: one per sample is needed"});
    }
    if (x_.size() < 2) throw ShapeError("there is one sample only: a pair needs two");
  }

  /// The number of features per sample.
  Index features() const { return x_.features(); }

  /// Starts an epoch; required by the PairSource concept (data/pair_source.hpp). Here batch_size is the number of
  /// samples per batch. Throws ValueError unless it is in 2, …, 2^16, so that a batch has fewer than 2^31 pairs.
  void start_epoch(std::uint64_t seed, Index epoch, Index batch_size, bool shuffle) {
    constexpr Index max_size = Index{1} << 16;
    if (batch_size < 2 || batch_size > max_size) {
      throw ValueError({"batch_size is ", batch_size, ", but a batch of all pairs needs 2 samples at least, and ",
                        max_size, " at most"});
    }
    order_.start(seed, epoch, batch_size, shuffle);
  }
  /// The number of batches of the epoch.
  Index batches() const {
    const Index batches = order_.batches();
    return order_.batch_size(batches - 1) == 1 ? batches - 1 : batches;
  }
  /// Sets `out` to batch k. Throws ValueError if there is no such batch, or its pairs do not fit into memory.
  void batch(Index k, Batch<S>& out) const {
    check(k);
    const Index n = order_.batch_size(k);
    const auto pairs = static_cast<std::size_t>(n) * static_cast<std::size_t>(n - 1) / 2;
    out.weight.clear();
    out.disjoint = false;
    out.samples.clear();  // the pairs are not cleared: `resize` would then set all of them to zero first
    out.samples.resize(static_cast<std::size_t>(n));
    Index* const samples = out.samples.data();
    for (Index i = 0; i < n; ++i) samples[i] = order_.item(k, i);
    try {
      out.pairs.resize(pairs);
      out.similar.resize(pairs);
    } catch (const std::bad_alloc&) {
      throw ValueError({"a batch of ", n, " samples has ", pairs, " pairs, more than memory holds: lower batch_size"});
    }
    // The pointers are local because the compiler must assume that a byte stored through a pointer into `out` changes
    // the vectors' own members, and would reload them in every iteration.
    PairIndex* pair = out.pairs.data();
    std::uint8_t* similar = out.similar.data();
    for (Index i = 0; i < n; ++i) {
      const Index sample = samples[i];
      for (Index j = i + 1; j < n; ++j) {
        *pair++ = {i, j};
        *similar++ = classes_.same(sample, samples[j]);
      }
    }
  }
  /// A pointer to the features of sample j of batch k. Throws ValueError if there is no such batch, or it has no such
  /// sample. The buffer is not used.
  const S* column(Index k, Index j, S* /*buffer*/) const {
    check(k);
    return x_.column(order_.item(k, j));
  }

 private:
  /// Throws ValueError unless k is below batches(). The order itself would also accept the last batch that is omitted.
  void check(Index k) const {
    if (k >= batches()) throw ValueError({"batch ", k, " was asked for, but the epoch has ", batches()});
  }

  Samples<S> x_;
  Classes classes_;
  EpochOrder order_;
};

}  // namespace gemel
