#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <type_traits>
#include <vector>

#include "gemel/callback/monitor.hpp"
#include "gemel/core/columns.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/types.hpp"

namespace gemel {

/// A callback that ends the training after `patience` consecutive epochs that did not improve on the best one by more
/// than min_delta. When the training ends, early or after its last epoch, the callback restores the parameters of the
/// best epoch.
///
/// Names and counting are Keras', but Keras does not restore the best parameters by default. An epoch whose value is
/// NaN does not count, since the value was not measured: a stop cut the validation short, or the metric is measured
/// every few epochs only. An infinite value is never the best.
///
/// If the training ends with an error, the best parameters are not restored: the model then has the parameters of the
/// last good batch, and those of the best epoch are in `best_parameters`.
struct EarlyStopping {
  Monitor monitor = Monitor::ValidationLoss;  ///< The monitored loss or metric, and which direction is better.
  double min_delta = 0;                       ///< At least 0, whichever direction is better; in the value's unit.
  Index patience = 0;                         ///< In epochs; 0 and 1 both stop at the first epoch that is no better.
  bool restore_best_weights = true;           ///< Whether to restore the parameters of the best epoch at the end.

  // The results so far. They can be read after the training.
  double best = monitor.worst();  ///< The best monitored value; Monitor::worst before the first.
  Index best_epoch = -1;          ///< Epoch of `best`, from 0, in the training that reached it; -1: none yet.
  Index wait = 0;                 ///< Number of epochs with a value since the best one.
  std::vector<double> best_parameters = {};  ///< Flat parameters of the best epoch, if they are to be restored.
  bool resumed = false;                      ///< Set by `restore`: the next training continues from these results.

  /// Throws ValueError if an option is out of its range or the monitor is not valid (see Monitor); of the restored
  /// parameters of the best epoch, ShapeError if they are not as many as the model has, and NonFiniteError if one is
  /// beyond the range of its scalar type.
  template <class State>
  void on_train_begin(State& state) {
    detail::require_option(min_delta >= 0 && std::isfinite(min_delta), "EarlyStopping",
                           "min_delta must be finite and at least 0", min_delta);
    detail::require_option(patience >= 0, "EarlyStopping", "patience must be at least 0",
                           static_cast<double>(patience));
    detail::require_monitored(monitor, state.validated, state.history, "EarlyStopping");
    if (resumed && restore_best_weights && best_epoch >= 0) check_restored_parameters(state.model);
    if (!resumed) *this = {monitor, min_delta, patience, restore_best_weights};
    resumed = false;
  }

  /// @{
  /// Members of the Callback concept (callback/callback.hpp). on_epoch_end throws ValueError if the monitored value is
  /// missing.
  template <class State>
  void on_epoch_end(State& state) {
    const double value = detail::monitored(monitor, state.history, "EarlyStopping");
    if (std::isnan(value)) return;
    ++wait;
    if (monitor.improves(value, best, min_delta)) {
      best = value;
      best_epoch = state.epoch;
      wait = 0;
      if (restore_best_weights) {
        const auto parameters = state.model.parameters();
        best_parameters.assign(parameters.data(), parameters.data() + parameters.size());
      }
    } else if (wait >= patience && (best_epoch >= 0 || wait > 1)) {  // never after the very first epoch
      state.stop = true;
    }
  }

  template <class State>
  void on_train_end(State& state) {
    using S = typename std::remove_cvref_t<decltype(state.model)>::Scalar;
    if (!restore_best_weights || best_parameters.empty()) return;
    const ConstColumn<double> parameters(best_parameters.data(), length(best_parameters));
    state.model.set_parameters(parameters.template cast<S>());
  }

  /// @}

  /// The results so far, for checkpoints: best, best_epoch, wait, then the elements of best_parameters.
  std::vector<double> save() const {
    std::vector<double> saved = {best, static_cast<double>(best_epoch), static_cast<double>(wait)};
    saved.insert(saved.end(), best_parameters.begin(), best_parameters.end());
    return saved;
  }

  /// Takes over what `save` returned. Throws FormatError for values that `save` never returns.
  void restore(std::span<const double> saved) {
    constexpr const char* name = "EarlyStopping";
    if (saved.size() < 3) throw FormatError("the saved state of the callback EarlyStopping is cut short");
    const double saved_best = detail::saved_best(saved[0], monitor, name);
    const Index saved_epoch = detail::saved_count(saved[1], name, -1), saved_wait = detail::saved_count(saved[2], name);
    if (!std::all_of(saved.begin() + 3, saved.end(), [](double value) { return std::isfinite(value); })) {
      throw FormatError("the saved state of the callback EarlyStopping holds a parameter that is NaN or infinite");
    }
    best = saved_best;
    best_epoch = saved_epoch;
    wait = saved_wait;
    best_parameters.assign(saved.begin() + 3, saved.end());
    resumed = true;
  }

 private:
  template <class Model>
  [[gnu::cold]] void check_restored_parameters(const Model& model) const {
    const Index parameters = model.parameters().size();
    if (length(best_parameters) != parameters) {
      throw ShapeError({"the saved state of the callback EarlyStopping holds ", best_parameters.size(),
                        " parameters, but the model has ", parameters});
    }
    for (const double value : best_parameters) {
      if (std::isfinite(static_cast<typename Model::Scalar>(value))) continue;
      throw NonFiniteError({"the saved state of the callback EarlyStopping holds the parameter ", value,
                            ", which is beyond the range of the model's scalar type"});
    }
  }
};

}  // namespace gemel
