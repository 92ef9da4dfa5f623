#pragma once

#include <chrono>

#include "gemel/core/types.hpp"

namespace train {

/// The pairs and seconds of the training of all networks, without validation.
struct Timing {
  double seconds_of_steps = 0;
  gemel::Index pairs_of_steps = 0;
};

/// A callback that adds up the pairs and the seconds of all epochs, without validation, and records whether the last
/// epoch was complete.
struct EpochTimer {
  using Clock = std::chrono::steady_clock;

  Clock::time_point epoch_began = {};
  double* seconds;
  gemel::Index* pairs;
  bool* whole_epoch;

  template <class State>
  void on_epoch_begin(State&) {
    epoch_began = Clock::now();
  }

  template <class State>
  void on_batch_end(State& state) {
    *whole_epoch = state.batch + 1 == state.batches;
    if (*whole_epoch || state.stop) {
      *seconds += std::chrono::duration<double>(Clock::now() - epoch_began).count();
      *pairs += state.pairs;
    }
  }
};

}  // namespace train
