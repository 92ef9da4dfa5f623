#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/labels.hpp"
#include "gemel/core/pair_identity.hpp"
#include "gemel/core/stop.hpp"
#include "gemel/core/types.hpp"
#include "gemel/data/batch_layout.hpp"
#include "gemel/data/classes.hpp"
#include "gemel/data/epoch_order.hpp"
#include "gemel/data/pair_source.hpp"
#include "gemel/data/samples.hpp"

namespace gemel {

/// A PairSource with the same pairs in every epoch, of samples of one matrix X or of two matrices A and B. Copies and
/// slices share samples, labels, weights and classes.
///
/// The index of a sample is its column in X; for two matrices, sample i of A has the index i, and sample i of B has the
/// index A.size() + i.
///
/// A sample may be paired with itself. The pair's distance is then 0: the pair counts in an evaluation, but training
/// learns nothing from it.
///
/// After start_epoch, a batch lists each of its samples once, so that no sample is embedded twice. The batch is
/// disjoint if each of them occurs only once in its pairs. Before the first start_epoch, a batch lists two samples per
/// pair, so a sample that several pairs share is listed several times, and the batch is disjoint in the sense of Batch:
/// no entry of `samples` is in two pairs.
template <Scalar S>
class Pairs {
 public:
  /// @{
  /// Copies share the samples. A move copies too, for the reason given at Samples.
  Pairs(const Pairs&) = default;
  Pairs& operator=(const Pairs&) = default;
  /// @}

  /// Pair i consists of sample i of A and sample i of B (both features x n). Weight i scales the loss of pair i;
  /// without weights, all are 1. Throws ShapeError if the sizes differ; ValueError if a weight is negative or not
  /// finite.
  [[gnu::cold]] Pairs(Samples<S> a, Samples<S> b, Labels labels, std::vector<S> weights = {})
      : a_(std::move(a)), b_(std::move(b)), size_(a_.size()), order_(size_) {
    if (a_.features() != b_.features()) {
      throw ShapeError({"the samples of A and B need the same number of features, but A has ", a_.features(),
                        " and B has ", b_.features(), " (features x n: one sample per column)"});
    }
    if (a_.size() != b_.size()) {
      throw ShapeError({"A and B need the same number of samples, but A has ", a_.size(), " and B has ", b_.size(),
                        " (features x n: one sample per column)"});
    }
    make_shared_state({}, std::move(labels), std::move(weights), false);
  }

  /// Pair i consists of the samples index_pairs[i].first and index_pairs[i].second of X (features x n). Throws
  /// ShapeError if the numbers of pairs, labels and weights differ or there is no pair; ValueError if an index is not
  /// that of a sample of X, or a weight is negative or not finite.
  [[gnu::cold]] Pairs(Samples<S> x, std::vector<PairIndex> index_pairs, Labels labels, std::vector<S> weights = {})
      : a_(x), b_(std::move(x)), size_(length(index_pairs)), order_(size_) {
    if (index_pairs.empty()) throw ShapeError("there are no pairs: at least one is needed");
    std::vector<bool> seen(static_cast<std::size_t>(a_.size()));
    bool sharing = false;
    for (Index i = 0; i < size_; ++i) {
      for (const Index sample : {at(index_pairs, i).first, at(index_pairs, i).second}) {
        if (sample < 0 || sample >= a_.size()) {
          throw ValueError({"it refers to sample ", sample, ", but the samples are 0 to ", a_.size() - 1}, {.pair = i});
        }
        sharing = sharing || seen[static_cast<std::size_t>(sample)];
        seen[static_cast<std::size_t>(sample)] = true;
      }
    }
    make_shared_state(std::move(index_pairs), std::move(labels), std::move(weights), sharing);
  }

