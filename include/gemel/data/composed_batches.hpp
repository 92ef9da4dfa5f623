#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "gemel/core/error.hpp"
#include "gemel/core/random.hpp"
#include "gemel/core/stop.hpp"
#include "gemel/core/types.hpp"
#include "gemel/data/pair_source.hpp"
#include "gemel/data/sample_lists.hpp"
#include "gemel/data/samples.hpp"

namespace gemel {

/// A function that composes the batches of ComposedBatches. `plan(rng, k, batch)` fills the empty `batch`, which is
/// batch k of an epoch: its samples (as columns of all samples), and its pairs, labels and weights (see Batch).
///
/// Its random numbers must come from rng, a stream of (seed, epoch, k), and the batch must depend on nothing else that
/// changes. The plan is called on a const object, twice per batch, and perhaps by several threads at the same time.
template <class Plan, class S>
concept BatchPlan = std::copy_constructible<Plan> && std::invocable < const Plan&,
        Rng&, Index, Batch<S>
& > ;

/// Options of ComposedBatches.
struct ComposedBatchesOptions {
  Index batches = 0;  ///< Number of batches per epoch; to be given, at least 1.
};

/// A PairSource whose batches are composed by a plan of yours, if ClassBatches cannot compose them. For example, each
/// batch could have one sample and its similar and dissimilar ones from a list:
///
///   const auto plan = [list](Rng& rng, Index, Batch<float>& batch) {
///     const Triplet& chosen = list[static_cast<std::size_t>(rng.below(length(list)))];
///     batch.samples = {chosen.anchor, chosen.positive, chosen.negative};
///     batch.pairs = {{0, 1}, {0, 2}};
///     batch.similar = {1, 0};
///   };
///   ComposedBatches source{x, plan, {.batches = 500}};  // x: Samples<float>
///
/// fit's options batch_size and shuffle have no effect on these batches; batch_size is still that of the validation.
/// If the plan allocates nothing and no batch is larger than those before, nothing is allocated after the first epoch.
template <Scalar S, class Plan>
class ComposedBatches {
  static_assert(BatchPlan<Plan, S>,
                "gemel: a plan is a function plan(Rng& rng, Index k, Batch<S>& batch) that is callable on a const "
                "object, so a lambda must not be mutable (data/composed_batches.hpp)");

 public:
  /// @{
  /// Copies share the samples. A move copies too, for the reason given at Samples.
  ComposedBatches(const ComposedBatches&) = default;
  ComposedBatches& operator=(const ComposedBatches&) = default;
  /// @}

  /// Batches of the samples x (features x n). Throws ValueError unless options.batches is positive.
  ComposedBatches(Samples<S> x, Plan plan, ComposedBatchesOptions options)
      : x_(std::move(x)), plan_(std::move(plan)), batches_(options.batches) {
    if (batches_ < 1) {
      throw ValueError({"batches is ", batches_, ", but an epoch must have at least 1: set it in the options"});
    }
  }

  /// The number of features per sample.
  Index features() const { return x_.features(); }

  /// Composes the batches of an epoch; required by the PairSource concept (data/pair_source.hpp). Throws ShapeError or
  /// ValueError, with epoch and batch, if a batch is not valid (see Batch::check) or has a sample that does not exist;
  /// and whatever the plan throws. A stopped epoch has no batches.
  void start_epoch(std::uint64_t seed, Index epoch, Index /*batch_size*/, bool /*shuffle*/,
                   const StopFlag* stop = nullptr) {
    seed_ = mix(seed, static_cast<std::uint64_t>(epoch));
    lists_.clear();
    for (Index k = 0; k < batches_; ++k) {
      if (stop_requested(stop)) return lists_.clear();
      compose(k, composed_);
      const Place place{.epoch = epoch, .batch = k};
      composed_.check(place);
      for (const Index sample : composed_.samples) {
        if (sample < 0 || sample >= x_.size()) {
          throw ValueError({"the plan gave sample ", sample, ", but the samples are 0 to ", x_.size() - 1}, place);
        }
        lists_.add(sample);
      }
      lists_.end_batch();
      max_samples_ = std::max(max_samples_, composed_.samples.size());
      max_pairs_ = std::max(max_pairs_, composed_.pairs.size());
      max_weights_ = std::max(max_weights_, composed_.weight.size());
    }
  }
  /// The number of batches of the epoch.
  Index batches() const { return batches_; }

  /// Sets `out` to batch k. Throws ValueError if no epoch has begun, if there is no such batch, or if the plan now
  /// gives other samples than in start_epoch, so that it depends on something else than rng and k.
  void batch(Index k, Batch<S>& out) const {
    const std::span<const Index> samples = lists_.batch(k);
    out.samples.reserve(max_samples_);
    out.pairs.reserve(max_pairs_);
    out.similar.reserve(max_pairs_);
    out.weight.reserve(max_weights_);
    compose(k, out);
    if (std::ranges::equal(out.samples, samples)) return;
    throw ValueError(
        "the plan gave other samples when it was called for this batch a second time: it must draw from its rng only, "
        "and depend on nothing that changes",
        {.batch = k});
  }
  /// A pointer to the features of sample j of batch k. Throws ValueError if no epoch has begun, if there is no such
  /// batch, or if it has no such sample. The buffer is not used.
  const S* column(Index k, Index j, S* /*buffer*/) const { return x_.column(lists_.sample(k, j)); }

 private:
  void compose(Index k, Batch<S>& out) const {
    out.clear();
    Rng rng{seed_, static_cast<std::uint64_t>(k)};
    plan_(rng, k, out);
  }

  Samples<S> x_;
  Plan plan_;
  Index batches_;
  std::uint64_t seed_ = 0;                                         // of the epoch
  detail::SampleLists lists_ = {};                                 // of the epoch
  Batch<S> composed_ = {};                                         // memory for start_epoch
  std::size_t max_samples_ = 0, max_pairs_ = 0, max_weights_ = 0;  // per batch, of all epochs so far
};

/// @{
/// ComposedBatches of a matrix or Samples; S and Plan are deduced.
template <Scalar S, class Plan>
ComposedBatches(Samples<S>, Plan, ComposedBatchesOptions) -> ComposedBatches<S, Plan>;
template <class Derived, class Plan>
ComposedBatches(const Eigen::MatrixBase<Derived>&, Plan, ComposedBatchesOptions)
    -> ComposedBatches<typename Derived::Scalar, Plan>;
/// @}

}  // namespace gemel
