#pragma once

#include <cmath>
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

/// Pairs that stay the same in every epoch; a PairSource. Copies and slices share samples, labels, weights and classes.
///
/// A sample may be paired with itself: the distance is 0, to evaluate with, but there is nothing to learn from it.
///
/// A batch holds each of its samples once (so it is embedded once); it is disjoint where none is in two of its pairs.
/// The samples' numbers are those of X, or, for two matrices, i for A's sample i and A.size() + i for B's.
template <Scalar S>
class Pairs {
 public:
  // Not moved but copied: what is moved from would keep its size without what it is the size of (see Samples).
  Pairs(const Pairs&) = default;
  Pairs& operator=(const Pairs&) = default;

  /// Pair i is sample i of A and sample i of B. Weights scale a pair's loss; none: all 1.
  /// Throws ShapeError where the sizes differ, ValueError where a weight is negative or not finite.
  [[gnu::cold]] Pairs(Samples<S> a, Samples<S> b, Labels labels, std::vector<S> weights = {})
      : a_(std::move(a)), b_(std::move(b)), size_(a_.size()), order_(size_) {
    if (a_.features() != b_.features()) {
      throw ShapeError({"the two samples of a pair need as many features, but A has ", a_.features(), " and B has ",
                        b_.features(), " (features x n: one sample a column)"});
    }
    if (a_.size() != b_.size()) {
      throw ShapeError({"A and B need as many samples, but A has ", a_.size(), " and B has ", b_.size(),
                        " (features x n: one sample a column)"});
    }
    share({}, std::move(labels), std::move(weights), false);
  }

