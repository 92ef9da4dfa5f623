#pragma once

#include <cmath>

#include "gemel/callback/history.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/types.hpp"

namespace gemel {

/// The part of a training that callbacks see. They may change the parameters of the model, the optimizer (also assign
/// another one of the same type), `learning_rate`, `rate_scale` and `stop`. Everything else only shows the progress:
/// the history is const, and fit throws ValueError if a hook changes one of the other members or leaves a rate that is
/// negative or not finite.
template <class Model, class Optimizer>
struct TrainingState {
  Model& model;              ///< The model in training.
  Optimizer& optimizer;      ///< If a hook sets the optimizer's rate, the member learning_rate follows.
  const History& history;    ///< Has the metrics' names from on_train_begin on, and an epoch's values in on_epoch_end.
  Index epochs = 0;          ///< Number of epochs that fit was asked for.
  Index epoch = 0;           ///< The current epoch, from 0.
  Index batches = 0;         ///< Number of batches in this epoch.
  Index batch = 0;           ///< The current batch of this epoch, from 0.
  Index pairs = 0;           ///< Number of pairs trained in this epoch so far.
  double loss = 0;           ///< Mean loss of this epoch so far.
  double learning_rate = 0;  ///< From the optimizer's options or a schedule; a step uses learning_rate * rate_scale.
  double rate_scale = 1;     ///< Factor of the learning rate, which ReduceLROnPlateau sets.
  bool stop = false;      ///< Set it to end the training: after the current batch, or before the next batch or epoch.
  bool validated = true;  ///< Whether each epoch ends with a validation loss.
};

namespace detail {

/// Checks the state after a hook. Throws ValueError if the hook has changed what a callback may not change, or has left
/// a rate that is negative or not finite. Keeps `stop` set if it was set before, so that no callback can clear it.
template <class State>
void check_state_after(const State& before, State& after, const char* hook) {
  const auto keep = [hook](const char* name, const auto& was, const auto& is) {
    if (is == was) return;
    throw ValueError({"a callback has changed the state's ", name, " from ", was, " to ", is, " in ", hook,
                      ": it only shows how far the training is; to end it, set stop"});
  };
  keep("epochs", before.epochs, after.epochs);
  keep("epoch", before.epoch, after.epoch);
  keep("batches", before.batches, after.batches);
  keep("batch", before.batch, after.batch);
  keep("pairs", before.pairs, after.pairs);
  keep("loss", before.loss, after.loss);
  keep("validated", before.validated, after.validated);
  const auto check = [hook](const char* name, double rate) {
    if (rate >= 0 && std::isfinite(rate)) return;
    throw ValueError({"a callback has set the state's ", name, " to ", rate, " in ", hook,
                      ", but it must be finite and not negative"});
  };
  check("learning_rate", after.learning_rate);
  check("rate_scale", after.rate_scale);
  after.stop = after.stop || before.stop;
}

}  // namespace detail

}  // namespace gemel
