#pragma once

#include <gemel/gemel.hpp>
#include <utility>
#include <vector>

#include "step_under_test.hpp"

/// The network of the tutorial: three dense layers of the same width with ReLU. Its sizes are set at run time.
using TutorialLayer = gemel::Dense<gemel::Dynamic, gemel::Dynamic, gemel::ReLU>;
template <class S>
using TutorialModel = gemel::Siamese<gemel::Network<S, TutorialLayer, TutorialLayer, TutorialLayer>>;

template <class S>
TutorialModel<S> tutorial_model(long features, long width, const std::vector<S>& parameters = {}) {
  gemel::Rng rng{1};
  const TutorialLayer inner{width, width};
  TutorialModel<S> model{gemel::make_network<S>(rng, TutorialLayer{features, width}, inner, inner)};
  if (!parameters.empty()) {
    model.set_parameters(gemel::ConstColumn<S>(parameters.data(), gemel::length(parameters)));
  }
  return model;
}

/// A training step of Gemel. By default it uses one thread and skips no pairs: the same few batches are repeated, so
/// most pairs soon have no loss, and if they were skipped, the time would depend on the data more than on the code.
template <class S, class Optimizer = gemel::RMSprop<S>, class Model = TutorialModel<S>,
          class Loss = gemel::ContrastiveLoss, class Source = gemel::Pairs<S>>
struct GemelStep : StepUnderTest {
  explicit GemelStep(const StepData<S>& data, gemel::TrainingStepOptions options = {.skip_inactive = false},
                     Optimizer with = Optimizer{})
      : pairs(gemel::Pairs<S>(gemel::Samples<S>::view(data.x.data(), data.features, 2 * data.pairs * data.batches),
                              adjacent_pairs(data), data.similar)),
        model(tutorial_model(data.features, data.width, data.parameters)),
        optimizer(std::move(with)),
        training(model, Loss{}, optimizer, options) {
    pairs.start_epoch(0, 0, data.pairs, false);
  }
  double step(long batch) override { return training(pairs, batch); }

  /// The pairs of columns (0, 1), (2, 3), …
  static std::vector<gemel::PairIndex> adjacent_pairs(const StepData<S>& data) {
    std::vector<gemel::PairIndex> indices;
    for (long p = 0; p < data.pairs * data.batches; ++p) indices.push_back({2 * p, 2 * p + 1});
    return indices;
  }

  Source pairs;
  Model model;
  Optimizer optimizer;
  gemel::TrainingStep<Model, Loss, Optimizer> training;
};

/// As above, but every part is chosen at run time.
template <class S>
using GemelStepAtRunTime =
    GemelStep<S, gemel::AnyOptimizer<S>, gemel::AnyModel<S>, gemel::AnyLoss, gemel::AnyPairSource<S>>;

/// Random batches: the features are uniform in [0, 1), and the labels are coin flips.
template <class S>
StepData<S> random_batches(long features, long width, long pairs, long batches) {
  StepData<S> data{features, width, pairs, batches};
  gemel::Rng rng{7};
  data.x.resize(static_cast<std::size_t>(2 * features * pairs * batches));
  for (S& value : data.x) value = rng.template uniform<S>();
  for (long p = 0; p < pairs * batches; ++p) data.similar.push_back(rng.coin());
  return data;
}

/// The number of multiplications and additions in a step's matrix products: those of the forward pass, of the weight
/// gradients, and of the backward pass of all layers but the first.
inline double step_flops(double features, double width, double pairs) {
  return 2 * 2 * pairs * width * (2 * (features + 2 * width) + 2 * width);
}
