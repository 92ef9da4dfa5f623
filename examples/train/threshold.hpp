#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/labels.hpp"
#include "gemel/core/message.hpp"
#include "gemel/metrics/roc.hpp"
#include "gemel/verification/calibration.hpp"
#include "options.hpp"

namespace train {

/// The false accept rate that the threshold is set for, with a note where it is neither asked for nor the usual one.
struct TargetRate {
  double far;
  std::vector<std::string> notes = {};
};

/// The smallest false accept rate that so many dissimilar pairs can show, at least two, rounded up to three digits.
inline double smallest_rate(Index dissimilar) {
  const double rate = 1 / static_cast<double>(dissimilar);
  const double digits = std::pow(10, 2 - std::floor(std::log10(rate)));
  return std::ceil(rate * digits * (1 - 1e-12)) / digits;
}

/// The rate of --far; or without it 1 %, or the smallest that the validation pairs can show. Throws ValueError where
/// they cannot show what was asked for.
inline TargetRate target_rate(const Options& options, const gemel::Labels& validation) {
  constexpr double usual = 0.01;
  if (options.threshold != ThresholdRule::Far) return {usual};
  const Index dissimilar = std::count(validation.span().begin(), validation.span().end(), 0);
  const double far = options.far.value_or(usual);
  const Index needed = gemel::dissimilar_pairs_needed(far);
  if (dissimilar >= needed) return {far};
  if (dissimilar < 2) {
    throw gemel::ValueError(
        {"one dissimilar validation pair can show no false accept rate: hold out more by "
         "--validation, or set the threshold by --threshold eer"});
  }
  const double possible = smallest_rate(dissimilar);
  if (options.far) {
    throw gemel::ValueError({"a threshold for --far ", far, " needs ", needed,
                             " dissimilar validation pairs, but there are ", dissimilar,
                             ": hold out more by --validation, or give --far ", possible, " or more"});
  }
  return {possible,
          {gemel::message({"the ", dissimilar,
                           " dissimilar validation pairs can show no false accept rate "
                           "below ",
                           100 * possible, " %, so the threshold is set for that instead of ", 100 * usual,
                           " %; hold out more by --validation for a stricter one"})}};
}

struct Threshold {
  double value;             ///< -infinity: none, nothing is accepted
  std::string origin;       ///< how it was set, or why there is none
  std::string remedy = {};  ///< where there is none, what to do
};

/// Sets the threshold on the validation pairs, for the target rate or by another rule. Where the network tells too
/// little there is none. Throws as `target_rate`.
inline Threshold set_threshold(const Options& options, std::span<const float> distances, const gemel::Labels& labels) {
  const gemel::Roc roc{distances, labels};
  constexpr double nothing = -std::numeric_limits<double>::infinity();
  const auto none = [](const std::string& why) {
    return Threshold{nothing, why, "train on more samples or longer, or set it by another --threshold or --far"};
  };
  if (roc.auc() < 0.5)
    return {nothing, "similar pairs are farther apart than dissimilar ones", "train on more samples or longer"};
  double value = 0;
  std::string origin;
  if (options.threshold == ThresholdRule::Accuracy) {
    value = roc.best_threshold();
    origin = "the best accuracy";
    if (std::isinf(value)) return none("to accept nothing is most often right");
  } else if (options.threshold == ThresholdRule::Eer) {
    value = roc.eer_threshold();
    origin = "equal error rates";
    if (roc.far(value) == 1) return none("equal error rates would accept every pair");
  } else {
    const double far = target_rate(options, labels).far;
    value = roc.threshold_at_far(far);
    origin = gemel::message({"at most ", 100 * far, " % false accepts"});
    if (std::isinf(value) && roc.frr(roc.points()[1].threshold) < 1) {
      return none("the smallest distance is that of similar and dissimilar pairs alike");
    }
    if (std::isinf(value)) {
      return none(gemel::message({"the closest pairs are dissimilar, and any threshold accepts more than ", 100 * far,
                                  " % of the dissimilar ones"}));
    }
  }
  return {roc.midway(value), origin};
}

}  // namespace train
