#pragma once

#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gemel/callback/history.hpp"
#include "gemel/core/error.hpp"

namespace gemel {

/// The name of what a callback monitors, and whether less or more of it is better. The name is that of one of the two
/// losses or of a metric in the history, which a Watch or another callback with on_measure measures:
///
///   EarlyStopping{.monitor = Monitor::Loss}            // the training loss, not the validation loss
///   EarlyStopping{.monitor = "hard eer"}               // less is better, since no direction is given
///   EarlyStopping{.monitor = {"auc", Monitor::Max}}
///
/// When the training begins, a direction is refused if the metric knows that it is wrong. A direction is required if
/// the metric does not know its own, as with a lambda: nothing would show that the worst epoch was taken for the best.
struct Monitor {
  /// Which direction is better.
  enum Better {
    Min,  ///< Less is better.
    Max   ///< More is better.
  };

  static constexpr const char* Loss = "loss";                ///< The training loss, by Keras' name.
  static constexpr const char* ValidationLoss = "val_loss";  ///< The validation loss, by Keras' name.

  /// @{
  /// Implicit, so that a name alone can be given. Without a direction, less is better.
  Monitor(const char* its_name, std::optional<Better> direction = {}) : name(its_name), better(direction) {}
  Monitor(std::string its_name, std::optional<Better> direction = {}) : name(std::move(its_name)), better(direction) {}
  /// @}

  /// Whether the direction is Max.
  bool more_is_better() const { return better == Max; }

  /// The infinity that is worse than all values.
  double worst() const { return (more_is_better() ? -1 : 1) * std::numeric_limits<double>::infinity(); }

  /// Whether the value is finite and better than `best` by more than min_delta.
  bool improves(double value, double best, double min_delta) const {
    return std::isfinite(value) && (more_is_better() ? value > best + min_delta : value < best - min_delta);
  }

  std::string name;                   ///< Of a loss or a metric.
  std::optional<Better> better = {};  ///< Empty: not given.
};

namespace detail {

/// The values of what `callback` monitors. Throws ValueError if there will be none, or if the direction is wrong or
/// missing.
[[gnu::cold]] inline const std::vector<double>& require_monitored(const Monitor& monitor, bool validated,
                                                                  const History& history, const char* callback) {
  const bool loss = monitor.name == Monitor::Loss, validation_loss = monitor.name == Monitor::ValidationLoss;
  const MetricSeries* const series = find_metric(history, monitor.name);
  if (validation_loss && !validated) {
    throw ValueError({callback,
                      " monitors the validation loss, but there is no validation: give fit validation data or a "
                      "validation_split, or monitor Monitor::Loss"});
  }
  if (!loss && !validation_loss && !series) {
    throw ValueError({callback, " monitors '", monitor.name, "', but there are only 'loss', ",
                      validated ? "'val_loss'" : "'val_loss' where there is a validation",
                      history.metrics.empty() ? "" : ", ", metric_names(history),
                      "; give fit a Watch of that name, among its callbacks"});
  }
  const std::optional<bool> more_is_better = series ? series->more_is_better : false;
  if (!more_is_better && !monitor.better) {
    throw ValueError({callback, " monitors '", monitor.name,
                      "', but whether less of it is better or more is not known: give {\"", monitor.name,
                      "\", Monitor::Min} or {\"", monitor.name, "\", Monitor::Max}"});
  }
  if (more_is_better && *more_is_better != monitor.more_is_better()) {
    throw ValueError({callback, " monitors '", monitor.name,
                      "' the wrong way round: ", *more_is_better ? "more" : "less", " of it is better, so give {\"",
                      monitor.name, "\", Monitor::", *more_is_better ? "Max" : "Min", "}"});
  }
  return loss ? history.loss : validation_loss ? history.validation_loss : series->values;
}

/// The last epoch's value of what `callback` monitors. Throws ValueError if there is none.
inline double monitored(const Monitor& monitor, const History& history, const char* callback) {
  const std::vector<double>& values = require_monitored(monitor, !history.validation_loss.empty(), history, callback);
  if (values.empty()) throw ValueError({callback, " monitors '", monitor.name, "', but the history has none yet"});
  return values.back();
}

/// Throws ValueError, which states the rule for an option, if the option breaks it.
inline void require_option(bool holds, const char* callback, const char* rule, double value) {
  if (!holds) throw ValueError({callback, "'s ", rule, ", but it is ", value});
}

/// A count of epochs, at least `least`, that `callback` saved as a double. (The largest counts were rounded up.) Throws
/// FormatError if the value is no such count.
inline Index saved_count(double value, const char* callback, Index least = 0) {
  constexpr Index most = std::numeric_limits<Index>::max();
  constexpr auto rounded = static_cast<double>(most);
  if (!(value >= static_cast<double>(least) && value <= rounded && value == std::floor(value))) {
    throw FormatError(
        {"the saved state of the callback ", callback, " holds ", value, " where a count of epochs belongs"});
  }
  return value < rounded ? static_cast<Index>(value) : most;
}

/// The best value so far that `callback` saved; Monitor::worst if there was none yet. Throws FormatError for a value
/// that can never be the best.
inline double saved_best(double value, const Monitor& monitor, const char* callback) {
  if (!std::isfinite(value) && value != monitor.worst()) {
    throw FormatError({"the saved state of the callback ", callback, " holds ",
                       std::isnan(value) ? "NaN"
                       : value < 0       ? "-infinity"
                                         : "infinity",
                       " as the best value"});
  }
  return value;
}

}  // namespace detail
}  // namespace gemel
