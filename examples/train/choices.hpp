#pragma once

#include <algorithm>

#include "gemel/callback/learning_rate.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/types.hpp"
#include "gemel/data/image_warp.hpp"
#include "gemel/loss/any_loss.hpp"
#include "gemel/network/any_distance.hpp"
#include "gemel/optimizer/any_optimizer.hpp"
#include "gemel/optimizer/any_schedule.hpp"
#include "options.hpp"

// Functions that make the loss, the optimizer and the other parts that the command line selects.

namespace train {

inline gemel::AnyDistance make_distance(DistanceName name) {
  switch (name) {
    case DistanceName::Euclidean:
      break;
    case DistanceName::SquaredEuclidean:
      return gemel::SquaredEuclidean{};
    case DistanceName::Manhattan:
      return gemel::Manhattan{};
    case DistanceName::Cosine:
      return gemel::Cosine{};
  }
  return gemel::Euclidean{};
}

/// Throws ValueError if the positive margin, given or default, is not less than the margin.
inline gemel::AnyLoss make_loss(const Options& options) {
  gemel::PositiveMarginLoss positive{.margin = options.margin};
  gemel::UnsquaredContrastiveLoss unsquared{.margin = options.margin};
  gemel::NonZeroContrastiveLoss nonzero{.margin = options.margin, .positive_margin = std::min(0.2, options.margin / 5)};
  const auto set = [&options](double& positive_margin) {
    positive_margin = options.positive_margin.value_or(positive_margin);
    if (positive_margin < options.margin) return;
    throw gemel::ValueError(
        {"--positive-margin is ", positive_margin, ", but must be less than the margin: --margin is ", options.margin});
  };
  switch (options.loss) {
    case LossName::Contrastive:
      break;
    case LossName::Hadsell:
      return gemel::HadsellLoss{.margin = options.margin};
    case LossName::PositiveMargin:
      set(positive.positive_margin);
      return positive;
    case LossName::OnlineHard:
      return gemel::OnlineContrastiveLoss{.margin = options.margin};
    case LossName::Unsquared:
      set(unsquared.positive_margin);
      return unsquared;
    case LossName::NonZero:
      set(nonzero.positive_margin);
      return nonzero;
  }
  return gemel::ContrastiveLoss{.margin = options.margin};
}

inline gemel::AnyOptimizer<float> make_optimizer(const Options& options) {
  const double rate = options.learning_rate;
  switch (options.optimizer) {
    case OptimizerName::RMSprop:
      break;
    case OptimizerName::Sgd:
      return gemel::SGD<float>{{.learning_rate = rate}};
    case OptimizerName::Adam:
      return gemel::Adam<float>{{.learning_rate = rate}};
    case OptimizerName::AdamW:
      return gemel::AdamW<float>{{.learning_rate = rate}};
    case OptimizerName::AMSGrad:
      return gemel::Adam<float>{{.learning_rate = rate, .amsgrad = true}};
  }
  return gemel::RMSprop<float>{{.learning_rate = rate}};
}

/// The schedule over all steps of the training. A warm-up takes the first twentieth of the steps.
inline gemel::LearningRate<gemel::AnySchedule> make_schedule(const Options& options, Index steps_per_epoch) {
  using gemel::whole_training;
  const double rate = options.learning_rate;
  const auto schedule = [](auto choice) { return gemel::LearningRate{gemel::AnySchedule{choice}}; };
  switch (options.schedule) {
    case ScheduleName::Constant:
      break;
    case ScheduleName::Exponential:
      return schedule(
          gemel::ExponentialDecay{.initial_learning_rate = rate, .decay_steps = whole_training, .decay_rate = 0.01});
    case ScheduleName::Cosine:
      return schedule(gemel::CosineDecay{.initial_learning_rate = rate, .decay_steps = whole_training});
    case ScheduleName::WarmupCosine:
      return schedule(gemel::CosineDecay{.initial_learning_rate = 0,
                                         .decay_steps = whole_training,
                                         .warmup_target = rate,
                                         .warmup_steps = options.epochs * steps_per_epoch / 20});
  }
  return schedule(gemel::ConstantRate{rate});
}

/// The random distortions of images of this size. Shifts and bends grow with the image; even in a small image they are
/// large enough to matter.
inline gemel::ImageWarp make_warp(const ImageSize& size) {
  const auto side = static_cast<double>(std::min(size.width, size.height));
  return gemel::ImageWarp{{.width = size.width,
                           .height = size.height,
                           .shift = std::max(1.0, side / 14),
                           .rotation = 0.2,
                           .scale = 0.12,
                           .shear = 0.15,
                           .elastic = std::max(0.5, side / 28)}};
}

}  // namespace train
