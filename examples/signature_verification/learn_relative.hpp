#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "data.hpp"
#include "gemel/callback/history.hpp"
#include "gemel/callback/learning_rate.hpp"
#include "gemel/core/random.hpp"
#include "gemel/core/types.hpp"
#include "gemel/data/class_batches.hpp"
#include "gemel/data/classes.hpp"
#include "gemel/data/samples.hpp"
#include "gemel/loss/contrastive_loss.hpp"
#include "gemel/network/standardize.hpp"
#include "gemel/network/whitening.hpp"
#include "gemel/optimizer/adam.hpp"
#include "gemel/optimizer/schedule.hpp"
#include "gemel/training/fit.hpp"
#include "model.hpp"
#include "relative.hpp"
#include "relative_scorer.hpp"
#include "warp_table.hpp"

// Learns from some signers what a query looks like beside templates, for others.

namespace signature_verification {

/// The relative inputs of signatures of the data. The variances within a signer are those of `signers`.
class RelativeTask {
 public:
  RelativeTask(const Data& data, WarpTable& warps, const std::vector<Index>& signers)
      : data_(&data), warps_(&warps), within_(gemel::VectorX<double>::Zero(data.features())) {
    constexpr Index genuine = Signatures::genuine;
    for (const Index s : signers) {
      const gemel::MatrixX<double> own =
          data.samples.block(0, Data::number(s, 0), data.features(), genuine).cast<double>();
      within_ += (own.colwise() - own.rowwise().mean()).rowwise().squaredNorm();
    }
    within_ /= static_cast<double>(gemel::length(signers) * (genuine - 1));
    // A feature that is the same in all signatures of these signers tells nothing about them; others may differ in it.
    within_ = within_.cwiseMax(1e-12);
  }

  const gemel::VectorX<double>& within() const { return within_; }

  /// The relative inputs of a signature beside templates, by their numbers.
  gemel::VectorX<double> inputs(const std::vector<Index>& templates, Index query) const {
    const auto number = [&](Index i) { return templates[static_cast<std::size_t>(i)]; };
    const Warping warping = warping_of(
        gemel::length(templates), [&](Index i, Index j) { return (*warps_)(number(i), number(j)); },
        [&](Index i) { return (*warps_)(number(i), query); });
    gemel::MatrixX<float> own(data_->features(), gemel::length(templates));
    for (Index i = 0; i < own.cols(); ++i) own.col(i) = data_->samples.col(number(i)).head(own.rows());
    return relative_inputs(own, data_->samples.col(query).head(own.rows()), within_, warping);
  }

