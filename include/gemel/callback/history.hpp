#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/types.hpp"

namespace gemel {

/// The values of one metric, which a callback measures, such as a Watch.
struct MetricSeries {
  std::string name;                         ///< One line of text, such as "hard eer".
  std::vector<double> values = {};          ///< One per epoch; NaN: not measured in that epoch.
  std::optional<bool> more_is_better = {};  ///< Empty: the metric does not know.
};

/// The course of a training. Its vectors of numbers have one value per epoch.
struct History {
  std::vector<double> loss = {};  ///< Mean of the batch losses, weighted by batch size, as the weights changed.
  std::vector<double> validation_loss = {};  ///< Empty without validation.
  std::vector<double> learning_rate = {};    ///< Of the epoch's last step.
  std::vector<double> seconds = {};          ///< Wall time of the epoch, with validation and metrics.
  std::vector<MetricSeries> metrics = {};    ///< In the order of the callbacks that measure them.
  std::vector<std::string> warnings = {};    ///< Problems that did not end the training; their epochs count from 1.
  Index threads = 1;                         ///< Number of threads that was used.
  bool stopped = false;                      ///< Whether a callback or a stop flag ended it early.

  /// Number of epochs that were trained.
  Index epochs() const { return length(loss); }

  /// @{
  /// The values of the metric of that name; a copy if the history is a temporary, as in `fit(…).metric("eer")`. Throws
  /// ValueError, which lists the names, if there is no such metric.
  const std::vector<double>& metric(std::string_view name) const&;
  std::vector<double> metric(std::string_view name) const&&;
  /// @}
};

namespace detail {

/// The metric of that name, or null.
inline const MetricSeries* find_metric(const History& history, std::string_view name) {
  const auto found = std::ranges::find(history.metrics, name, &MetricSeries::name);
  return found == history.metrics.end() ? nullptr : &*found;
}

/// The metrics' names for a message: "'hard eer', 'auc'".
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
