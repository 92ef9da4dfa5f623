#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/types.hpp"

namespace gemel {

/// The values of one metric that a callback measures, such as a Watch.
struct MetricSeries {
  std::string name;                         ///< One line of text, such as "hard eer".
  std::vector<double> values = {};          ///< One per epoch; NaN: not measured in that epoch.
  std::optional<bool> more_is_better = {};  ///< Empty: the metric does not state its direction.
};

/// The course of a training. The vectors of numbers have one value per epoch.
struct History {
  std::vector<double> loss = {};             ///< Mean of the batch losses before their updates, weighted by batch size.
  std::vector<double> validation_loss = {};  ///< Empty without validation.
  std::vector<double> learning_rate = {};    ///< That of the epoch's last step.
  std::vector<double> seconds = {};          ///< Wall time of the epoch, including validation and metrics.
  std::vector<MetricSeries> metrics = {};    ///< In the order of the callbacks that measure them.
  std::vector<std::string> warnings = {};  ///< Problems that did not end the training. Their text counts epochs from 1.
  Index threads = 1;                       ///< Number of threads in the last epoch.
  bool stopped = false;                    ///< Whether a callback or a stop flag ended the training.

  /// Number of epochs that were trained; the last one may be incomplete.
  Index epochs() const { return length(loss); }

  /// @{
  /// The values of the metric with this name, one per epoch; a copy if the history is a temporary, as in
  /// `fit(…).metric("eer")`. Throws ValueError, which lists the names, if there is no such metric.
  const std::vector<double>& metric(std::string_view name) const&;
  std::vector<double> metric(std::string_view name) const&&;
  /// @}
};

namespace detail {

/// The metric with this name, or null.
inline const MetricSeries* find_metric(const History& history, std::string_view name) {
  for (const MetricSeries& series : history.metrics) {
    if (series.name == name) return &series;
  }
  return nullptr;
}

/// The names of the metrics, for error messages: "'hard eer', 'auc'".
[[gnu::cold]] inline std::string metric_names(const History& history) {
  std::string names;
  for (const MetricSeries& series : history.metrics) names += format({names.empty() ? "'" : ", '", series.name, "'"});
  return names;
}

}  // namespace detail

inline const std::vector<double>& History::metric(std::string_view name) const& {
  if (const MetricSeries* const series = detail::find_metric(*this, name)) return series->values;
  throw ValueError({"the history has no metric '", std::string(name), "'; ",
                    metrics.empty() ? "it has none: give fit a Watch" : "it has ", detail::metric_names(*this)});
}

inline std::vector<double> History::metric(std::string_view name) const&& {
  return metric(name);  // *this is an lvalue, so this calls the overload above
}

}  // namespace gemel
