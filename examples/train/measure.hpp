#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/labels.hpp"
#include "gemel/core/stop.hpp"
#include "gemel/metrics/interval.hpp"
#include "gemel/metrics/roc.hpp"
#include "gemel/verification/calibration.hpp"
#include "gemel/verification/distances.hpp"
#include "model.hpp"
#include "prepare.hpp"
#include "rows.hpp"
#include "threshold.hpp"

namespace train {

/// What is measured of one way to compare samples.
struct Measured {
  Row row;
  gemel::Calibration calibration;
  gemel::Roc validation_roc;
  gemel::Roc roc;                   ///< of the test pairs
  gemel::VectorX<float> distances;  ///< of the test pairs
  double accuracy = 0;              ///< at the threshold
  double dissimilar = 0;            ///< the share of the test pairs that are dissimilar
};

namespace detail {

/// The distances of the pairs of a part of the data. Throws NonFiniteError, with the part's name, if one is not finite.
inline gemel::VectorX<float> finite_distances(const Ensemble& model, const gemel::Pairs<float>& pairs,
                                              const std::string& name) {
  gemel::VectorX<float> values = distances(model, pairs);
  if (!values.allFinite()) {
    throw gemel::NonFiniteError({"the network gives ", name,
                                 " pairs a distance of NaN or infinity: look for huge features, scale them (--scale), "
                                 "or lower --learning-rate"});
  }
  return values;
}

/// The numbers of dissimilar and of similar pairs, and how many of each have a distance of at most the threshold.
struct Decisions {
  Index pairs[2] = {}, accepted[2] = {};

  Decisions(const gemel::VectorX<float>& distances, const gemel::Labels& labels, double threshold) {
    for (Index i = 0; i < labels.size(); ++i) {
      ++pairs[labels[i]];
      accepted[labels[i]] += static_cast<double>(distances[i]) <= threshold;
    }
  }
  static double share(Index part, Index all) { return static_cast<double>(part) / static_cast<double>(all); }
  double far() const { return share(accepted[0], pairs[0]); }
  double frr() const { return share(pairs[1] - accepted[1], pairs[1]); }
  double accuracy() const { return share(pairs[0] - accepted[0] + accepted[1], pairs[0] + pairs[1]); }
  double dissimilar() const { return share(pairs[0], pairs[0] + pairs[1]); }
};

}  // namespace detail

/// Measures a model: sets a threshold on the validation pairs, and measures the rates at it on the test pairs. The
/// interval is left out, because it takes longer than all else.
inline Measured measure(const std::string& name, const Ensemble& model, const gemel::Pairs<float>& validation,
                        const gemel::Pairs<float>& test, const gemel::CalibrationOptions& options) {
  const gemel::VectorX<float> validation_distances = detail::finite_distances(model, validation, "validation");
  gemel::VectorX<float> test_distances = detail::finite_distances(model, test, "test");
  Measured measured{.row = {.name = name},
                    .calibration = calibrate(validation_distances, validation.labels(), options),
                    .validation_roc = {validation_distances, validation.labels()},
                    .roc = {test_distances, test.labels()},
                    .distances = {}};
  Row& row = measured.row;
  row.validation_eer = measured.validation_roc.eer();
  row.eer = measured.roc.eer();
  row.auc = measured.roc.auc();
  row.threshold = measured.calibration.threshold;
  const detail::Decisions decisions{test_distances, test.labels(), row.threshold};
  row.far = decisions.far();
  row.frr = decisions.frr();
  measured.accuracy = decisions.accuracy();
  measured.dissimilar = decisions.dissimilar();
  measured.distances = std::move(test_distances);
  return measured;
}

/// Adds the interval of the equal error rate.
inline void add_interval(Measured& measured, const gemel::Pairs<float>& test, const gemel::StopFlag* stop) {
  measured.row.eer_interval =
      eer_interval(measured.distances, test.labels(), {.identities = test.identities(), .stop = stop});
}

}  // namespace train
