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

struct CalibrationOptions {
  double far = 0.01;               ///< the false accept rate that the threshold keeps to, between 0 and 1
  bool at_eer = false;             ///< set the threshold where FAR and FRR are closest instead; `far` is not used
  bool at_best_accuracy = false;   ///< set it where most pairs are decided rightly instead; `far` is not used
  bool or_accept_nothing = false;  ///< where the distances allow no threshold, accept nothing instead of throwing
  IntervalOptions interval = {};   ///< `.identities`: none given, those that the pairs know are used
};

/// How many dissimilar pairs a calibration to `far` needs: with fewer than 1 / far a single accepted pair is more than
/// that. (They show no more than that: for 95 % confidence that the FAR is not above `far`, about 3 / far pairs with
/// none accepted are needed, Mansfield and Wayman, Best Practices in Testing and Reporting Performance of Biometric
/// Devices, 2002; the calibration's interval says where it stands.) Throws ValueError where `far` is not between 0
/// and 1.
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

/// The threshold by a rule; or -infinity, and why there is none.
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
  const std::vector<RocPoint> points = roc.points();  // the first accepts nothing, the next the closest pairs
  if (points.size() == 2) {
    chosen.obstacle = "all distances are equal: the model tells nothing";
  } else if (options.at_best_accuracy) {
    chosen.obstacle = "to accept nothing is most often right; train on more samples or longer";
  } else if (options.at_eer) {  // of exact rates it never is, where the AUC is 0.5 or more
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

/// Sets a threshold on distances of pairs: the largest with a FAR of at most `.far`, the one at the EER, or the one
/// that decides most pairs rightly; and of those that decide these pairs alike the one midway between two distances
/// (`Roc::midway`). Use pairs that took no part in the training, and report errors on others again.
///
/// Throws what Roc and `far_interval` throw, and ValueError where `.far` is out of range, where two rules are asked for
/// at once, and where there are fewer dissimilar pairs than `dissimilar_pairs_needed`. Distances may allow no
/// threshold: similar pairs are farther apart than dissimilar ones (an AUC below 0.5: none on such distances is of
/// use); every threshold accepts more than `.far` of the dissimilar pairs, since all distances are equal or the closest
/// pairs are dissimilar; all distances are equal, and the EER's threshold accepts every pair; or to accept nothing is
/// the most accurate. There it throws ValueError, or, with `.or_accept_nothing`, gives a threshold of -infinity: FAR 0,
/// FRR 1, and the reason in `.method`.
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

/// Sets the threshold of a model on pairs of raw samples and returns a Verifier with a copy of the model. Where the
/// pairs know their classes (`all_pairs` and other makers, `Pairs::with_classes`) and no `.interval.identities` are
/// given, the interval is by these. Throws as `calibrate(distances, …)` and `distances(model, pairs)`.
template <Embedder Model>
Verifier<Model> calibrate(const Model& model, const Pairs<typename Model::Scalar>& pairs,
                          CalibrationOptions options = {}) {
  if (options.interval.identities.empty()) options.interval.identities = pairs.identities();
  return {model, calibrate(distances(model, pairs), pairs.labels(), options)};
}

}  // namespace gemel
