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

/// What a callback watches, by its name, and whether less of it is better or more. What is not one of the two losses is
/// a metric of the history: what a Watch measures, or another callback that has on_measure.
///
///   EarlyStopping{.monitor = Monitor::Loss}            // the training's own; by default the validation's
///   EarlyStopping{.monitor = "hard eer"}               // where no direction is given, less is better
///   EarlyStopping{.monitor = {"auc", Monitor::Max}}
///
/// A direction that the metric knows to be wrong is refused when the training begins, and so is none at all where the
/// metric does not know its own, as a lambda: a training that takes the worst epoch for the best says nothing of it.
struct Monitor {
  enum Better { Min, Max };

  // Keras' names.
  static constexpr const char* Loss = "loss";
  static constexpr const char* ValidationLoss = "val_loss";

  Monitor(const char* its_name, std::optional<Better> direction = {}) : name(its_name), better(direction) {}
  Monitor(std::string its_name, std::optional<Better> direction = {}) : name(std::move(its_name)), better(direction) {}

  bool more_is_better() const { return better == Max; }

  /// What is worse than all values.
  double worst() const { return (more_is_better() ? -1 : 1) * std::numeric_limits<double>::infinity(); }

  /// Whether a value is better than the best one by more than min_delta. Only a finite one ever is.
  bool improves(double value, double best, double min_delta) const {
    return std::isfinite(value) && (more_is_better() ? value > best + min_delta : value < best - min_delta);
  }

  std::string name;
  std::optional<Better> better = {};
};

namespace detail {

/// The values of what `callback` monitors. Throws ValueError where there will be none, or where they get better the
/// other way.
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

/// The last epoch's value of what `callback` monitors. Throws ValueError where there is none.
inline double monitored(const Monitor& monitor, const History& history, const char* callback) {
  const std::vector<double>& values = require_monitored(monitor, !history.validation_loss.empty(), history, callback);
  if (values.empty()) throw ValueError({callback, " monitors '", monitor.name, "', but the history has none yet"});
  return values.back();
}

/// Throws ValueError with this text where `holds` is false.
inline void require_option(bool holds, const char* callback, const char* rule, double value) {
  if (!holds) throw ValueError({callback, "'s ", rule, ", but it is ", value});
}

/// A count of epochs, at least `least`, from what `callback` saved. The largest that a double cannot hold are saved
/// rounded up. Throws FormatError where it is none.
inline Index saved_count(double value, const char* callback, Index least = 0) {
  constexpr Index most = std::numeric_limits<Index>::max();
  constexpr auto rounded = static_cast<double>(most);
  if (!(value >= static_cast<double>(least) && value <= rounded && value == std::floor(value))) {
    throw FormatError(
        {"the saved state of the callback ", callback, " holds ", value, " where a count of epochs belongs"});
  }
  return value < rounded ? static_cast<Index>(value) : most;
}

/// The best value so far from what `callback` saved; the worst of all: none yet. Throws FormatError for what is never
/// the best.
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
