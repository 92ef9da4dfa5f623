#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/format.hpp"
#include "gemel/core/labels.hpp"
#include "gemel/metrics/roc.hpp"
#include "gemel/verification/calibration.hpp"
#include "options.hpp"

namespace train {

/// The false accept rate for which the threshold is set, with a note if it is neither the requested nor the usual rate.
struct TargetRate {
  double far;
  std::vector<std::string> notes = {};
};

/// The smallest false accept rate that this many dissimilar pairs (at least two) can show, rounded up to three digits.
inline double smallest_rate(Index dissimilar) {
  const double rate = 1 / static_cast<double>(dissimilar);
  const double digits = std::pow(10, 2 - std::floor(std::log10(rate)));
  return std::ceil(rate * digits * (1 - 1e-12)) / digits;
}

/// The rate of --far. Without --far, 1 %, or the smallest rate that the validation pairs can show if that is larger.
/// Throws ValueError if they cannot show the requested rate.
inline TargetRate target_rate(const Options& options, const gemel::Labels& validation) {
  constexpr double usual = 0.01;
  if (options.threshold != ThresholdRule::Far) return {usual};
  const Index dissimilar = std::count(validation.span().begin(), validation.span().end(), 0);
  const double far = options.far.value_or(usual);
  const Index needed = gemel::dissimilar_pairs_needed(far);
  if (dissimilar >= needed) return {far};
  if (dissimilar < 2) {
    throw gemel::ValueError(
        {"one dissimilar validation pair can show no false accept rate: hold out more with "
         "--validation, or set the threshold with --threshold eer"});
  }
  const double possible = smallest_rate(dissimilar);
  if (options.far) {
    throw gemel::ValueError({"a threshold for --far ", far, " needs ", needed,
                             " dissimilar validation pairs, but there are ", dissimilar,
                             ": hold out more with --validation, or give --far ", possible, " or more"});
  }
  return {possible,
          {gemel::format({"the ", dissimilar,
                          " dissimilar validation pairs can show no false accept rate "
                          "below ",
                          100 * possible, " %, so the threshold is set for that instead of ", 100 * usual,
                          " %; hold out more with --validation for a stricter one"})}};
}

/// How to set the threshold. It becomes -infinity if the network separates the pairs too badly for a threshold.
inline gemel::CalibrationOptions calibration_options(const Options& options, double target) {
  return {.far = target,
          .at_eer = options.threshold == ThresholdRule::Eer,
          .at_best_accuracy = options.threshold == ThresholdRule::Accuracy,
          .or_accept_nothing = true};
}

/// The aim of the threshold; or why there is none, with advice. `validation` is the ROC of the pairs on which it is
/// set.
inline std::string purpose(const Options& options, const gemel::Calibration& calibration, const gemel::Roc& validation,
                           double target) {
  const bool none = std::isinf(calibration.threshold);
  if (none && validation.auc() < 0.5) {
    return "similar pairs are farther apart than dissimilar ones; look at the classes, or train on more samples or "
           "longer";
  }
  const std::string rate = gemel::format({100 * target, " %"});
  std::string aim = "at most " + rate + " false accepts";
  std::string obstacle = "any threshold accepts more than " + rate + " of the dissimilar pairs";
  if (options.threshold == ThresholdRule::Eer) {
    aim = "equal error rates";
    obstacle = "equal error rates would accept every pair";
  } else if (options.threshold == ThresholdRule::Accuracy) {
    aim = "the best accuracy";
    obstacle = "to reject every pair is right most often";
  }
  return none ? obstacle + "; train on more samples or longer, or set it with another --threshold or --far" : aim;
}

}  // namespace train
