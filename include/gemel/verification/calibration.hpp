#pragma once

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <numeric>
#include <span>
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

/// Options of `calibrate`, above all the rule that sets the threshold. By default, it is the largest threshold whose
/// false accept rate is at most `far`; `at_eer` or `at_best_accuracy` chooses another rule.
struct CalibrationOptions {
  double far = 0.01;               ///< The maximum false accept rate of the threshold, in (0, 1).
  bool at_eer = false;             ///< Sets the threshold where FAR and FRR are closest; `far` is then not used.
  bool at_best_accuracy = false;   ///< Sets it where most pairs are decided correctly; `far` is then not used.
  bool or_accept_nothing = false;  ///< If no threshold is of use, rejects every pair instead of throwing.
  IntervalOptions interval = {};   ///< Options of the FAR's confidence interval.
};

/// The minimum number of dissimilar pairs for a calibration to a false accept rate of at most `far`. Of fewer than
/// 1 / far pairs, a single accepted pair would already be a larger fraction than `far`. Throws ValueError unless `far`
/// is in (0, 1).
///
/// That minimum proves little. By the "rule of three", about 3 / far dissimilar pairs, none of them accepted, show with
/// a confidence of 95 % that the FAR of new pairs is at most `far` (Mansfield and Wayman, Best Practices in Testing and
/// Reporting Performance of Biometric Devices, 2002). Calibration::interval tells what the given pairs show.
inline Index dissimilar_pairs_needed(double far) {
  if (!(far > 0 && far < 1)) {
    throw ValueError({"a false accept rate to calibrate to lies between 0 and 1, but ", far, " was given"});
  }
  constexpr Index max_pairs = std::numeric_limits<Index>::max() / 2;
  const double pairs = std::floor(1 / far);
  const double needed = 1 / pairs > far ? pairs + 1 : pairs;  // compared as in threshold_at_far
  return static_cast<Index>(std::min(needed, static_cast<double>(max_pairs)));
}

namespace detail {

/// The threshold that a rule chooses, or -infinity if it finds none that is of use.
struct ChosenThreshold {
  std::string rule;
  double value = -std::numeric_limits<double>::infinity();
  std::string obstacle = {};  // why there is no threshold, or empty
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
  const std::vector<RocPoint> points = roc.points();  // points[0] accepts no pair, points[1] the closest pairs
  if (points.size() == 2) {
    chosen.obstacle = "all distances are equal: the model tells nothing";
  } else if (options.at_best_accuracy) {
    chosen.obstacle = "rejecting every pair is the most accurate; train on more samples or longer";
  } else if (options.at_eer) {  // never reached unless rounding hides that the AUC is below 0.5
    chosen.obstacle = "it accepts every dissimilar pair; train on more samples or longer";
  } else {
    const char* const closest = points[1].frr < 1
                                    ? "the smallest distance is that of similar and dissimilar pairs alike"
                                    : "the closest of all pairs are dissimilar";
    chosen.obstacle = format({closest, "; allow a higher rate, or train on more samples or longer"});
  }
  return chosen;
}

/// The thresholds of Calibration::far_points. The false accept rates are those of 0, 1, …, 100 accepted pairs, and then
/// grow by a twentieth each.
[[gnu::cold]] inline std::vector<FarPoint> far_points(std::span<const double> distances, const Labels& labels) {
  std::vector<double> dissimilar;
  for (Index i = 0; i < labels.size(); ++i) {
    if (!labels[i]) dissimilar.push_back(distances[static_cast<std::size_t>(i)]);
  }
  std::sort(dissimilar.begin(), dissimilar.end());
  const std::size_t n = dissimilar.size();
  std::vector<FarPoint> points;
  for (std::size_t accepted = 0, next = 0; accepted <= n; ++accepted) {
    const bool tie = accepted > 0 && accepted < n && dissimilar[accepted - 1] == dissimilar[accepted];
    if (tie || (accepted < next && accepted < n)) continue;
    double threshold = dissimilar.back();
    if (accepted == 0) {
      threshold = std::nextafter(dissimilar.front(), -std::numeric_limits<double>::infinity());
    } else if (accepted < n) {
      threshold = std::midpoint(dissimilar[accepted - 1], dissimilar[accepted]);
      if (!(threshold < dissimilar[accepted])) threshold = dissimilar[accepted - 1];  // no double lies between them
    }
    points.push_back({static_cast<double>(accepted) / static_cast<double>(n), threshold});
    next = accepted + 1 + (accepted > 100 ? accepted / 20 : 0);
  }
  return points;
}

/// As `calibrate`, where the method calls the pairs by these names.
template <class Distances>
Calibration calibrate_named(const Distances& distances, const Labels& labels, const CalibrationOptions& options,
                            const char* similar, const char* dissimilar) {
  if (options.at_eer && options.at_best_accuracy) {
    throw ValueError("both at_eer and at_best_accuracy are set: a threshold is set by one rule");
  }
  const auto& values = as_doubles(distances);
  const Roc roc{distances, labels};
  const ChosenThreshold chosen = choose_threshold(roc, options);
  const bool rejects_all = !chosen.obstacle.empty();
  if (rejects_all && !options.or_accept_nothing) throw ValueError({"there is no ", chosen.rule, ": ", chosen.obstacle});
  const double threshold = roc.midway(chosen.value);
  Calibration calibration{.threshold = threshold,
                          .far = roc.far(threshold),
                          .frr = roc.frr(threshold),
                          .interval = far_interval(distances, labels, threshold, options.interval)};
  if (rejects_all) calibration.interval = {.low = 0, .high = 0, .method = "none is needed: no pair at all is accepted"};
  const std::string on = format({" on ", roc.similar(), " ", similar, " and ", roc.dissimilar(), " ", dissimilar});
  calibration.method = rejects_all ? format({"no ", chosen.rule, ", nothing is accepted", on, ": ", chosen.obstacle})
                                   : format({chosen.rule, on, "; ", 100 * options.interval.confidence,
                                             " % interval of the FAR: ", calibration.interval.method});
  calibration.far_points = far_points(values, labels);
  return calibration;
}

}  // namespace detail

