#pragma once

#include <cstdint>
#include <new>
#include <utility>

#include "gemel/core/error.hpp"
#include "gemel/data/classes.hpp"
#include "gemel/data/epoch_order.hpp"
#include "gemel/data/pair_source.hpp"
#include "gemel/data/samples.hpp"

namespace gemel {

/// Batches of samples, and all pairs within each: n samples make n (n - 1) / 2 pairs, and each is embedded once; a
/// PairSource. An epoch goes through all samples, and the batch size counts samples. A last batch of one sample, which
/// has no pair, is left out.
template <Scalar S>
class InBatchPairs {
 public:
  // Not moved but copied: what is moved from would keep its size without what it is the size of (see Samples).
  InBatchPairs(const InBatchPairs&) = default;
  InBatchPairs& operator=(const InBatchPairs&) = default;

  /// Throws ShapeError where there is not one class a sample, or only one sample.
  InBatchPairs(Samples<S> x, Classes classes) : x_(std::move(x)), classes_(std::move(classes)), order_(x_.size()) {
    if (classes_.size() != x_.size()) {
      throw ShapeError(
          {"there are ", x_.size(), " samples, but ", classes_.size(), " class labels: one a sample is needed"});
    }
    if (x_.size() < 2) throw ShapeError("there is one sample only: a pair needs two");
  }

  Index features() const { return x_.features(); }

  /// Throws ValueError where the batch size is not at least 2, or its pairs would be more than 2^31.
  void start_epoch(std::uint64_t seed, Index epoch, Index batch_size, bool shuffle) {
    constexpr Index max_size = Index{1} << 16;
    if (batch_size < 2 || batch_size > max_size) {
      throw ValueError({"batch_size is ", batch_size, ", but a batch of all pairs needs 2 samples at least, and ",
                        max_size, " at most"});
    }
    order_.start(seed, epoch, batch_size, shuffle);
  }
  Index batches() const {
    const Index batches = order_.batches();
    return order_.batch_size(batches - 1) == 1 ? batches - 1 : batches;
  }
  /// Throws ValueError where the epoch has no such batch, or memory no room for its pairs.
  void batch(Index k, Batch<S>& out) const {
    check(k);
    const Index n = order_.batch_size(k);
    const auto pairs = static_cast<std::size_t>(n) * static_cast<std::size_t>(n - 1) / 2;
    out.weight.clear();
    out.disjoint = false;
    out.samples.clear();  // but not the pairs: `resize` would set them to zero first
    out.samples.resize(static_cast<std::size_t>(n));
    Index* const samples = out.samples.data();
    for (Index i = 0; i < n; ++i) samples[i] = order_.pair(k, i);
    try {
      out.pairs.resize(pairs);
      out.similar.resize(pairs);
    } catch (const std::bad_alloc&) {
      throw ValueError({"a batch of ", n, " samples has ", pairs, " pairs, more than memory holds: lower batch_size"});
    }
    // By pointers of its own: a byte stored through `out` could be any of the vectors' sizes to a compiler.
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
  const S* column(Index k, Index j, S* /*buffer*/) const {
    check(k);
    return x_.column(order_.pair(k, j));
  }

 private:
  /// The order knows of one batch more where the last one, of one sample, is left out.
  void check(Index k) const {
    if (k >= batches()) throw ValueError({"batch ", k, " was asked for, but the epoch has ", batches()});
  }

  Samples<S> x_;
  Classes classes_;
  EpochOrder order_;
};

}  // namespace gemel
