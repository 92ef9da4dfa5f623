#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>

#include "gemel/core/error.hpp"
#include "gemel/core/team.hpp"
#include "gemel/data/pair_source.hpp"
#include "gemel/loss/loss.hpp"
#include "gemel/optimizer/optimizer.hpp"
#include "gemel/training/backward_pass.hpp"
#include "gemel/training/batch_memory.hpp"
#include "gemel/training/forward_pass.hpp"
#include "gemel/training/parameter_update.hpp"

namespace gemel {

/// Options of a TrainingStep.
struct TrainingStepOptions {
  Index threads = 1;          ///< number of threads; no result depends on it
  bool skip_inactive = true;  ///< leave samples that no slope reaches out of the backward pass; no result depends on it
  std::uint64_t seed = 0;     ///< of what layers draw (Dropout)
};

/// Trains a siamese model batch by batch: forward, loss, backward, update. `fit` is the loop around it. For a loop of
/// your own:
///
///   TrainingStep step{model, ContrastiveLoss{}, optimizer};
///   for (Index epoch = 0; epoch < 20; ++epoch) {
///     pairs.start_epoch(seed, epoch, 32, true);
///     for (Index k = 0; k < pairs.batches(); ++k) loss = step(pairs, k);
///   }
///
/// The parameters change only when a batch is finite from its features to the squares of its gradient. Otherwise
/// NonFiniteError names the batch and the place in it: the sample and the feature, the layer, or the pair; parameters
/// and optimizer are then as before the batch.
///
/// A TrainingStep refers to the model and the optimizer, which must outlive it. After the first batch (of the largest
/// size) it allocates nothing. It can be moved; using one that was moved from throws ValueError.
///
/// Its threads share the work without a reduction. Each owns samples and pairs through the forward and the backward
/// pass; after a barrier each owns blocks of parameters. Every sum has one order, so that the bits do not depend on the
/// number of threads.
template <class Model, class LossType, class OptimizerType>
class TrainingStep {
  using S = typename Model::Scalar;
  using Net = std::remove_cvref_t<decltype(std::declval<Model&>().network())>;
  static_assert(Loss<LossType, S>, "gemel: this type does not model the Loss concept (loss/loss.hpp)");
  static_assert(
      Optimizer<OptimizerType, S>,
      "gemel: this type does not model the Optimizer concept (optimizer/optimizer.hpp): it lacks a member, such as "
      "clipping(), has one with another signature, or is of another scalar");

 public:
  /// Trains `model` on `loss` by `optimizer`. Throws ValueError for a number of threads below 1 or above max_threads.
  [[gnu::cold]] TrainingStep(Model& model, LossType loss, OptimizerType& optimizer, TrainingStepOptions options = {})
      : loss_(std::move(loss)),
        model_(&model),
        skip_inactive_(options.skip_inactive),
        memory_(model.network(), options.seed),
        update_(model.network(), optimizer) {
    make_team(options.threads);
  }

  /// Trains batch k of the source's present epoch; returns its loss, taken before the update.
  template <PairSource<S> Source>
  double operator()(const Source& source, Index k) {
    run(source, k, {.epoch = epoch_, .batch = k}, true, [&](Index member) {
      const detail::BackwardPass backward{*model_, memory_};
      backward.run(member, skip_inactive_);
      update_.measure_parameters(memory_, member);
      team_->barrier([&] {
        backward.gather_active();
        update_.plan(memory_);
      });
      if (update_.needs_whole_gradient()) {
        update_.compute_gradient(memory_, member);
        team_->barrier([&] { update_.finish_gradient(memory_.place); });
      }
      update_.update(memory_, member);
    });
    ++steps_;
    return batch_loss_;
  }

  /// The loss of batch k for the present parameters; nothing is trained. Dropout is off, unless `training`.
  template <PairSource<S> Source>
  double evaluate(const Source& source, Index k, bool training = false) {
    run(source, k, {.epoch = epoch_, .batch = k, .validation = !training}, training, [](Index) {});
    return batch_loss_;
  }

