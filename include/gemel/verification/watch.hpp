#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>

#include "gemel/callback/history.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/labels.hpp"
#include "gemel/core/types.hpp"
#include "gemel/data/pairs.hpp"
#include "gemel/metrics/roc.hpp"
#include "gemel/metrics/roc_metrics.hpp"
#include "gemel/verification/evaluate.hpp"

namespace gemel {

/// Options of a Watch.
struct WatchOptions {
  Index every = 1;  ///< number of epochs from one measurement to the next, at least 1; other epochs have the value NaN
};

/// A callback that measures after each epoch how well the model separates the given pairs:
///
///   History history = fit(model, pairs, loss, optimizer, {.epochs = 20}, rng, Watch{"hard eer", hard_pairs, eer},
///                         EarlyStopping{.monitor = "hard eer", .patience = 3}, CSVLogger{"log.csv"});
///   history.metric("hard eer").back();
///
/// The metric computes a double from the Roc of the distances: `eer`, `auc`, `best_accuracy`, `FrrAtFar{0.01}`, or a
/// function of your own. The model computes as at inference, without dropout. The value is in the history before any
/// callback's on_epoch_end is called, whatever the order of the callbacks, so that EarlyStopping and ReduceLROnPlateau
/// can monitor it and CSVLogger and ProgressBar show it. The pairs' samples are shared, not copied.
///
/// The pairs are checked when training begins. ValueError is thrown if `every` is below 1, if all pairs are of one
/// kind, or if the name is empty, has control characters, or is that of another callback's metric or of a column of a
/// log (epoch, loss, validation_loss, val_loss, learning_rate, seconds); ShapeError if the samples do not have as many
/// features as the model takes; NonFiniteError if a sample has NaN or infinity. After an epoch, NonFiniteError is
/// thrown if a distance is not finite. `place().pair` is the index of the pair.
template <Scalar S, RocMetric Metric>
class Watch {
 public:
  /// A Watch whose values enter the history under `name`.
  Watch(std::string name, Pairs<S> pairs, Metric metric, WatchOptions options = {})
      : name_(std::move(name)), pairs_(std::move(pairs)), metric_(std::move(metric)), options_(options) {}

  /// @{
  /// Members of the Callback concept (callback/callback.hpp).
  MetricSeries metric() const {
    MetricSeries series{.name = name_};
    if constexpr (requires { bool{Metric::more_is_better}; }) series.more_is_better = Metric::more_is_better;
    return series;
  }

  template <class State>
  [[gnu::cold]] void on_train_begin(State& state) const {
    using Model = std::remove_cvref_t<decltype(state.model)>;
    static_assert(std::is_same_v<typename Model::Scalar, S>, "gemel: a Watch needs pairs of the model's scalar type");
    if (options_.every < 1) {
      throw ValueError(
          {"the metric '", name_, "' is taken every ", options_.every, " epochs, but it must be 1 or more"});
    }
    const Index features = state.model.network().in();
    if (pairs_.features() != features) {
      throw ShapeError({"the model takes ", features, " features, but the pairs of the metric '", name_, "' have ",
                        pairs_.features()});
    }
    const Labels labels = pairs_.labels();
    const auto similar = std::ranges::count(labels.span(), 1);
    if (similar == 0 || similar == labels.size()) {
      throw ValueError({"the pairs of the metric '", name_, "' are all ", similar == 0 ? "dissimilar" : "similar",
                        ": pairs of both classes are needed"});
    }
    try {
      detail::check_finite(detail::used_samples(pairs_, 0, pairs_.size()).columns, pairs_, 0, pairs_.size());
    } catch (const NonFiniteError& error) {
      throw NonFiniteError({"of the pairs of the metric '", name_,
                            "', a sample's features hold NaN or infinity; clean the data or leave the sample out"},
                           error.place());
    }
  }

  template <class State>
  [[gnu::cold]] double on_measure(State& state) const {
    if ((state.epoch + 1) % options_.every != 0) return std::numeric_limits<double>::quiet_NaN();
    const VectorX<S> values = distances(state.model, pairs_);
    for (Index i = 0; i < values.size(); ++i) {
      if (std::isfinite(values[i])) continue;
      throw NonFiniteError({"of the pairs of the metric '", name_,
                            "', this one's distance is not finite: look for huge features, or lower the learning rate"},
                           {.epoch = state.epoch, .pair = i});
    }
    return metric_(Roc{values, pairs_.labels()});
  }
  /// @}

 private:
  std::string name_;
  Pairs<S> pairs_;
  Metric metric_;
  WatchOptions options_;
};

}  // namespace gemel
