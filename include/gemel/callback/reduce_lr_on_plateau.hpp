#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "gemel/callback/monitor.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/types.hpp"

namespace gemel {

/// Multiplies the learning rate by `factor` after `patience` epochs in a row that did not improve on the best one by
/// more than min_delta; then waits `cooldown` epochs before it counts again. Names, defaults and counting are Keras',
/// but an epoch with a NaN, whose value was not taken, does not count (see EarlyStopping). It sets
/// TrainingState::rate_scale, so it works on top of a schedule: min_lr bounds the product at the time of a reduction.
/// After the training the optimizer has its own rate again: one that is restored goes on with its scale, and another
/// training begins unscaled.
///
/// Throws ValueError in on_train_begin where an option is out of range or what it monitors will not be there.
struct ReduceLROnPlateau {
  Monitor monitor = Monitor::ValidationLoss;
  double factor = 0.1;
  Index patience = 10;      ///< epochs
  double min_delta = 1e-4;  ///< in the unit of what is monitored, whichever way is better
  Index cooldown = 0;       ///< epochs
  double min_lr = 0;

  // What the training has shown so far; readable after it.
  double best = monitor.worst();
  Index wait = 0;              ///< epochs without improvement, outside of a cooldown
  Index cooldown_counter = 0;  ///< epochs that are left of it
  double rate_scale = 1;
  bool resumed = false;  ///< set by restore: the next training goes on from there

  template <class State>
  void on_train_begin(State& state) {
    constexpr const char* name = "ReduceLROnPlateau";
    detail::require_option(factor > 0 && factor < 1, name, "factor must be between 0 and 1", factor);
    detail::require_option(patience >= 0, name, "patience must be at least 0", static_cast<double>(patience));
    detail::require_option(min_delta >= 0 && std::isfinite(min_delta), name, "min_delta must be finite and at least 0",
                           min_delta);
    detail::require_option(cooldown >= 0, name, "cooldown must be at least 0", static_cast<double>(cooldown));
    detail::require_option(min_lr >= 0 && std::isfinite(min_lr), name, "min_lr must be finite and at least 0", min_lr);
    detail::require_monitored(monitor, state.validated, state.history, name);
    if (!resumed) *this = {monitor, factor, patience, min_delta, cooldown, min_lr};
    // Of several restored ones the last to reduce knows the scale that they have made together.
    state.rate_scale = resumed ? std::min(state.rate_scale, rate_scale) : rate_scale;
    resumed = false;
  }

  template <class State>
  void on_epoch_end(State& state) {
    const double value = detail::monitored(monitor, state.history, "ReduceLROnPlateau");
    if (std::isnan(value)) return;
    if (cooldown_counter > 0) {
      --cooldown_counter;
      wait = 0;
    }
    if (monitor.improves(value, best, min_delta)) {
      best = value;
      wait = 0;
    } else if (cooldown_counter == 0 && ++wait >= patience && state.learning_rate * state.rate_scale > min_lr) {
      rate_scale = state.rate_scale = std::max(state.rate_scale * factor, min_lr / state.learning_rate);
      cooldown_counter = cooldown;
      wait = 0;
    }
  }

  std::vector<double> save() const {
    return {best, static_cast<double>(wait), static_cast<double>(cooldown_counter), rate_scale};
  }

  /// Throws FormatError where the values are not those that `save` gives.
  void restore(std::span<const double> memory) {
    constexpr const char* name = "ReduceLROnPlateau";
    if (memory.size() != 4) throw FormatError("the saved state of the callback ReduceLROnPlateau is not four numbers");
    const double saved_best = detail::saved_best(memory[0], monitor, name);
    const Index saved_wait = detail::saved_count(memory[1], name),
                saved_cooldown = detail::saved_count(memory[2], name);
    if (!(memory[3] >= 0 && memory[3] <= 1)) {
      throw FormatError({"the saved state of the callback ReduceLROnPlateau holds a scale of ", memory[3],
                         ", but it only lowers the rate"});
    }
    best = saved_best;
    wait = saved_wait;
    cooldown_counter = saved_cooldown;
    rate_scale = memory[3];
    resumed = true;
  }
};

}  // namespace gemel