  /// A copy of these pairs that knows the classes of their samples. `classes` has the class of each of the samples():
  /// for two matrices, the classes of A and then those of B; for a slice, the classes of all samples. Throws ShapeError
  /// if there is not one class per sample; ValueError if the label of a pair is similar but its classes differ, or the
  /// reverse.
  [[gnu::cold]] Pairs with_classes(const Classes& classes) const {
    if (classes.size() != samples()) {
      throw ShapeError({"the pairs are of ", samples(), " samples, but there are ", classes.size(),
                        " class labels: one per sample is needed"});
    }
    for (Index i = 0; i < size_; ++i) {
      const auto [a, b] = indices(i);
      if (classes.same(a, b) == similar(i)) continue;
      throw ValueError({"the label says ", similar(i) ? "similar" : "dissimilar", ", but the classes are ",
                        classes.value(classes.of(a)), " and ", classes.value(classes.of(b))},
                       {.pair = i});
    }
    Pairs known = *this;
    known.classes_ = std::make_shared<const Classes>(classes);
    return known;
  }

  /// The number of pairs.
  Index size() const { return size_; }

  /// The number of features per sample.
  Index features() const { return a_.features(); }

  /// The number of samples that pairs were made of, in X or in A and B together, used by a pair or not. A slice has the
  /// same number.
  Index samples() const { return offset_of_second() + b_.size(); }

  /// Whether any sample is in several pairs, or twice in one. For a slice, this is about the pairs that it was cut
  /// from.
  bool sharing() const { return shared_->sharing; }

  /// The indices of the samples of pair i, in 0, …, samples() - 1.
  PairIndex indices(Index i) const {
    const auto [a, b] = columns(i);
    return {a, offset_of_second() + b};
  }

  /// @{
  /// A pointer to the features of the first or second sample of pair i.
  const S* first(Index i) const { return a_.column(columns(i).first); }
  const S* second(Index i) const { return b_.column(columns(i).second); }
  /// @}

  /// Whether pair i is similar.
  bool similar(Index i) const { return shared_->labels[start_ + i]; }

  /// The weight of each pair, or an empty span if all are 1.
  std::span<const S> weights() const {
    const std::span<const S> all = shared_->weights;
    return all.empty() ? all : all.subspan(static_cast<std::size_t>(start_), static_cast<std::size_t>(size_));
  }

  /// The label of each pair.
  Labels labels() const {
    return shared_->labels.span().subspan(static_cast<std::size_t>(start_), static_cast<std::size_t>(size_));
  }

  /// The classes of both samples of each pair, for a confidence interval by a bootstrap of people (IntervalOptions). It
  /// is empty if the classes are unknown.
  std::vector<PairIdentity> identities() const {
    std::vector<PairIdentity> identities;
    if (!classes_) return identities;
    identities.reserve(static_cast<std::size_t>(size_));
    const auto identity = [this](Index sample) { return static_cast<Index>(classes_->value(classes_->of(sample))); };
    for (Index i = 0; i < size_; ++i) identities.push_back({identity(indices(i).first), identity(indices(i).second)});
    return identities;
  }

  /// The pairs first, …, first + count - 1 of the original order. Throws ValueError if not all of them exist, or count
  /// is not positive.
  [[gnu::cold]] Pairs slice(Index first, Index count) const;

  /// Starts an epoch; required by the PairSource concept (data/pair_source.hpp). Before the first epoch, and after a
  /// stopped start_epoch, the pairs are in their original order, 32 per batch, with two samples listed per pair. Throws
  /// ValueError unless batch_size is positive.
  void start_epoch(std::uint64_t seed, Index epoch, Index batch_size, bool shuffle, const StopFlag* stop = nullptr);

  /// The number of batches of the epoch.
  Index batches() const { return order_.batches(); }

  /// Sets `out` to batch k. Throws ValueError if there is no such batch.
  void batch(Index k, Batch<S>& out) const;

  /// A pointer to the features of sample j of batch k. Throws ValueError if there is no such batch, or it has no such
  /// sample. The buffer is not used.
  const S* column(Index k, Index j, S* /*buffer*/) const {
    if (layout_) return a_.column(layout_.sample(k, j));
    const Index pair = order_.item(k, j >> 1);  // not j / 2: for j = -1 that would be pair 0
    return (j & 1) == 0 ? first(pair) : second(pair);
  }

