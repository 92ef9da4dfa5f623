#pragma once

#include <cstdint>
#include <vector>

#include "gemel/callback/history.hpp"
#include "gemel/core/types.hpp"

namespace gemel {

/// What `fit` needs in order to resume a training after a complete epoch, besides the model's parameters and the
/// optimizer's state of that time. A callback gets it in on_checkpoint (callback/callback.hpp).
struct TrainingSnapshot {
  std::uint64_t seed = 0;    ///< All random numbers of the training are functions of it.
  Index epoch = 0;           ///< Number of complete epochs, at least 1.
  std::uint64_t steps = 0;   ///< Number of batches trained.
  Index batch_size = 0;      ///< FitOptions::batch_size of the training.
  bool shuffle = true;       ///< FitOptions::shuffle of the training.
  Index batches = 0;         ///< Number of batches in the last epoch.
  bool stopped = false;      ///< Whether a callback ended the training in the last epoch.
  double learning_rate = 0;  ///< TrainingState::learning_rate.
  double rate_scale = 1;     ///< TrainingState::rate_scale.
  /// What each callback's `save` returned, in their order; empty for a callback without it.
  std::vector<std::vector<double>> callbacks = {};
  std::vector<double> source = {};  ///< What the pair source's `save` returned; empty if it has none.
  History history = {};             ///< Of all complete epochs.
};

}  // namespace gemel
