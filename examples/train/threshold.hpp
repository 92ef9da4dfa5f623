#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <sstream>
#include <string>

#include "gemel/core/error.hpp"
#include "gemel/core/labels.hpp"
#include "gemel/metrics/roc.hpp"
#include "gemel/verification/calibration.hpp"
#include "options.hpp"

namespace train {

struct Threshold {
  double value;
  std::string origin;  ///< how it was set
};

/// Throws ValueError where the validation pairs are too few to set a threshold for --far.
inline void check_threshold(const Options& options, const gemel::Labels& validation) {
  if (options.threshold != ThresholdRule::Far) return;
  const Index dissimilar = std::count(validation.span().begin(), validation.span().end(), 0);
  const Index needed = gemel::dissimilar_pairs_needed(options.far);
  if (dissimilar < needed) {
    std::ostringstream text;
    text << "a threshold for --far " << options.far << " needs " << needed
         << " dissimilar validation pairs, but there are " << dissimilar << ": hold out more by --validation";
    throw gemel::ValueError(text.str());
  }
}

/// Sets the threshold on the validation pairs. Where the network tells too little for --far, nothing is accepted.
inline Threshold set_threshold(const Options& options, std::span<const float> distances, const gemel::Labels& labels) {
  if (options.threshold == ThresholdRule::Accuracy) {
    return {gemel::Roc{distances, labels}.best_threshold(), "the best accuracy"};
  }
  if (options.threshold == ThresholdRule::Eer) {
    return {gemel::Roc{distances, labels}.eer_threshold(), "equal error rates"};
  }
  std::ostringstream origin;
  origin << "at most " << 100 * options.far << " % false accepts";
  const double value = gemel::Roc{distances, labels}.threshold_at_far(options.far);
  if (std::isinf(value)) origin << ", which none has here but to accept nothing";
  return {value, origin.str()};
}

}  // namespace train
