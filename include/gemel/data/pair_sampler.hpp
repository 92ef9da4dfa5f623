#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/random.hpp"
#include "gemel/core/stop.hpp"
#include "gemel/core/types.hpp"
#include "gemel/data/batch_layout.hpp"
#include "gemel/data/classes.hpp"
#include "gemel/data/epoch_order.hpp"
#include "gemel/data/pair_source.hpp"
#include "gemel/data/pairs.hpp"
#include "gemel/data/samples.hpp"

namespace gemel {

/// Options of a PairSampler.
struct PairSamplerOptions {
  double similar_share = 0.5;  ///< Fraction of an epoch's pairs that are similar, in [0, 1].
  Index pairs_per_sample = 2;  ///< Number of pairs per epoch, divided by the number of samples.
};

/// A PairSource that draws new pairs for every epoch from samples and their classes.
///
/// All samples are equally often the first sample of a pair, as far as the numbers allow: with the default options,
/// each sample is the first sample of one similar and one dissimilar pair per epoch. The second sample is drawn
/// uniformly: for a similar pair from the other samples of the same class, for a dissimilar pair from the samples of
/// all other classes. A sample that is alone in its class is in dissimilar pairs only.
///
/// Each pair is a function of (seed, epoch, index of the pair). Without shuffling, the similar pairs are evenly spaced
/// among the dissimilar ones (with a similar_share of 0.5 the two alternate). Within the similar pairs, and within the
/// dissimilar ones, the first samples come class by class.
template <Scalar S>
class PairSampler {
 public:
  /// @{
  /// Copies share the samples. A move copies too, for the reason given at Samples.
  PairSampler(const PairSampler&) = default;
  PairSampler& operator=(const PairSampler&) = default;
  /// @}

  /// A sampler of pairs of the samples x (features x n), given the class of each. Throws ShapeError if there is not one
  /// class per sample; ValueError if there is only one class, an option is out of range, an epoch would have 2^31 pairs
  /// or more, or similar pairs are asked for but no class has two samples.
  PairSampler(Samples<S> x, Classes classes, PairSamplerOptions options = {}) : x_(std::move(x)), order_(0) {
    if (classes.size() != x_.size()) {
      throw ShapeError(
          {"there are ", x_.size(), " samples, but ", classes.size(), " class labels: one per sample is needed"});
    }
    if (classes.count() < 2) {
      throw ValueError({"all samples are of class ", classes.value(0), ": dissimilar pairs need at least two classes"});
    }
    if (!(options.similar_share >= 0 && options.similar_share <= 1)) {
      throw ValueError({"similar_share is ", options.similar_share, ", but it must be in [0, 1]"});
    }
    if (options.pairs_per_sample <= 0) {
      throw ValueError({"pairs_per_sample is ", options.pairs_per_sample, ", but it must be at least 1"});
    }
    if (options.pairs_per_sample > max_pairs / x_.size()) {
      throw ValueError({"pairs_per_sample is ", options.pairs_per_sample, ", but ", x_.size(), " samples can have ",
                        max_pairs / x_.size(), " at most: an epoch has less than 2^31 pairs"});
    }
    count_ = x_.size() * options.pairs_per_sample;
    similar_count_ = static_cast<Index>(std::llround(static_cast<double>(count_) * options.similar_share));
    order_ = EpochOrder(count_);

    std::vector<Index> firsts;
    std::vector<Index> alone;
    for (Index c = 0; c < classes.count(); ++c) {
      const std::span<const Index> members = classes.members(c);
      auto& list = members.size() > 1 ? firsts : alone;
      list.insert(list.end(), members.begin(), members.end());
    }
    if (firsts.empty() && similar_count_ > 0) {
      throw ValueError(
          "no class has two samples, so there are no similar pairs: give more samples of a class, or set similar_share "
          "= 0");
    }
    const Index partnered = length(firsts);
    firsts.insert(firsts.end(), alone.begin(), alone.end());
    shared_ = std::make_shared<const Shared>(Shared{std::move(classes), std::move(firsts), partnered});
  }

  /// The number of pairs per epoch.
  Index size() const { return count_; }

  /// The number of features per sample.
  Index features() const { return x_.features(); }

  /// The pairs that epoch 0 has with this seed, as fixed pairs for validation or tests. The pairs know their classes.
  Pairs<S> pairs(std::uint64_t seed) const {
    std::vector<PairIndex> drawn;
    draw(seed, 0, drawn);
    std::vector<std::uint8_t> similar;
    similar.reserve(drawn.size());
    for (const auto [first, second] : drawn) similar.push_back(shared_->classes.same(first, second));
    return Pairs<S>{x_, std::move(drawn), similar}.with_classes(shared_->classes);
  }