 private:
  struct Shared {
    std::vector<PairIndex> indices;  // empty if pair i consists of sample i of A and sample i of B
    Labels labels;
    std::vector<S> weights;  // empty if all are 1
    bool sharing;            // see sharing()
  };

  template <class T>
  static const T& at(const std::vector<T>& values, Index i) {
    return values[static_cast<std::size_t>(i)];
  }

  [[gnu::cold]] void make_shared_state(std::vector<PairIndex> indices, Labels labels, std::vector<S> weights,
                                       bool sharing);

  /// The columns of pair i: its first sample's in A (or X), its second sample's in B (or X).
  PairIndex columns(Index i) const {
    return shared_->indices.empty() ? PairIndex{start_ + i, start_ + i} : at(shared_->indices, start_ + i);
  }

  /// The index of B's first sample; 0 for pairs of X.
  Index offset_of_second() const { return shared_->indices.empty() ? a_.size() : 0; }

  Samples<S> a_;
  Samples<S> b_;
  Index start_ = 0;  // first pair of the slice
  Index size_;
  EpochOrder order_;
  BatchLayout layout_ = {};  // of the epoch; not laid out if no sample is shared
  std::shared_ptr<const Shared> shared_;
  std::shared_ptr<const Classes> classes_ = {};  // of all samples; null if unknown
};

template <Scalar S>
Pairs<S> Pairs<S>::slice(Index first, Index count) const {
  if (first < 0 || count <= 0 || first > size_ - count) {
    throw ValueError({"a slice of ", count, " pairs from pair ", first, " on was asked for, but there are ", size_,
                      ", and a slice is at least one"});
  }
  Pairs part = *this;
  part.start_ += first;
  part.size_ = count;
  part.order_ = EpochOrder(count);
  part.layout_ = {};
  return part;
}

template <Scalar S>
void Pairs<S>::start_epoch(std::uint64_t seed, Index epoch, Index batch_size, bool shuffle, const StopFlag* stop) {
  order_.start(seed, epoch, batch_size, shuffle, stop);
  const auto pair_at = [this](Index pair) { return indices(pair); };
  if (shared_->sharing && !stop_requested(stop)) layout_.arrange(order_, size_, a_.size(), pair_at, stop);
  if (stop_requested(stop)) *this = slice(0, size_);
}

template <Scalar S>
void Pairs<S>::batch(Index k, Batch<S>& out) const {
  out.clear();
  const Index count = order_.batch_size(k);
  if (layout_) {
    layout_.fill(k, out);
  } else {
    out.disjoint = true;
    for (Index i = 0; i < count; ++i) {
      const auto [a, b] = indices(order_.item(k, i));
      out.samples.push_back(a);
      out.samples.push_back(b);
      out.pairs.push_back({2 * i, 2 * i + 1});
    }
  }
  for (Index i = 0; i < count; ++i) {
    const Index pair = order_.item(k, i);
    out.similar.push_back(similar(pair));
    if (!shared_->weights.empty()) out.weight.push_back(at(shared_->weights, start_ + pair));
  }
}

template <Scalar S>
void Pairs<S>::make_shared_state(std::vector<PairIndex> indices, Labels labels, std::vector<S> weights, bool sharing) {
  if (labels.size() != size_) {
    throw ShapeError({"there are ", size_, " pairs, but ", labels.size(), " labels: one per pair is needed"});
  }
  if (!weights.empty() && length(weights) != size_) {
    throw ShapeError(
        {"there are ", size_, " pairs, but ", weights.size(), " weights: one per pair is needed, or none"});
  }
  for (Index i = 0; i < length(weights); ++i) {
    if (!std::isfinite(at(weights, i)) || at(weights, i) < 0) {
      throw ValueError({"the weight is ", at(weights, i), ", but a weight must be finite and >= 0"}, {.pair = i});
    }
  }
  shared_ = std::make_shared<const Shared>(Shared{std::move(indices), std::move(labels), std::move(weights), sharing});
}

}  // namespace gemel
