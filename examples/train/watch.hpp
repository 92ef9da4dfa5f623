#pragma once

#include <chrono>

#include "gemel/core/types.hpp"
#include "interrupt.hpp"

namespace train {

/// A callback that ends the training on Ctrl-C, and counts pairs and the time that they took, validation left out.
struct Watch {
  using Clock = std::chrono::steady_clock;

  Clock::time_point epoch_began = {};
  double* seconds;
  gemel::Index* pairs;

  template <class State>
  void on_epoch_begin(State&) {
    epoch_began = Clock::now();
  }

  template <class State>
  void on_batch_end(State& state) {
    const bool last = state.batch + 1 == state.batches;
    if (Interrupt::seen()) state.stop = true;
    if (last || state.stop) {
      *seconds += std::chrono::duration<double>(Clock::now() - epoch_began).count();
      *pairs += state.pairs;
    }
  }
};

}  // namespace train
