#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include "gemel/callback/history.hpp"
#include "gemel/core/format.hpp"
#include "gemel/core/has_member.hpp"
#include "gemel/core/labels.hpp"
#include "gemel/core/types.hpp"
#include "gemel/metrics/roc.hpp"
#include "gemel/training/max_distance.hpp"

namespace gemel::detail {

// Warnings about a training that runs without an error, but learns nothing or less than it could. A warning is one
// sentence: the cause, the first epoch, as in "(since epoch 3)", counted from 1, and a remedy. Each cause is reported
// once.

/// Adds a warning that consists of cause and rest, unless there is one with the same cause.
[[gnu::cold]] inline void add_warning(History& history, const std::string& cause, const std::string& rest) {
  const auto same = [&](const std::string& warning) { return warning.starts_with(cause); };
  const auto& all = history.warnings;
  if (std::none_of(all.begin(), all.end(), same)) history.warnings.push_back(cause + rest);
}

/// A distance in the unit of the embeddings' elements; infinity if the metric has no member `as_length`.
template <class Metric>
double as_length(const Metric& metric, double d) {
  if constexpr (requires { metric.as_length(d); }) {
    return metric.as_length(d);
  } else {
    return std::numeric_limits<double>::infinity();
  }
}

GEMEL_HAS_MEMBER(margin)
template <class L>
concept HasMargin = requires(const L loss) {
  { loss.margin } -> std::convertible_to<double>;
};
template <class L>
concept HasMarginFunction = requires(const L loss) {
  { loss.margin() } -> std::convertible_to<double>;
};
template <class L>
concept HasNoMargin = !std::is_class_v<L> || !has_margin<L>;

/// The margin of a loss, from its member `margin` or `margin()`; 0 if it has neither.
template <class LossType>
double margin_of(const LossType& loss) {
  static_assert(HasMargin<LossType> || HasMarginFunction<LossType> || HasNoMargin<LossType>,
                "gemel: a loss's `margin`, if it has one, must be a public number or a function double margin() const");
  if constexpr (HasMargin<LossType>) return loss.margin;
  if constexpr (HasMarginFunction<LossType>) return loss.margin();
  return 0;
}

/// Before the first epoch: warns if the margin is larger than any distance between two embeddings.
template <class LossType, class Model>
[[gnu::cold]] void warn_of_margin(const LossType& loss, const Model& model, History& history) {
  const auto& network = model.network();
  const double margin = margin_of(loss);
  const double largest = max_distance(model.metric(), embedding_range(network), network.out());
  if (margin <= largest * (1 + 1e-6)) return;
  add_warning(history, "the margin cannot be reached",
              format({": it is ", margin, ", but no two embeddings of this network are farther apart than ", largest,
                      ", so that no dissimilar pair is ever far enough; lower the margin, or take a last layer or a "
                      "distance without this bound"}));
}

/// The data of an epoch that the warnings use.
struct EpochSummary {
  Index epoch;
  Index epochs;  ///< number of epochs of the training
  bool whole;    ///< whether the epoch ran to its last batch
  double loss;
  double highest_rate;  ///< highest learning rate of the epoch's steps
};

/// The first layer that has parameters, its largest |input| and its largest |output|; both are 1 if no layer has
/// parameters.
struct FirstLayer {
  Index k = 0;
  double input = 1, output = 1;
  bool bounded = false;  ///< whether the output cannot be above 1
};
template <class Step, class Net>
[[gnu::cold]] FirstLayer first_layer(const Step& step, const Net& network) {
  for (Index k = 0; k < network.depth(); ++k) {
    if (network.offset(k + 1) == network.offset(k)) continue;
    const auto input = k == 0 ? step.max_abs_feature() : step.max_abs_output(k - 1);
    FirstLayer first{k, static_cast<double>(input), static_cast<double>(step.max_abs_output(k))};
    network.visit_sized(k, [&](const auto& layer) { first.bounded = range_after(layer, VectorRange{}).high <= 1; });
    return first;
  }
  return {};
}

/// After an epoch: warns of reasons why nothing was learned. A dead layer and a collapsed embedding may be consequences
/// of any other reason, and so are reported only if there is no other.
template <class Step, class Model>
[[gnu::cold]] void warn_of_epoch(const Step& step, const Model& model, const EpochSummary& summary, History& history) {
  bool explained = false;
  Index since = summary.epoch;
  const auto add = [&](const std::string& cause, std::initializer_list<Piece> rest) {
    add_warning(history, cause, format({" (since epoch ", since + 1, "): ", format(rest)}));
    explained = true;
  };
  if (summary.whole && !step.has_label(false)) {
    add("all pairs are similar",
        {"nothing holds samples apart, so that one point for all of them is the best embedding; give dissimilar pairs "
         "too"});
  }
  if (summary.whole && !step.has_label(true)) {
    add("all pairs are dissimilar", {"nothing draws samples together; give similar pairs too"});
  }
  // A first epoch at rate 0 may be the start of a warm-up.
  if (summary.whole && summary.highest_rate == 0 && (summary.epoch > 0 || summary.epochs == 1)) {
    while (since > 0 && history.learning_rate[static_cast<std::size_t>(since) - 1] == 0) --since;
    add("the learning rate is 0",
        {"the network stays as it is; give the optimizer a rate above 0, or a schedule that lasts as long as the "
         "training"});
    since = summary.epoch;
  }
  // Initial weights suit features of about 1. The output shows whether the weights have compensated for features of
  // another size.
  const auto [first, input, output, bounded] = first_layer(step, model.network());
  const std::string where = first == 0 ? "" : format({" behind layer ", first - 1});
  if (input > 1e3 && output > (bounded ? 1 - 1e-6 : 1e3)) {
    add("the features are too large",
        {"they are up to ", input, where, ", with a loss of ", summary.loss, "; scale them to about 1"});
  }
  if (input < 1e-3 && output < (bounded ? 1e-2 : 1)) {
    add("the features are too small",
        {"they are at most ", input, where, ", too little to tell samples apart; scale them to about 1"});
  }
  if (explained) return;

  const auto& network = model.network();
  for (Index k = 0; k < network.depth(); ++k) {
    if (step.max_abs_output(k) == 0) {
      return add(
          format({"layer ", k, " is dead"}),
          {"it gave 0 for every sample, so nothing before it learns; lower the learning rate, scale the features, "
           "or use LeakyReLU"});
    }
  }
  const auto extent = static_cast<double>(step.max_abs_output(network.depth() - 1));
  if (as_length(model.metric(), static_cast<double>(step.max_abs_distance())) < 1e-5 * extent) {
    add("the embedding has collapsed",
        {"all samples are embedded in one point; give more dissimilar pairs, a larger margin, or a lower learning "
         "rate"});
  }
}

/// After the last epoch: warns if the validation pairs are all of one kind, or if their similar pairs are farther apart
/// than the dissimilar ones. Does nothing if there are no distances.
template <class Scalar>
[[gnu::cold]] void warn_of_validation(const std::vector<Scalar>& distances, const Labels& labels, History& history) {
  if (distances.empty()) return;
  const auto similar = static_cast<double>(std::ranges::count(labels.span(), 1));
  const double dissimilar = static_cast<double>(labels.size()) - similar;
  if (similar == 0 || dissimilar == 0) {
    return add_warning(history,
                       similar == 0 ? "all validation pairs are dissimilar" : "all validation pairs are similar",
                       ": their loss does not show how well the two kinds are told apart; a validation_split takes the "
                       "last pairs as they stand, so shuffle them before, or give validation pairs of both kinds");
  }
  // If the labels are reversed, the AUC is only a little below 1/2, since a network cannot learn to put all samples of
  // a class far apart.
  const std::string reversed = low_auc_warning(Roc{distances, labels});
  if (!reversed.empty()) add_warning(history, "of the validation, " + reversed, "");
}

/// Number of epochs at the end of a training by which to judge whether the loss still falls.
inline Index last_tenth(Index epochs) { return std::max<Index>(2, epochs / 10); }

/// Whether a loss falls steeply at the end: in the last tenth of the epochs, but at least two, it has fallen by more
/// than a tenth and at more than half of its average pace, and its last value is its lowest. False for fewer than five
/// epochs.
[[gnu::cold]] inline bool falls_steeply(const std::vector<double>& loss) {
  const Index epochs = length(loss);
  if (epochs < 5) return false;
  const Index tenth = last_tenth(epochs);
  const double last = loss.back(), before = loss[static_cast<std::size_t>(epochs - 1 - tenth)];
  const double pace = (before - last) / static_cast<double>(tenth);
  const double average_pace = (loss.front() - last) / static_cast<double>(epochs - 1);
  return before - last > 0.1 * std::abs(before) && pace > average_pace / 2 &&
         last <= *std::min_element(loss.begin(), loss.end());
}

/// After the last epoch: warns if the loss still falls. With validation pairs, both losses must still fall: the
/// validation loss alone may fall by chance, since it is the mean of fewer pairs.
[[gnu::cold]] inline void warn_of_end(History& history) {
  if (!falls_steeply(history.loss)) return;
  if (!history.validation_loss.empty() && !falls_steeply(history.validation_loss)) return;
  const std::vector<double>& loss = history.validation_loss.empty() ? history.loss : history.validation_loss;
  const Index tenth = last_tenth(length(loss));
  add_warning(history, "the loss still falls",
              format({": it is ", loss.back(), " after the last epoch, and was ",
                      loss[static_cast<std::size_t>(length(loss) - 1 - tenth)], " ", tenth,
                      " epochs before; train for more epochs, or with a higher learning rate"}));
}

}  // namespace gemel::detail
