#pragma once

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/labels.hpp"
#include "gemel/core/types.hpp"
#include "gemel/data/pairs.hpp"
#include "gemel/metrics/interval.hpp"
#include "gemel/metrics/roc.hpp"
#include "gemel/verification/evaluate.hpp"
#include "gemel/verification/verifier.hpp"

namespace gemel {

struct CalibrationOptions {
  double far = 0.01;              ///< the false accept rate that the threshold keeps to, between 0 and 1
  bool at_eer = false;            ///< set the threshold where FAR and FRR are closest instead; `far` is not used
  IntervalOptions interval = {};  ///< give `.identities` where they are known
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

/// Sets a threshold on distances of pairs: the largest with a FAR of at most `.far`, or the one at the EER, and of
/// those that decide these pairs alike the one midway between two distances (`Roc::midway`). Use pairs that took no
/// part in the training, and report errors on others again.
///
/// Throws what Roc and `far_interval` throw, and ValueError where `.far` is out of range, where there are fewer
/// dissimilar pairs than `dissimilar_pairs_needed`, where similar pairs are farther apart than dissimilar ones (an AUC
/// below 0.5: no threshold on such distances is of use), or where every threshold accepts more of them than `.far`: all
/// distances are equal, or the closest pairs are dissimilar.
template <class Distances = std::initializer_list<double>>
Calibration calibrate(const Distances& distances, const Labels& labels, const CalibrationOptions& options = {}) {
  const Roc roc{distances, labels};
  if (const std::string reversed = reversal(roc); !reversed.empty()) throw ValueError(reversed);
  std::ostringstream method;
  double threshold = 0;
  if (options.at_eer) {
    threshold = roc.eer_threshold();
    method << "threshold at the equal error rate";
    if (roc.far(threshold) == 1) {
      throw ValueError("at the equal error rate every pair would be accepted: all distances are equal");
    }
  } else {
    const Index needed = dissimilar_pairs_needed(options.far);
    method << "threshold for a FAR of at most " << options.far;
    if (roc.dissimilar() < needed) {
      throw ValueError(
          {"a ", method.str(), " needs at least ", needed, " dissimilar pairs, but there are ", roc.dissimilar()});
    }
    threshold = roc.threshold_at_far(options.far);
    if (std::isinf(threshold)) {
      throw ValueError({"there is no ", method.str(),
                        ": the closest of all pairs are dissimilar, or all distances are "
                        "equal; the model tells nothing at that rate"});
    }
  }
  threshold = roc.midway(threshold);
  Calibration calibration{.threshold = threshold,
                          .far = roc.far(threshold),
                          .frr = roc.frr(threshold),
                          .interval = far_interval(distances, labels, threshold, options.interval)};
  method << " on " << roc.similar() << " similar and " << roc.dissimilar() << " dissimilar pairs; "
         << 100 * options.interval.confidence << " % interval of the FAR: " << calibration.interval.method;
  calibration.method = method.str();
  return calibration;
}

/// Sets the threshold of a model on pairs and returns a Verifier with a copy of the model. The pairs hold samples as
/// the model was trained on; the Verifier's `preprocess` is applied to what it is asked about later.
/// Throws as `calibrate(distances, …)` and `distances(model, pairs)`.
template <class Model, class Preprocess = Identity>
requires requires { typename Model::Scalar; }
Verifier<Model, Preprocess> calibrate(const Model& model, const Pairs<typename Model::Scalar>& pairs,
                                      const CalibrationOptions& options = {}, Preprocess preprocess = {}) {
  return {model, calibrate(distances(model, pairs), pairs.labels(), options), std::move(preprocess)};
}

}  // namespace gemel
