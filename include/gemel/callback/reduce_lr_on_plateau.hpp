#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "gemel/callback/monitor.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/types.hpp"

namespace gemel {

/// A callback that multiplies the learning rate by `factor` after `patience` epochs in a row that did not improve on
/// the best one by more than min_delta. It then waits `cooldown` epochs before it counts again. Names, defaults and
/// counting are Keras', but an epoch whose value is NaN, which was not measured, does not count (see EarlyStopping).
///
/// It sets TrainingState::rate_scale, so it works on top of a schedule; min_lr limits the product at the time of a
/// reduction. After the training the optimizer has its own rate again. A restored ReduceLROnPlateau continues with its
/// scale; otherwise another training begins unscaled.
struct ReduceLROnPlateau {
  Monitor monitor = Monitor::ValidationLoss;  ///< What is monitored, and which direction is better.
  double factor = 0.1;                        ///< Between 0 and 1.
  Index patience = 10;                        ///< In epochs.
  double min_delta = 1e-4;                    ///< At least 0, in the unit of what is monitored, for both directions.
  Index cooldown = 0;                         ///< In epochs.
  double min_lr = 0;                          ///< No reduction goes below this learning rate.

  // The results so far, which can be read after the training.
  double best = monitor.worst();  ///< The best value of what is monitored.
  Index wait = 0;                 ///< Number of epochs without improvement, outside of a cooldown.
  Index cooldown_counter = 0;     ///< Number of epochs that remain of the cooldown.
  double rate_scale = 1;          ///< The scale after the last reduction.
  bool resumed = false;           ///< Set by restore: the next training continues from these results.

  /// Throws ValueError if an option is out of its range or what it monitors will not be there.
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
    // Of several restored callbacks, the one that reduced last has the smallest scale, which includes all reductions.
    state.rate_scale = resumed ? std::min(state.rate_scale, rate_scale) : rate_scale;
    resumed = false;
  }

  /// @{
  /// As the Callback concept asks (callback/callback.hpp).
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
  /// @}

  /// As the Callback concept asks. Throws FormatError for values that `save` never gives.
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
