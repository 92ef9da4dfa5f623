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

/// The value that a callback monitors, and whether less or more of it is better. It is given by the name of one of the
/// two losses, or of a metric in the history, which a Watch or another callback with on_measure measures:
///
///   EarlyStopping{.monitor = Monitor::Loss}            // the training loss, not the validation loss
///   EarlyStopping{.monitor = "hard eer"}               // less is better
///   EarlyStopping{.monitor = {"auc", Monitor::Max}}
///
/// A monitor without a direction expects the metric itself to state that less is better (MetricSeries::more_is_better;
/// the two losses do). When the training begins, ValueError is thrown if the two directions differ, or if neither is
/// stated, as with the metric of a lambda: otherwise the worst epoch could silently be taken for the best.
struct Monitor {
  /// Which direction is better.
  enum Better {
    Min,  ///< Less is better.
    Max   ///< More is better.
  };

  static constexpr const char* Loss = "loss";                ///< The training loss; the name is Keras'.
  static constexpr const char* ValidationLoss = "val_loss";  ///< The validation loss; the name is Keras'.

  /// @{
  /// Constructs from a name and, optionally, a direction. Implicit, so that a name alone can be given.
  Monitor(const char* its_name, std::optional<Better> direction = {}) : name(its_name), better(direction) {}
  Monitor(std::string its_name, std::optional<Better> direction = {}) : name(std::move(its_name)), better(direction) {}
  /// @}

  /// Whether the direction is Max; false if none is given.
  bool more_is_better() const { return better == Max; }

  /// Infinity with the sign that is worse than every value.
  double worst() const { return (more_is_better() ? -1 : 1) * std::numeric_limits<double>::infinity(); }

  /// Whether the value is finite and more than min_delta better than `best`.
  bool improves(double value, double best, double min_delta) const {
    return std::isfinite(value) && (more_is_better() ? value > best + min_delta : value < best - min_delta);
  }

  std::string name;                   ///< Name of a loss or a metric.
  std::optional<Better> better = {};  ///< The direction; empty: not given.
};

namespace detail {

/// The values, one per epoch, that the callback with this name monitors. Throws ValueError if there will be none, or if
/// the direction is wrong or missing.
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
                      validated ? "'val_loss'" : "'val_loss' if there is a validation",
                      history.metrics.empty() ? "" : ", ", metric_names(history),
                      "; add a Watch of that name to fit's callbacks"});
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

/// The monitored value of the last epoch. Throws ValueError if there is none.
inline double monitored(const Monitor& monitor, const History& history, const char* callback) {
  const std::vector<double>& values = require_monitored(monitor, !history.validation_loss.empty(), history, callback);
  if (values.empty()) throw ValueError({callback, " monitors '", monitor.name, "', but the history has none yet"});
  return values.back();
}

/// Throws ValueError, with the rule for an option and the option's value, unless the rule `holds`.
inline void require_option(bool holds, const char* callback, const char* rule, double value) {
  if (!holds) throw ValueError({callback, "'s ", rule, ", but it is ", value});
}

/// Converts a count of epochs, which `callback` saved as a double, back to an Index. (The conversion to double rounded
/// the largest counts up.) Throws FormatError unless it is a whole number from `min` to the largest Index.
inline Index saved_count(double value, const char* callback, Index min = 0) {
  constexpr Index max = std::numeric_limits<Index>::max();
  constexpr auto rounded = static_cast<double>(max);
  if (!(value >= static_cast<double>(min) && value <= rounded && value == std::floor(value))) {
    throw FormatError(
        {"the saved state of the callback ", callback, " holds ", value, " where a count of epochs belongs"});
  }
  return value < rounded ? static_cast<Index>(value) : max;
}

/// Checks the best value that `callback` saved, and returns it; it is Monitor::worst if there was none yet. Throws
/// FormatError for any other value that is not finite.
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
