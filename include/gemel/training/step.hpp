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
#include "gemel/training/batch_pass.hpp"
#include "gemel/training/parameter_update.hpp"

namespace gemel {

struct TrainingStepOptions {
  Index threads = 1;          ///< no result depends on it
  bool skip_inactive = true;  ///< leave samples that no slope reaches out of the backward pass; nor on this
  std::uint64_t seed = 0;     ///< of what layers draw (Dropout)
};

/// Trains a siamese model batch by batch: forward, loss, backward, update. `fit` is the loop around it; for a loop of
/// one's own:
///
///   TrainingStep step{model, ContrastiveLoss{}, optimizer};
///   for (Index epoch = 0; epoch < 20; ++epoch) {
///     pairs.start_epoch(seed, epoch, 32, true);
///     for (Index k = 0; k < pairs.batches(); ++k) loss = step(pairs, k);
///   }
///
/// The parameters change only when a batch is finite from its features to the squares of its gradient: else
/// NonFiniteError names the batch and where in it: the sample and the feature, the layer, or the pair. Parameters and
/// optimizer are then what they were.
/// It refers to the model and the optimizer, which must outlive it. After the first batch (of the largest size) it
/// allocates nothing. One that was moved from throws ValueError.
///
/// How its threads share the work without a reduction: each owns whole pairs through forward and backward pass
/// (BatchPass); after a barrier each owns blocks of parameters (ParameterUpdate). Every sum has one order, so that the
/// bits do not depend on the number of threads.
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
  [[gnu::cold]] TrainingStep(Model& model, LossType loss, OptimizerType& optimizer, TrainingStepOptions options = {})
      : loss_(std::move(loss)),
        pass_(std::make_unique<BatchPass<Model>>(model, options.seed, options.skip_inactive)),
        parameters_(model.network(), optimizer, pass_->memory()) {
    threads(options.threads);
  }

  /// Trains batch k of the source's present epoch; returns its loss, taken before the update.
  template <PairSource<S> Source>
  double operator()(const Source& source, Index k) {
    const Place place{.epoch = epoch_, .batch = k};
    run(source, k, place, true, [&](Index member) {
      pass_->backward(member);
      parameters_.measure_parameters(member, threads());
      team_->barrier([&] {
        pass_->gather_active();
        parameters_.plan(
            threads(), [&](Index q) { return pass_->max_abs_input(q); },
            [&](Index q) { return pass_->max_abs_delta(q); });
      });
      if (parameters_.needs_whole_gradient()) {
        parameters_.compute_gradient(member);
        team_->barrier([&] { parameters_.finish_gradient(place); });
      }
      parameters_.update(member);
    });
    ++steps_;
    return batch_loss_;
  }

  /// The loss of batch k as the model is; nothing is trained. Dropout is off, unless `training`.
  template <PairSource<S> Source>
  double evaluate(const Source& source, Index k, bool training = false) {
    run(source, k, {.epoch = epoch_, .batch = k, .validation = !training}, training, [](Index) {});
    return batch_loss_;
  }

  /// dLoss/dparameters of batch k, without an update: what gradient checks compare. Clipping is not applied.
  template <PairSource<S> Source>
  std::span<const S> gradient(const Source& source, Index k) {
    parameters_.reserve_gradient(threads());
    run(source, k, {.epoch = epoch_, .batch = k}, true, [&](Index member) {
      pass_->backward(member);
      team_->barrier([&] { pass_->gather_active(); });
      parameters_.compute_gradient(member);
    });
    return parameters_.gradient();
  }

  /// Makes room for the batches of a source, as large as its first: nothing is allocated when they come.
  template <PairSource<S> Source>
  [[gnu::cold]] void reserve(const Source& source) {
    pass().load(source, {.epoch = epoch_, .batch = 0, .validation = true}, 0, threads());
    pass_->memory().batch.clear();  // none of it was computed
  }

  /// The pairs of the last batch, and their distances before its update.
  Index batch_size() const { return memory().pairs(); }
  std::span<const S> distances() const { return memory().d.span(0, memory().pairs()); }
  /// The samples that the last batch's backward pass was about.
  Index active_samples() const { return memory().active; }

  Index threads() const { return team_ ? team_->size() : 0; }
  /// Uses so many threads from now on; allocates nothing where there were as many before. Throws ValueError where the
  /// number is none, or beyond any machine.
  [[gnu::cold]] void threads(Index count) {
    if (count < 1 || count > most_threads) {
      throw ValueError({"threads must be 1 to ", most_threads, ", but is ", count});
    }
    if (team_ && count <= team_->capacity()) return team_->use(count);
    pass().make_room(count);
    parameters_.make_room(count);
    team_ = std::make_unique<Team>(count);
  }

  /// The epoch that errors name.
  void epoch(Index epoch) { epoch_ = epoch; }
  /// How many batches were trained: with the seed, what dropout draws from.
  std::uint64_t steps() const { return steps_; }
  void steps(std::uint64_t count) { steps_ = count; }

  /// The largest |feature| since `forget_maxima`, and the largest |output| of layer k: 0 where all its units are dead.
  S max_abs_feature() const { return pass().max_abs_feature(); }
  S max_abs_output(Index k) const { return pass().max_abs_output(k); }
  /// The largest distance since then, and whether there was a pair with this label.
  S max_abs_distance() const { return pass().max_abs_distance(); }
  bool seen(bool similar) const { return pass().seen(similar); }
  void forget_maxima() { pass().forget_maxima(); }

  /// Throws ShapeError where the model's network is not of the sizes it had when this was constructed: another was put
  /// in its place, or it was moved from. Each batch begins with it.
  void check_model() const { pass().check_network(); }

 private:
  BatchPass<Model>& pass() const {
    if (!pass_) throw ValueError("this TrainingStep was moved from: go on with the one that it was moved to");
    return *pass_;
  }
  const BatchMemory<S>& memory() const { return std::as_const(pass()).memory(); }

  /// Runs batch k up to its loss, and then what follows, on all members.
  template <class Source, class Then>
  void run(const Source& source, Index k, const Place& place, bool training, const Then& then) {
    pass().step(steps_);
    pass_->load(source, place, k, threads());
    team_->run([&](Index member) {
      pass_->embed(source, k, member, training);
      if (!pass_->owns_pairs()) team_->barrier();
      pass_->measure(member);
      team_->barrier([&] { batch_loss_ = pass_->evaluate_loss(loss_); });
      then(member);
    });
  }

  LossType loss_;
  std::unique_ptr<BatchPass<Model>> pass_;  // in a place of its own: parameters_ refers to its memory
  ParameterUpdate<Net, OptimizerType> parameters_;
  std::unique_ptr<Team> team_ = {};
  double batch_loss_ = 0;
  std::uint64_t steps_ = 0;
  std::optional<Index> epoch_ = {};
};

}  // namespace gemel