  /// Draws the pairs of an epoch; required by the PairSource concept (data/pair_source.hpp). Throws ValueError unless
  /// batch_size is positive. After the first shuffled epoch, only an epoch with more batches than before allocates.
  void start_epoch(std::uint64_t seed, Index epoch, Index batch_size, bool shuffle, const StopFlag* stop = nullptr) {
    order_.start(seed, epoch, batch_size, shuffle, stop);
    draw(seed, epoch, pairs_, stop);
    const auto pair_at = [this](Index q) { return pairs_[static_cast<std::size_t>(q)]; };
    if (!stop_requested(stop)) layout_.arrange(order_, count_, x_.size(), pair_at, stop);
    if (stop_requested(stop)) pairs_.clear();
  }
  /// The number of batches of the epoch.
  Index batches() const { return order_.batches(); }

  /// Sets `out` to batch k. Throws ValueError before the first `start_epoch`, after a stopped one, and if there is no
  /// such batch.
  void batch(Index k, Batch<S>& out) const {
    if (pairs_.empty()) throw ValueError("no pairs are drawn yet: call start_epoch before batch");
    out.clear();
    const Index count = order_.batch_size(k);
    layout_.fill(k, out);
    for (Index i = 0; i < count; ++i) {
      const auto [first, second] = pairs_[static_cast<std::size_t>(order_.item(k, i))];
      out.similar.push_back(shared_->classes.same(first, second));
    }
  }
  /// A pointer to the features of sample j of batch k. Throws ValueError before the first `start_epoch`, and if there
  /// is no such sample or batch. The buffer is not used.
  const S* column(Index k, Index j, S* /*buffer*/) const { return x_.column(layout_.sample(k, j)); }

 private:
  // Small enough that products of two counts fit into 64 bits.
  static constexpr Index max_pairs = std::numeric_limits<std::int32_t>::max();

  struct Shared {
    Classes classes;
    std::vector<Index> firsts;  // all samples, class by class; samples that are alone in their class come last
    Index partnered;            // the number of samples that are not alone in their class
  };

  /// The number of similar pairs among the first q.
  Index similar_among(Index q) const { return static_cast<Index>(std::int64_t{q} * similar_count_ / count_); }

  void draw(std::uint64_t seed, Index epoch, std::vector<PairIndex>& out, const StopFlag* stop = nullptr) const {
    const std::uint64_t epoch_seed = mix(seed, static_cast<std::uint64_t>(epoch));
    const Classes& classes = shared_->classes;
    // The walk through the firsts begins at a random one, so that an epoch with fewer pairs than samples does not
    // always have the same first samples.
    Rng starts{epoch_seed, static_cast<std::uint64_t>(count_)};
    const Index start = starts.below(x_.size());

    out.clear();
    out.reserve(static_cast<std::size_t>(count_));
    for (Index q = 0; q < count_; ++q) {
      if (q % 65536 == 0 && stop_requested(stop)) return;
      Rng rng{epoch_seed, static_cast<std::uint64_t>(q)};
      // Similar pairs are evenly spaced: floor(q * similar_count / count) of them come before pair q.
      const Index similar_before = similar_among(q);
      const bool similar = similar_among(q + 1) > similar_before;
      const Index first = similar ? walk(start, similar_before, similar_count_, shared_->partnered)
                                  : walk(start, q - similar_before, count_ - similar_count_, x_.size());
      const Index c = classes.of(first);
      const std::span<const Index> members = classes.members(c);
      Index second = 0;
      if (similar) {
        // Draws from the members without `first`: since they ascend, members from `first` on move up by one.
        const auto i = static_cast<std::size_t>(rng.below(length(members) - 1));
        second = members[i] < first ? members[i] : members[i + 1];
      } else {
        second = classes.non_member(c, rng.below(x_.size() - length(members)));
      }
      out.push_back({first, second});
    }
  }

  /// The sample at step t of `steps` evenly spaced steps through the first n elements of `firsts`, beginning at
  /// `start`. If there are more than n steps, the walk goes round several times, one element per step.
  Index walk(Index start, Index t, Index steps, Index n) const {
    const Index position = steps < n ? static_cast<Index>(std::int64_t{t} * n / steps) : t;
    return shared_->firsts[static_cast<std::size_t>((start + position) % n)];
  }

  Samples<S> x_;
  Index count_ = 0;
  Index similar_count_ = 0;
  EpochOrder order_;
  std::shared_ptr<const Shared> shared_;
  std::vector<PairIndex> pairs_;  // of the current epoch
  BatchLayout layout_ = {};
};

}  // namespace gemel
