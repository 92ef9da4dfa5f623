#pragma once

#include <algorithm>
#include <limits>
#include <string>

#include "gemel/core/message.hpp"
#include "gemel/core/types.hpp"
#include "gemel/training/history.hpp"

namespace gemel::detail {

/// A distance in the unit of the embeddings' elements; infinity where the metric has another, or does not say.
template <class Metric>
double as_length(const Metric& metric, double d) {
  if constexpr (requires { metric.as_length(d); }) {
    return metric.as_length(d);
  } else {
    return std::numeric_limits<double>::infinity();
  }
}

/// Adds a warning to the history where an epoch shows that training goes on but learns nothing; each kind once.
template <class Step, class Model>
[[gnu::cold]] void add_warnings(const Step& step, const Model& model, Index epoch, History& history) {
  const auto& network = model.network();
  const auto add = [&](const std::string& cause, const char* text) {
    const auto same = [&](const std::string& warning) { return warning.starts_with(cause); };
    if (std::none_of(history.warnings.begin(), history.warnings.end(), same)) {
      history.warnings.push_back(message({cause, " (since epoch ", epoch, "): ", text}));
    }
  };
  for (Index k = 0; k < network.depth(); ++k) {
    if (step.peak_output(k) == 0) {
      return add(
          message({"layer ", k, " is dead"}),
          "it gave 0 for every sample, so nothing before it learns; lower the learning rate, scale the features, or "
          "use LeakyReLU");
    }
  }
  const auto extent = static_cast<double>(step.peak_output(network.depth() - 1));
  if (as_length(model.metric(), static_cast<double>(step.peak_distance())) < 1e-5 * extent) {
    add("the embedding has collapsed",
        "all samples are embedded in one point; give more dissimilar pairs, a larger margin, or a lower learning rate");
  }
}

}  // namespace gemel::detail
