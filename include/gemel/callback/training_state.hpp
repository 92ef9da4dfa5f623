#pragma once

#include <cmath>

#include "gemel/callback/history.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/types.hpp"

namespace gemel {

/// What a callback sees of a training. What it may change: the model's parameters, the optimizer (also for another of
/// its type), `learning_rate`, `rate_scale` and `stop`. All else shows how far the training is: the history is const,
/// and fit throws ValueError where a hook has changed a number, or has left a rate that is negative or not finite.
/// `epoch` and `batch` count from 0.
template <class Model, class Optimizer>
struct TrainingState {
  Model& model;
  Optimizer& optimizer;  ///< a rate that a hook gives it counts as one given to `learning_rate`, `rate_scale` included
  const History& history;  ///< in on_epoch_end it has this epoch's entries; from the begin on the names of all metrics
  Index epochs = 0;
  Index epoch = 0;
  Index batches = 0;  ///< in this epoch
  Index batch = 0;
  Index pairs = 0;           ///< trained in this epoch so far
  double loss = 0;           ///< mean loss of this epoch so far
  double learning_rate = 0;  ///< what the optimizer's options or a schedule give …
  double rate_scale = 1;     ///< … and what ReduceLROnPlateau makes of it: a step takes their product
  bool stop = false;         ///< set it to end the training after this batch
  bool validated = true;     ///< whether each epoch ends with a validation loss
};

namespace detail {

/// After a hook: throws ValueError where it has changed what a callback may not, or has left a rate that is none. What
/// one callback has stopped no other can start again.
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