 private:
  const Data* data_;
  WarpTable* warps_;
  gemel::VectorX<double> within_;
};

namespace detail {

/// Relative inputs to learn from.
struct RelativeTraining {
  gemel::MatrixX<float> inputs;         ///< inputs x n
  std::vector<Index> set;               ///< of templates, for each column
  std::vector<std::uint8_t> is_forged;  ///< for each column
};

/// For each signer and draw, five templates of one sitting, the genuine signatures of the other one and all forgeries.
/// Signatures of one sitting are much more alike than those of two, so a network that never saw two would reject most
/// genuine signatures of another day.
inline RelativeTraining relative_training(const RelativeTask& task, const std::vector<Index>& signers,
                                          gemel::Rng& rng) {
  constexpr Index draws = 20, templates = 5, sitting = Signatures::sitting, genuine = Signatures::genuine;
  RelativeTraining training;
  std::vector<gemel::VectorX<float>> columns;
  for (const Index s : signers) {
    for (Index draw = 0; draw < draws; ++draw) {
      const Index first = draw % 2 == 0 ? 0 : sitting;
      std::vector<Index> chosen;
      for (Index k = 0; k < sitting; ++k) chosen.push_back(Data::number(s, first + k));
      shuffle(chosen, rng);
      chosen.resize(templates);
      const Index set = training.set.empty() ? 0 : training.set.back() + 1;
      for (Index k = 0; k < Data::each; ++k) {
        if (k < genuine && k / sitting == first / sitting) continue;
        columns.push_back(task.inputs(chosen, Data::number(s, k)).cast<float>());
        training.set.push_back(set);
        training.is_forged.push_back(k >= genuine);
      }
    }
  }
  training.inputs.resize(columns.front().size(), gemel::length(columns));
  for (std::size_t i = 0; i < columns.size(); ++i) training.inputs.col(static_cast<Index>(i)) = columns[i];
  return training;
}

/// The direction in which forgeries differ from genuine signatures, by Fisher's linear discriminant with shrinkage.
inline gemel::VectorX<double> forged_direction(const gemel::Samples<float>& inputs,
                                               const std::vector<std::uint8_t>& is_forged) {
  const auto discriminant =
      gemel::Whitening<>::within_class(inputs, gemel::Classes{is_forged}, {.dimensions = 1, .shrinkage = 0.6});
  gemel::VectorX<double> direction = discriminant.matrix().row(0).transpose();
  double forged = 0, genuine = 0;
  Index count = 0;
  for (Index i = 0; i < inputs.size(); ++i) {
    const double place = direction.dot(inputs.matrix().col(i).cast<double>());
    (is_forged[static_cast<std::size_t>(i)] ? forged : genuine) += place;
    count += is_forged[static_cast<std::size_t>(i)];
  }
  const bool points_away = forged / static_cast<double>(count) > genuine / static_cast<double>(inputs.size() - count);
  return points_away ? direction : gemel::VectorX<double>(-direction);
}

/// The standard deviation of scores, or 1 if all are equal.
inline double unit_of(const gemel::VectorX<double>& scores) {
  if (scores.minCoeff() == scores.maxCoeff()) return 1;
  return std::sqrt((scores.array() - scores.mean()).square().mean());
}

}  // namespace detail

/// What is learnt about relative inputs.
struct LearntRelative {
  RelativeScorer closed_form;  ///< by a direction
  RelativeScorer network;      ///< by the direction and networks together
  gemel::History history;      ///< of the first network
  Index pairs_per_epoch;       ///< at most
};

/// Learns from these signers. Throws what fit throws.
inline LearntRelative learn_relative(const RelativeTask& task, const std::vector<Index>& signers,
                                     const LearnOptions& options) {
  constexpr Index epochs = 10, batches = 60, sets = 15, each = 12;
  gemel::Rng draws{options.seed, 11};
  detail::RelativeTraining training = detail::relative_training(task, signers, draws);
  const gemel::Standardize<> scaling{training.inputs};
  RelativeScorer::State state{
      .within = task.within(), .mean = scaling.mean(), .scale = scaling.scale(), .direction = {}};
  // An input that never varies, such as a share of pen-down time that is always 1, has the scale 0.
  state.scale = (state.scale.array() > 0).select(state.scale, 1.0);
  // The nine inputs from warped distances would drown among the hundreds of others. The weight was chosen by the first
  // twenty signers of SVC2004.
  state.scale.tail(9) /= 8;
  for (Index i = 0; i < training.inputs.cols(); ++i) {
    training.inputs.col(i) =
        (training.inputs.col(i).cast<double>() - state.mean).cwiseQuotient(state.scale).cast<float>();
  }
  const gemel::Samples<float> inputs{std::move(training.inputs)};
  state.direction = detail::forged_direction(inputs, training.is_forged);
  const RelativeScorer closed_form{state};

  // Queries beside the same templates make the pairs: two genuine ones are similar, a genuine and a forged one are not,
  // and two forged ones say nothing about each other.
  const auto relation = [&training](Index a, Index b) {
    const auto i = static_cast<std::size_t>(a), j = static_cast<std::size_t>(b);
    if (training.set[i] != training.set[j] || (training.is_forged[i] && training.is_forged[j])) {
      return gemel::Relation::Skip;
    }
    return training.is_forged[i] == training.is_forged[j] ? gemel::Relation::Similar : gemel::Relation::Dissimilar;
  };
  const gemel::ClassBatches<float> source{inputs,
                                          gemel::Classes{training.set},
                                          {.classes = sets, .samples = each, .batches = batches, .relation = relation}};
  gemel::History first;
  for (Index k = 0; k < options.networks; ++k) {
    gemel::Rng rng{gemel::mix(options.seed, static_cast<std::uint64_t>(k)), 12};
    Model network = Tower::untrained(inputs.features(), rng);
    gemel::AdamW<float> optimizer{{.weight_decay = 1e-2}};
    gemel::LearningRate schedule{
        gemel::CosineDecay{.initial_learning_rate = 1e-3, .decay_steps = gemel::whole_training}};
    gemel::History history = fit(network, source, gemel::ContrastiveLoss{.margin = 2}, optimizer,
                                 {.epochs = epochs, .threads = options.threads}, rng, schedule);
    const gemel::MatrixX<float> embedded = network.embed(inputs.columns());
    gemel::VectorX<float> anchor = gemel::VectorX<float>::Zero(embedded.rows());
    Index genuine = 0;
    for (Index i = 0; i < embedded.cols(); ++i) {
      if (training.is_forged[static_cast<std::size_t>(i)]) continue;
      anchor += embedded.col(i);
      ++genuine;
    }
    anchor /= static_cast<float>(genuine);
    state.towers.push_back({std::move(network), std::move(anchor)});
    if (k == 0) first = std::move(history);
  }
  // Neither the direction nor the networks are better for all signers, and their errors differ.
  state.direction_unit = detail::unit_of(inputs.matrix().cast<double>().transpose() * state.direction);
  state.towers_unit = detail::unit_of(RelativeScorer::distances(state.towers, inputs.matrix()));
  return {closed_form, RelativeScorer{std::move(state)}, std::move(first), batches * sets * (each * (each - 1) / 2)};
}

}  // namespace signature_verification
