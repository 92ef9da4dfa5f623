#pragma once

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <string>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/format.hpp"
#include "gemel/core/labels.hpp"
#include "gemel/core/types.hpp"
#include "gemel/data/pairs.hpp"
#include "gemel/metrics/interval.hpp"
#include "gemel/metrics/roc.hpp"
#include "gemel/verification/distances.hpp"
#include "gemel/verification/embedder.hpp"
#include "gemel/verification/verifier.hpp"

namespace gemel {

/// The rule by which `calibrate` sets a threshold. Without at_eer and at_best_accuracy, it is the rule of `far`.
struct CalibrationOptions {
  double far = 0.01;               ///< the largest false accept rate of the threshold, between 0 and 1
  bool at_eer = false;             ///< set the threshold where FAR and FRR are closest instead; `far` is not used
  bool at_best_accuracy = false;   ///< set it where most pairs are decided correctly instead; `far` is not used
  bool or_accept_nothing = false;  ///< where the distances allow no threshold, accept nothing instead of throwing
  IntervalOptions interval = {};   ///< of the FAR; without `.identities`, those that the pairs know are used
};

/// The number of dissimilar pairs that a calibration to `far` needs: of fewer than 1 / far pairs, a single accepted one
/// is a larger share than `far`. Throws ValueError where `far` is not between 0 and 1.
///
/// That minimum proves little: for 95 % confidence that the FAR is at most `far`, about 3 / far pairs are needed, none
/// of them accepted (Mansfield and Wayman, Best Practices in Testing and Reporting Performance of Biometric Devices,
/// 2002). What the pairs do prove is in the calibration's `.interval`.
inline Index dissimilar_pairs_needed(double far) {
  if (!(far > 0 && far < 1)) {
    throw ValueError({"a false accept rate to calibrate to lies between 0 and 1, but ", far, " was given"});
  }
  constexpr Index most = std::numeric_limits<Index>::max() / 2;
  const double pairs = std::floor(1 / far);
  const double needed = 1 / pairs > far ? pairs + 1 : pairs;  // compared as in threshold_at_far
  return static_cast<Index>(std::min(needed, static_cast<double>(most)));
}

namespace detail {

/// The threshold that a rule gives; or -infinity, and the reason why there is none.
struct ChosenThreshold {
  std::string rule;
  double value = -std::numeric_limits<double>::infinity();
  std::string obstacle = {};
};

[[gnu::cold]] inline ChosenThreshold choose_threshold(const Roc& roc, const CalibrationOptions& options) {
  ChosenThreshold chosen;
  Index needed = 0;
  double value = 0;
  if (options.at_eer) {
    chosen.rule = "threshold at the equal error rate";
    value = roc.eer_threshold();
  } else if (options.at_best_accuracy) {
    chosen.rule = "threshold at the best accuracy";
    value = roc.best_threshold();
  } else {
    chosen.rule = format({"threshold for a FAR of at most ", options.far});
    needed = dissimilar_pairs_needed(options.far);
    value = roc.threshold_at_far(options.far);
  }
  chosen.obstacle = low_auc_warning(roc);
  if (!chosen.obstacle.empty()) return chosen;
  if (roc.dissimilar() < needed) {
    throw ValueError(
        {"a ", chosen.rule, " needs at least ", needed, " dissimilar pairs, but there are ", roc.dissimilar()});
  }
  const bool accepts_all = options.at_eer && roc.far(value) == 1;
  if (!std::isinf(value) && !accepts_all) {
    chosen.value = value;
    return chosen;
  }
  const std::vector<RocPoint> points = roc.points();  // the first accepts nothing, the second the closest pairs
  if (points.size() == 2) {
    chosen.obstacle = "all distances are equal: the model tells nothing";
  } else if (options.at_best_accuracy) {
    chosen.obstacle = "to accept nothing is most often right; train on more samples or longer";
  } else if (options.at_eer) {  // with exact rates, only for an AUC below 0.5
    chosen.obstacle = "it accepts every dissimilar pair; train on more samples or longer";
  } else {
    const char* const closest = points[1].frr < 1
                                    ? "the smallest distance is that of similar and dissimilar pairs alike"
                                    : "the closest of all pairs are dissimilar";
    chosen.obstacle = format({closest, "; allow a higher rate, or train on more samples or longer"});
  }
  return chosen;
}

}  // namespace detail

/// Sets a threshold on the distances of pairs: the largest with a FAR of at most `.far`, the one at the EER, or the one
/// that decides most pairs correctly. Of the thresholds that decide these pairs alike, it is the one midway between two
/// distances (`Roc::midway`). Use pairs that took no part in training, and report errors on yet other pairs.
///
/// Throws what Roc and `far_interval` throw, and ValueError where `.far` is not between 0 and 1, where two rules are
/// set, or where there are fewer dissimilar pairs than `dissimilar_pairs_needed`.
///
/// The distances allow no threshold in these cases:
///
///   - similar pairs are farther apart than dissimilar ones (an AUC below 0.5), so that no threshold is of use
///   - every threshold accepts more than `.far` of the dissimilar pairs, because all distances are equal or the closest
///     pairs are dissimilar
///   - the threshold at the EER accepts every dissimilar pair, as where all distances are equal
///   - accepting nothing is the most accurate
///
/// Then it throws ValueError, or with `.or_accept_nothing` returns a threshold of -infinity with FAR 0, FRR 1 and the
/// reason in `.method`.
template <class Distances = std::initializer_list<double>>
Calibration calibrate(const Distances& distances, const Labels& labels, const CalibrationOptions& options = {}) {
  if (options.at_eer && options.at_best_accuracy) {
    throw ValueError("both at_eer and at_best_accuracy are set: a threshold is set by one rule");
  }
  const Roc roc{distances, labels};
  const detail::ChosenThreshold chosen = detail::choose_threshold(roc, options);
  const bool nothing = !chosen.obstacle.empty();
  if (nothing && !options.or_accept_nothing) throw ValueError({"there is no ", chosen.rule, ": ", chosen.obstacle});
  const double threshold = roc.midway(chosen.value);
  Calibration calibration{.threshold = threshold,
                          .far = roc.far(threshold),
                          .frr = roc.frr(threshold),
                          .interval = far_interval(distances, labels, threshold, options.interval)};
  if (nothing) calibration.interval = {.low = 0, .high = 0, .method = "none is needed: no pair at all is accepted"};
  const std::string on = format({" on ", roc.similar(), " similar and ", roc.dissimilar(), " dissimilar pairs"});
  calibration.method = nothing ? format({"no ", chosen.rule, ", nothing is accepted", on, ": ", chosen.obstacle})
                               : format({chosen.rule, on, "; ", 100 * options.interval.confidence,
                                         " % interval of the FAR: ", calibration.interval.method});
  return calibration;
}

/// Sets the threshold of a model on pairs of raw samples and returns a Verifier with a copy of the model. Without
/// `.interval.identities`, the interval uses the classes that the pairs know (from `all_pairs`, other functions that
/// make pairs, or `Pairs::with_classes`). Throws like `calibrate(distances, …)` and `distances(model, pairs)`.
template <Embedder Model>
Verifier<Model> calibrate(const Model& model, const Pairs<typename Model::Scalar>& pairs,
                          CalibrationOptions options = {}) {
  if (options.interval.identities.empty()) options.interval.identities = pairs.identities();
  return {model, calibrate(distances(model, pairs), pairs.labels(), options)};
}

}  // namespace gemel
