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
#include "gemel/training/network_view.hpp"
#include "gemel/training/parameter_update.hpp"

namespace gemel {

/// Options of a TrainingStep.
struct TrainingStepOptions {
  Index threads = 1;          ///< number of threads, 1 to max_threads; no result depends on it
  bool skip_inactive = true;  ///< leave samples whose pairs all have slope 0 out of the backward pass; same results
  std::uint64_t seed = 0;     ///< of the random numbers that layers draw (Dropout)
};

/// Trains a siamese model batch by batch: forward pass, loss, backward pass, update. `fit` is a loop around it. A loop
/// of your own looks like this:
///
///   TrainingStep step{model, ContrastiveLoss{}, optimizer};
///   for (Index epoch = 0; epoch < 20; ++epoch) {
///     pairs.start_epoch(seed, epoch, 32, true);
///     for (Index k = 0; k < pairs.batches(); ++k) loss = step(pairs, k);
///   }
///
/// The parameters change only if everything about a batch is finite, from its features to the squares of its gradient.
/// Otherwise NonFiniteError is thrown. It names the batch and the place in it: the sample and the feature, the layer,
/// or the pair. Parameters and optimizer are then as before the batch.
///
/// A TrainingStep refers to the model and the optimizer, which must outlive it. It allocates nothing after the first
/// batch of the largest size. It can be moved. For one that was moved from, threads() is 0, and every other use except
/// steps and epoch throws ValueError.
///
/// The threads divide the work so that no sum is split between them: each owns samples and pairs in the forward and the
/// backward pass and, after a barrier, blocks of parameters. Every sum has a fixed order, so that the results are
/// bit-identical for any number of threads.
template <class Model, class LossType, class OptimizerType>
class TrainingStep {
  using S = typename Model::Scalar;
  using Net = detail::NetworkView<std::remove_cvref_t<decltype(std::declval<Model&>().network())>>;
  using Metric = std::remove_cvref_t<decltype(std::declval<const Model&>().metric())>;
  static_assert(Loss<LossType, S>, "gemel: this type does not model the Loss concept (loss/loss.hpp)");
  static_assert(
      Optimizer<OptimizerType, S>,
      "gemel: this type does not model the Optimizer concept (optimizer/optimizer.hpp): it lacks a member, such as "
      "clipping(), has one with another signature, or is of another scalar");

 public:
  /// Constructs a step that trains `model` with `loss` and `optimizer`. Throws ValueError for a number of threads below
  /// 1 or above max_threads, and std::system_error if the system cannot start that many.
  [[gnu::cold]] TrainingStep(Model& model, LossType loss, OptimizerType& optimizer, TrainingStepOptions options = {})
      : loss_(std::move(loss)),
        model_(&model),
        skip_inactive_(options.skip_inactive),
        network_(std::make_unique<Net>(model.network())),
        memory_(*network_, options.seed),
        update_(*network_, optimizer) {
    make_team(options.threads);
  }

