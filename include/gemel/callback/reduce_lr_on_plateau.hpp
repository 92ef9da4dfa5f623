#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "gemel/callback/monitor.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/types.hpp"

namespace gemel {

/// A callback that multiplies the learning rate by `factor` after `patience` consecutive epochs that did not improve on
/// the best one by more than min_delta. Of the `cooldown` epochs after a reduction, all but the last are not counted,
/// as in Keras. Names, defaults and counting are Keras', except that an epoch whose value is NaN does not count, since
/// the value was not measured (see EarlyStopping).
///
/// It sets TrainingState::rate_scale, so it also works together with a schedule; min_lr limits the scaled rate at the
/// time of a reduction. After the training the optimizer has its own rate again. The next training begins unscaled,
/// unless the callback was restored: then it continues with its scale.
struct ReduceLROnPlateau {
  Monitor monitor = Monitor::ValidationLoss;  ///< The monitored loss or metric, and which direction is better.
  double factor = 0.1;                        ///< Above 0 and below 1.
  Index patience = 10;                        ///< In epochs, at least 0.
  double min_delta = 1e-4;                    ///< At least 0, whichever direction is better; in the value's unit.
  Index cooldown = 0;                         ///< In epochs, at least 0.
  double min_lr = 0;                          ///< At least 0; no reduction goes below this learning rate.

  // The results so far. They can be read after the training.
  double best = monitor.worst();  ///< The best monitored value; Monitor::worst before the first.
  Index wait = 0;                 ///< Number of epochs without improvement, not counting a cooldown.
  Index cooldown_counter = 0;     ///< Number of epochs that are left of the cooldown.
  double rate_scale = 1;          ///< The scale after the last reduction.
  bool resumed = false;           ///< Set by `restore`: the next training continues from these results.

  /// Throws ValueError if an option is out of its range or the monitor is not valid (see Monitor).
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
    // If several such callbacks were restored, the smallest scale is the latest one, because each reduction multiplies
    // the common scale.
    state.rate_scale = std::min(state.rate_scale, rate_scale);
    resumed = false;
  }

  /// Members of the Callback concept (callback/callback.hpp). Throws ValueError if the monitored value is missing.
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

  /// The results so far, four values, for checkpoints: best, wait, cooldown_counter, rate_scale.
  std::vector<double> save() const {
    return {best, static_cast<double>(wait), static_cast<double>(cooldown_counter), rate_scale};
  }

  /// Takes over what `save` returned. Throws FormatError for values that `save` never returns.
  void restore(std::span<const double> saved) {
    constexpr const char* name = "ReduceLROnPlateau";
    if (saved.size() != 4) throw FormatError("the saved state of the callback ReduceLROnPlateau is not four numbers");
    const double saved_best = detail::saved_best(saved[0], monitor, name);
    const Index saved_wait = detail::saved_count(saved[1], name), saved_cooldown = detail::saved_count(saved[2], name);
    if (!(saved[3] >= 0 && saved[3] <= 1)) {
      throw FormatError({"the saved state of the callback ReduceLROnPlateau holds a scale of ", saved[3],
                         ", but it only lowers the rate"});
    }
    best = saved_best;
    wait = saved_wait;
    cooldown_counter = saved_cooldown;
    rate_scale = saved[3];
    resumed = true;
  }
};

}  // namespace gemel
