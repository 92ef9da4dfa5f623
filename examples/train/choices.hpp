#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/random.hpp"
#include "gemel/data/pair_sampler.hpp"
#include "gemel/data/pairs.hpp"
#include "gemel/network/distance.hpp"
#include "gemel/training/adam.hpp"
#include "gemel/training/contrastive_loss.hpp"
#include "gemel/training/farthest.hpp"
#include "gemel/training/hadsell_loss.hpp"
#include "gemel/training/learning_rate.hpp"
#include "gemel/training/online_contrastive_loss.hpp"
#include "gemel/training/positive_margin_loss.hpp"
#include "gemel/training/rmsprop.hpp"
#include "gemel/training/schedule.hpp"
#include "gemel/training/sgd.hpp"
#include "gemel/training/unsquared_contrastive_loss.hpp"
#include "options.hpp"

// What the command line chooses at run time, each a variant that models the library's concept, so that fit is compiled
// once and not once a combination.

namespace train {

using gemel::Column;
using gemel::ConstColumn;

/// Models Distance.
struct AnyDistance {
  std::variant<gemel::Euclidean, gemel::SquaredEuclidean, gemel::Manhattan, gemel::Cosine> choice;

  float value(ConstColumn<float> a, ConstColumn<float> b) const {
    return std::visit([&](const auto& metric) { return metric.value(a, b); }, choice);
  }
  void add_gradient(ConstColumn<float> a, ConstColumn<float> b, float d, float slope, Column<float> da,
                    Column<float> db) const {
    std::visit([&](const auto& metric) { metric.add_gradient(a, b, d, slope, da, db); }, choice);
  }
  double as_length(double d) const {
    return std::visit([d](const auto& metric) { return metric.as_length(d); }, choice);
  }
  double farthest(const gemel::VectorRange& range, Index n) const {
    return std::visit([&](const auto& metric) { return gemel::farthest(metric, range, n); }, choice);
  }
};

/// Models Loss.
struct AnyLoss {
  std::variant<gemel::ContrastiveLoss, gemel::HadsellLoss, gemel::PositiveMarginLoss, gemel::OnlineContrastiveLoss,
               gemel::UnsquaredContrastiveLoss>
      choice;

  double operator()(std::span<const float> d, std::span<const std::uint8_t> similar, std::span<const float> weight,
                    std::span<float> slope) const {
    return std::visit([&](const auto& loss) { return loss(d, similar, weight, slope); }, choice);
  }
  double margin() const {
    return std::visit([](const auto& loss) { return loss.margin; }, choice);
  }
};

/// Models Optimizer.
struct AnyOptimizer {
  std::variant<gemel::RMSprop<float>, gemel::SGD<float>, gemel::Adam<float>, gemel::AdamW<float>> choice;

  void reserve(Index n) {
    std::visit([&](auto& optimizer) { optimizer.reserve(n); }, choice);
  }
  void advance() {
    std::visit([](auto& optimizer) { optimizer.advance(); }, choice);
  }
  void update(Index first, std::span<const float> gradient, std::span<float> parameters) {
    std::visit([&](auto& optimizer) { optimizer.update(first, gradient, parameters); }, choice);
  }
  double learning_rate() const {
    return std::visit([](const auto& optimizer) { return optimizer.learning_rate(); }, choice);
  }
  void learning_rate(double rate) {
    std::visit([&](auto& optimizer) { optimizer.learning_rate(rate); }, choice);
  }
  gemel::Clipping clipping() const {
    return std::visit([](const auto& optimizer) { return optimizer.clipping(); }, choice);
  }
  gemel::OptimizerState<float> state() {
    return std::visit([](auto& optimizer) { return optimizer.state(); }, choice);
  }
};

/// Models PairSource.
struct AnyPairs {
  std::variant<gemel::PairSampler<float>, gemel::Pairs<float>> choice;