  /// Trains batch k of the source's current epoch. Returns its loss before the update. Throws ShapeError if the
  /// source's features are not the network's inputs or the model's sizes have changed since the construction,
  /// ShapeError or ValueError if the batch is not valid, ValueError if the optimizer's clipping is not valid,
  /// NonFiniteError if a number is not finite, and whatever the source, the loss or the optimizer throws.
  template <PairSource<S> Source>
  double operator()(const Source& source, Index k) {
    run(source, k, {.epoch = epoch_, .batch = k}, true, [&](Index member) {
      const Metric& metric = std::as_const(*model_).metric();
      const detail::BackwardPass backward{*network_, metric, memory_};
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

  /// Returns the loss of batch k for the current parameters, without training. Dropout is off unless `training`. Throws
  /// as the training of a batch does, but without the errors of the update.
  template <PairSource<S> Source>
  double evaluate(const Source& source, Index k, bool training = false) {
    run(source, k, {.epoch = epoch_, .batch = k, .validation = !training}, training, [](Index) {});
    return batch_loss_;
  }

  /// Returns dLoss/dparameters of batch k as a flat vector in the order of the parameters, without clipping or an
  /// update. It is valid until the next call that trains or computes a gradient. It may be NaN or infinite. Throws as
  /// the training of a batch does, but without the errors of the update.
  template <PairSource<S> Source>
  std::span<const S> gradient(const Source& source, Index k) {
    check_not_moved_from();
    update_.make_gradient();
    run(source, k, {.epoch = epoch_, .batch = k}, true, [&](Index member) {
      const Metric& metric = std::as_const(*model_).metric();
      const detail::BackwardPass backward{*network_, metric, memory_};
      backward.run(member, skip_inactive_);
      team_->barrier([&] { backward.gather_active(); });
      update_.compute_gradient(memory_, member);
    });
    return update_.gradient();
  }

  /// Allocates the memory for batches as large as the source's first one, so that they do not allocate later. The last
  /// batch is forgotten. Throws ShapeError if the source's features are not the network's inputs or the model's sizes
  /// have changed since the construction, ShapeError or ValueError if the first batch is not valid, and whatever the
  /// source throws.
  template <PairSource<S> Source>
  [[gnu::cold]] void reserve(const Source& source) {
    check_not_moved_from();
    network_->look(model_->network());
    memory_.load(*network_, source, 0, {.epoch = epoch_, .batch = 0, .validation = true}, threads());
    memory_.batch.clear();  // nothing was computed for this batch
  }

  /// Number of pairs in the last batch, trained or evaluated.
  Index batch_size() const { return memory().pairs(); }
  /// Distances of the last batch's pairs, in their order, before the update.
  std::span<const S> distances() const { return memory().d.span(0, memory().pairs()); }
  /// Number of samples in the last backward pass. `evaluate` has none, and leaves this number unchanged.
  Index active_samples() const { return memory().active; }

  /// Number of threads; 0 if this TrainingStep was moved from.
  Index threads() const { return team_ ? team_->size() : 0; }
  /// Sets the number of threads. Allocates only if it exceeds every earlier number. Throws ValueError if it is below 1
  /// or above max_threads, and std::system_error if the system cannot start that many.
  [[gnu::cold]] void threads(Index count) {
    check_not_moved_from();
    if (count >= 1 && count <= team_->capacity()) return team_->use(count);
    make_team(count);
  }

  /// Sets the epoch, from 0, that errors name.
  void epoch(Index epoch) { epoch_ = epoch; }
  /// Number of batches trained so far. Dropout's random numbers depend on it and on the seed.
  std::uint64_t steps() const { return steps_; }
  /// Sets the number of batches trained so far, to resume a training.
  void steps(std::uint64_t count) { steps_ = count; }

  /// The largest |feature| of all batches, trained or evaluated, since the last `reset_ranges`.
  S max_abs_feature() const { return memory().epoch_ranges.max_abs_feature(); }
  /// The largest |output| of layer k since the last `reset_ranges`; 0 if all its units are dead.
  S max_abs_output(Index k) const { return memory().epoch_ranges.max_abs_output(k); }
  /// The largest distance since the last `reset_ranges`.
  S max_abs_distance() const { return memory().epoch_ranges.max_abs_distance(); }
  /// Whether there was a pair with this label since the last `reset_ranges`.
  bool has_label(bool similar) const { return memory().epoch_ranges.has_label(similar); }
  /// Restarts the measurement of the largest values and labels above; `fit` does so before each epoch.
  void reset_ranges() {
    check_not_moved_from();
    memory_.epoch_ranges.reset();
  }

  /// Throws ShapeError if the model's network no longer has the sizes that it had at the construction, because it was
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

  /// Runs batch k on all members: the forward pass, the loss, and then `then`.
  template <class Source, class Then>
  void run(const Source& source, Index k, const Place& place, bool training, const Then& then) {
    check_not_moved_from();
    memory_.step = steps_;
    network_->look(model_->network());
    memory_.load(*network_, source, k, place, threads());
    team_->run([&](Index member) {
      const Metric& metric = std::as_const(*model_).metric();
      const detail::ForwardPass forward{*network_, metric, memory_};
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
  std::unique_ptr<Net> network_;  // its address stays the same when this TrainingStep is moved
  detail::BatchMemory<S> memory_;
  detail::ParameterUpdate<Net, OptimizerType> update_;
  std::unique_ptr<Team> team_ = {};  // null after it was moved from
  double batch_loss_ = 0;
  std::uint64_t steps_ = 0;
  std::optional<Index> epoch_ = {};
};

}  // namespace gemel