/// Sets a threshold on the distances of pairs: the largest one with a FAR of at most CalibrationOptions::far, the one
/// at the equal error rate, or the one that decides most pairs correctly. Many thresholds decide these pairs
/// alike; it takes the middle between the largest accepted and the smallest rejected distance (Roc::midway). Use pairs
/// that took no part in training, and report error rates on yet other pairs.
///
/// Throws what Roc and `far_interval` throw, and ValueError if two rules are set, or if, with the rule of
/// CalibrationOptions::far, `far` is not in (0, 1) or there are fewer dissimilar pairs than `dissimilar_pairs_needed`.
///
/// In these cases, no threshold is of use:
///
/// - Similar pairs are farther apart than dissimilar ones (the AUC is below 0.5).
/// - Every threshold accepts more than CalibrationOptions::far of the dissimilar pairs, because all distances are equal
///   or dissimilar pairs are among the closest ones.
/// - The threshold at the EER accepts every dissimilar pair, for example because all distances are equal.
/// - Rejecting every pair has the best accuracy.
///
/// Then `calibrate` throws ValueError; or, with CalibrationOptions::or_accept_nothing, it returns the threshold
/// -infinity, which rejects every pair (FAR 0, FRR 1), with the reason in Calibration::method.
template <class Distances = std::initializer_list<double>>
Calibration calibrate(const Distances& distances, const Labels& labels, const CalibrationOptions& options = {}) {
  return detail::calibrate_named(distances, labels, options, "similar", "dissimilar pairs");
}

/// As above, but on the distances of pairs of raw samples under a model. Returns a Verifier with a copy of the model.
/// If IntervalOptions::identities is empty, the interval uses the classes that the pairs know (from `all_pairs`, other
/// functions that make pairs, or Pairs::with_classes). Also throws what `distances(model, pairs)` throws.
template <Embedder Model>
Verifier<Model> calibrate(const Model& model, const Pairs<typename Model::Scalar>& pairs,
                          CalibrationOptions options = {}) {
  if (options.interval.identities.empty()) options.interval.identities = pairs.identities();
  return {model, calibrate(distances(model, pairs), pairs.labels(), options)};
}

}  // namespace gemel