  Index size() const {
    return std::visit([](const auto& source) { return source.size(); }, choice);
  }
  Index features() const {
    return std::visit([](const auto& source) { return source.features(); }, choice);
  }
  Index batches() const {
    return std::visit([](const auto& source) { return source.batches(); }, choice);
  }
  void start_epoch(std::uint64_t seed, Index epoch, Index batch_size, bool shuffle,
                   const gemel::StopFlag* stop = nullptr) {
    std::visit([&](auto& source) { source.start_epoch(seed, epoch, batch_size, shuffle, stop); }, choice);
  }
  void batch(Index k, gemel::Batch<float>& out) const {
    std::visit([&](const auto& source) { source.batch(k, out); }, choice);
  }
  const float* column(Index k, Index j, float* buffer) const {
    return std::visit([&](const auto& source) { return source.column(k, j, buffer); }, choice);
  }
};

/// A schedule for LearningRate.
struct AnySchedule {
  struct Constant {
    double rate;
    double operator()(Index) const { return rate; }
  };
  std::variant<Constant, gemel::ExponentialDecay, gemel::CosineDecay> choice;

  double operator()(Index step) const {
    return std::visit([step](const auto& schedule) { return schedule(step); }, choice);
  }
};

inline AnyDistance make_distance(DistanceName name) {
  switch (name) {
    case DistanceName::Euclidean:
      break;
    case DistanceName::SquaredEuclidean:
      return {gemel::SquaredEuclidean{}};
    case DistanceName::Manhattan:
      return {gemel::Manhattan{}};
    case DistanceName::Cosine:
      return {gemel::Cosine{}};
  }
  return {gemel::Euclidean{}};
}

/// Throws ValueError where the positive margin, the loss's own too, is not less than the margin.
inline AnyLoss make_loss(const Options& options) {
  gemel::PositiveMarginLoss positive{.margin = options.margin};
  gemel::UnsquaredContrastiveLoss unsquared{.margin = options.margin};
  const auto set = [&options](double& positive_margin) {
    positive_margin = options.positive_margin.value_or(positive_margin);
    if (positive_margin < options.margin) return;
    throw gemel::ValueError({"--positive-margin is ", positive_margin,
                             ", but a loss has it less than its margin: --margin is ", options.margin});
  };
  switch (options.loss) {
    case LossName::Contrastive:
      break;
    case LossName::Hadsell:
      return {gemel::HadsellLoss{.margin = options.margin}};
    case LossName::PositiveMargin:
      set(positive.positive_margin);
      return {positive};
    case LossName::OnlineHard:
      return {gemel::OnlineContrastiveLoss{.margin = options.margin}};
    case LossName::Unsquared:
      set(unsquared.positive_margin);
      return {unsquared};
  }
  return {gemel::ContrastiveLoss{.margin = options.margin}};
}

inline AnyOptimizer make_optimizer(const Options& options) {
  const double rate = options.learning_rate;
  switch (options.optimizer) {
    case OptimizerName::RMSprop:
      break;
    case OptimizerName::Sgd:
      return {gemel::SGD<float>{{.learning_rate = rate}}};
    case OptimizerName::Adam:
      return {gemel::Adam<float>{{.learning_rate = rate}}};
    case OptimizerName::AdamW:
      return {gemel::AdamW<float>{{.learning_rate = rate}}};
    case OptimizerName::AMSGrad:
      return {gemel::Adam<float>{{.learning_rate = rate, .amsgrad = true}}};
  }
  return {gemel::RMSprop<float>{{.learning_rate = rate}}};
}

/// The schedule over all steps of the training.
inline gemel::LearningRate<AnySchedule> make_schedule(const Options& options, Index pairs) {
  const double rate = options.learning_rate;
  const Index steps = options.epochs * ((pairs + options.batch - 1) / options.batch);
  const Index warmup = steps / 20;
  const auto schedule = [](auto choice) { return gemel::LearningRate{AnySchedule{choice}}; };
  switch (options.schedule) {
    case ScheduleName::Constant:
      break;
    case ScheduleName::Exponential:
      return schedule(gemel::ExponentialDecay{.initial_learning_rate = rate, .decay_steps = steps, .decay_rate = 0.01});
    case ScheduleName::Cosine:
      return schedule(gemel::CosineDecay{.initial_learning_rate = rate, .decay_steps = steps});
    case ScheduleName::WarmupCosine:
      return schedule(gemel::CosineDecay{
          .initial_learning_rate = 0, .decay_steps = steps - warmup, .warmup_target = rate, .warmup_steps = warmup});
  }
  return schedule(AnySchedule::Constant{rate});
}

}  // namespace train
