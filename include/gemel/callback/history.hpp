#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/types.hpp"

namespace gemel {

/// What a callback measures of a training, a Watch for instance.
struct MetricSeries {
  std::string name;
  std::vector<double> values = {};          ///< one an epoch; NaN: it was not taken in that epoch
  std::optional<bool> more_is_better = {};  ///< where the metric knows
};

/// What a training run reached, one entry an epoch.
struct History {
  std::vector<double> loss = {};             ///< mean of the batch losses, weighed by batch size, while weights move
  std::vector<double> validation_loss = {};  ///< empty without validation
  std::vector<double> learning_rate = {};    ///< of the epoch's last step
  std::vector<double> seconds = {};          ///< wall time of the epoch, validation and metrics included
  std::vector<MetricSeries> metrics = {};    ///< in the order of the callbacks that measure them
  std::vector<std::string> warnings = {};    ///< what should be known though it went on, each once; epochs count from 1
  Index threads = 1;                         ///< the number of threads that was used
  bool stopped = false;                      ///< whether a callback or a stop flag ended it early

  Index epochs() const { return length(loss); }

  /// The values of the metric of that name; of a history that is about to end, `fit(…).metric("eer")`, a copy. Throws
  /// ValueError, which says what names there are.
  const std::vector<double>& metric(std::string_view name) const&;
  std::vector<double> metric(std::string_view name) const&&;
};

namespace detail {

/// The metric of that name, or null.
inline const MetricSeries* find_metric(const History& history, std::string_view name) {
  const auto found = std::ranges::find(history.metrics, name, &MetricSeries::name);
  return found == history.metrics.end() ? nullptr : &*found;
}

/// "'hard eer', 'auc'"
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
  return metric(name);  // of *this, which has a name: the one above
}

}  // namespace gemel