  /// Pair i is the samples index_pairs[i].first and .second of X.
  /// Throws ShapeError where the sizes differ or there is no pair, ValueError where an index is not one of X's samples,
  /// or a weight is negative or not finite.
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
    share(std::move(index_pairs), std::move(labels), std::move(weights), sharing);
  }

  /// The same pairs, which know whose samples they are made of: `classes` has one a sample, by the samples' numbers
  /// (for two matrices, A's are before B's; for a slice, they are those of all samples). Throws ShapeError where it has
  /// not, ValueError where a pair is labelled similar and of two classes, or dissimilar and of one.
  [[gnu::cold]] Pairs with_classes(const Classes& classes) const {
    if (classes.size() != samples()) {
      throw ShapeError({"the pairs are of ", samples(), " samples, but there are ", classes.size(),
                        " class labels: one a sample is needed"});
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

  Index size() const { return size_; }
  Index features() const { return a_.features(); }

  /// How many samples these pairs were chosen from, A's and B's or X's; they are numbered from 0. A slice has as many.
  Index samples() const { return offset_of_second() + b_.size(); }
  /// Whether a sample is in two of these pairs, or twice in one; of a slice: whether it is so in what it is a slice of.
  bool sharing() const { return shared_->sharing; }

  /// The numbers of pair i's samples.
  PairIndex indices(Index i) const {
    const auto [a, b] = columns(i);
    return {a, offset_of_second() + b};
  }
  /// Where the features of pair i's samples lie.
  const S* first(Index i) const { return a_.column(columns(i).first); }
  const S* second(Index i) const { return b_.column(columns(i).second); }
  bool similar(Index i) const { return shared_->labels[start_ + i]; }

  /// One a pair, or none: all 1.
  std::span<const S> weights() const {
    const std::span<const S> all = shared_->weights;
    return all.empty() ? all : all.subspan(static_cast<std::size_t>(start_), static_cast<std::size_t>(size_));
  }

  Labels labels() const {
    return shared_->labels.span().subspan(static_cast<std::size_t>(start_), static_cast<std::size_t>(size_));
  }

  /// The classes of both samples of each pair, for an interval that draws people; empty where they are not known.
  std::vector<PairIdentity> identities() const {
    std::vector<PairIdentity> identities;
    if (!classes_) return identities;
    identities.reserve(static_cast<std::size_t>(size_));
    const auto identity = [this](Index sample) { return static_cast<Index>(classes_->value(classes_->of(sample))); };
    for (Index i = 0; i < size_; ++i) identities.push_back({identity(indices(i).first), identity(indices(i).second)});
    return identities;
  }

  /// The pairs first, …, first + count - 1, in their natural order. Throws ValueError where they are not all there, or
  /// count is 0.
  [[gnu::cold]] Pairs slice(Index first, Index count) const {
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

  /// The PairSource: see pair_source.hpp. Before any `start_epoch` the pairs come in their order, 32 a batch, all of
  /// them disjoint.
  void start_epoch(std::uint64_t seed, Index epoch, Index batch_size, bool shuffle, const StopFlag* stop = nullptr) {
    order_.start(seed, epoch, batch_size, shuffle, stop);
    const auto pair_at = [this](Index pair) { return indices(pair); };
    if (shared_->sharing && !stop_requested(stop)) layout_.arrange(order_, size_, a_.size(), pair_at, stop);
    if (stop_requested(stop)) *this = slice(0, size_);
  }
  Index batches() const { return order_.batches(); }
  void batch(Index k, Batch<S>& out) const {
    out.clear();
    const Index count = order_.batch_size(k);
    if (layout_) {
      layout_.fill(k, out);
    } else {
      out.disjoint = true;
      for (Index i = 0; i < count; ++i) {
        const auto [a, b] = indices(order_.pair(k, i));
        out.samples.push_back(a);
        out.samples.push_back(b);
        out.pairs.push_back({2 * i, 2 * i + 1});
      }
    }
    for (Index i = 0; i < count; ++i) {
      const Index pair = order_.pair(k, i);
      out.similar.push_back(similar(pair));
      if (!shared_->weights.empty()) out.weight.push_back(at(shared_->weights, start_ + pair));
    }
  }
  const S* column(Index k, Index j, S* /*buffer*/) const {
    if (layout_) return a_.column(layout_.sample(k, j));
    const Index pair = order_.pair(k, j >> 1);  // a shift: of j = -1 it makes no pair 0
    return (j & 1) == 0 ? first(pair) : second(pair);
  }

 private:
  struct Shared {
    std::vector<PairIndex> indices;  // empty: pair i is sample i of A and sample i of B
    Labels labels;
    std::vector<S> weights;  // empty: all 1
    bool sharing;            // whether a sample is in two pairs, or twice in one
  };

  template <class T>
  static const T& at(const std::vector<T>& values, Index i) {
    return values[static_cast<std::size_t>(i)];
  }

  [[gnu::cold]] void share(std::vector<PairIndex> indices, Labels labels, std::vector<S> weights, bool sharing) {
    if (labels.size() != size_) {
      throw ShapeError({"there are ", size_, " pairs, but ", labels.size(), " labels: one a pair is needed"});
    }
    if (!weights.empty() && length(weights) != size_) {
      throw ShapeError(
          {"there are ", size_, " pairs, but ", weights.size(), " weights: one a pair is needed, or none"});
    }
    for (Index i = 0; i < length(weights); ++i) {
      if (!std::isfinite(at(weights, i)) || at(weights, i) < 0) {
        throw ValueError({"the weight is ", at(weights, i), ", but a weight must be finite and >= 0"}, {.pair = i});
      }
    }
    shared_ =
        std::make_shared<const Shared>(Shared{std::move(indices), std::move(labels), std::move(weights), sharing});
  }

  /// Which column of A (or X) and which of B (or X) pair i is.
  PairIndex columns(Index i) const {
    return shared_->indices.empty() ? PairIndex{start_ + i, start_ + i} : at(shared_->indices, start_ + i);
  }

  /// The number that B's first sample has.
  Index offset_of_second() const { return shared_->indices.empty() ? a_.size() : 0; }

  Samples<S> a_;
  Samples<S> b_;
  Index start_ = 0;  // of the slice
  Index size_;
  EpochOrder order_;
  BatchLayout layout_ = {};  // of the epoch; none where no two pairs share a sample
  std::shared_ptr<const Shared> shared_;
  std::shared_ptr<const Classes> classes_ = {};  // of the samples, by their numbers; null where they are not known
};

}  // namespace gemel