  /// dLoss/dparameters of batch k, without an update: gradient checks compare it. Clipping is not applied.
  template <PairSource<S> Source>
  std::span<const S> gradient(const Source& source, Index k) {
    check_not_moved_from();
    update_.make_gradient();
    run(source, k, {.epoch = epoch_, .batch = k}, true, [&](Index member) {
      const detail::BackwardPass backward{*model_, memory_};
      backward.run(member, skip_inactive_);
      team_->barrier([&] { backward.gather_active(); });
      update_.compute_gradient(memory_, member);
    });
    return update_.gradient();
  }

  /// Allocates what the batches of a source need, as large as its first batch, so that nothing is allocated when they
  /// come.
  template <PairSource<S> Source>
  [[gnu::cold]] void reserve(const Source& source) {
    check_not_moved_from();
    memory_.load(model_->network(), source, 0, {.epoch = epoch_, .batch = 0, .validation = true}, threads());
    memory_.batch.clear();  // none of it was computed
  }

  /// Number of pairs in the last batch.
  Index batch_size() const { return memory().pairs(); }
  /// Distances of those pairs before the update.
  std::span<const S> distances() const { return memory().d.span(0, memory().pairs()); }
  /// Number of samples in the last batch's backward pass.
  Index active_samples() const { return memory().active; }

  /// Number of threads; 0 after it was moved from.
  Index threads() const { return team_ ? team_->size() : 0; }
  /// Sets the number of threads; allocates only where it exceeds every number before. Throws ValueError where it is
  /// below 1 or above max_threads.
  [[gnu::cold]] void threads(Index count) {
    check_not_moved_from();
    if (count >= 1 && count <= team_->capacity()) return team_->use(count);
    make_team(count);
  }

  /// Sets the epoch that errors name.
  void epoch(Index epoch) { epoch_ = epoch; }
  /// Number of batches trained so far: dropout draws from it and the seed.
  std::uint64_t steps() const { return steps_; }
  /// Sets that number, for a training that is resumed.
  void steps(std::uint64_t count) { steps_ = count; }

  /// The largest |feature| of all batches since `reset_ranges`.
  S max_abs_feature() const { return memory().epoch_ranges.max_abs_feature(); }
  /// The largest |output| of layer k since then: 0 where all its units are dead.
  S max_abs_output(Index k) const { return memory().epoch_ranges.max_abs_output(k); }
  /// The largest distance since then.
  S max_abs_distance() const { return memory().epoch_ranges.max_abs_distance(); }
  /// Whether there was a pair with this label since then.
  bool has_label(bool similar) const { return memory().epoch_ranges.has_label(similar); }
  /// Begins anew to measure the ranges above; `fit` does so before each epoch.
  void reset_ranges() {
    check_not_moved_from();
    memory_.epoch_ranges.reset();
  }

  /// Throws ShapeError where the model's network is not of the sizes that it had when this was constructed: it was
  /// replaced or moved from. Each batch begins with this check.
  void check_model() const { memory().check(model_->network()); }

 private:
  void check_not_moved_from() const {
    if (!team_) throw ValueError("this TrainingStep was moved from: go on with the one that it was moved to");
  }
  const detail::BatchMemory<S>& memory() const {
    check_not_moved_from();
    return memory_;
  }

  [[gnu::cold]] void make_team(Index size) {
    if (size < 1 || size > max_threads) {
      throw ValueError({"threads must be 1 to ", max_threads, ", but is ", size});
    }
    memory_.make_members(size);
    update_.make_members(size);
    team_ = std::make_unique<Team>(size);
  }

  /// Runs batch k up to its loss, and then `then`, on all members.
  template <class Source, class Then>
  void run(const Source& source, Index k, const Place& place, bool training, const Then& then) {
    check_not_moved_from();
    memory_.step = steps_;
    memory_.load(model_->network(), source, k, place, threads());
    team_->run([&](Index member) {
      const detail::ForwardPass forward{*model_, memory_};
      forward.embed(source, k, member, training);
      if (!memory_.independent) team_->barrier();
      forward.measure(member);
      team_->barrier([&] { batch_loss_ = forward.evaluate_loss(loss_); });
      then(member);
    });
  }

  LossType loss_;
  Model* model_;
  bool skip_inactive_;
  detail::BatchMemory<S> memory_;
  detail::ParameterUpdate<Net, OptimizerType> update_;
  std::unique_ptr<Team> team_ = {};  // null after it was moved from
  double batch_loss_ = 0;
  std::uint64_t steps_ = 0;
  std::optional<Index> epoch_ = {};
};

}  // namespace gemel
