#pragma once

#include <cmath>
#include <set>
#include <string>

#include "../program/measured.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/pair_identity.hpp"
#include "gemel/core/stop.hpp"
#include "gemel/core/types.hpp"
#include "gemel/data/pairs.hpp"
#include "gemel/metrics/far_prediction.hpp"
#include "gemel/verification/calibration.hpp"
#include "gemel/verification/claims.hpp"
#include "gemel/verification/distances.hpp"
#include "model.hpp"

namespace train {

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

/// The number of different classes of the samples of the pairs.
inline Index classes_of(const gemel::Pairs<float>& pairs) {
  std::set<Index> classes;
  for (const gemel::PairIdentity& identity : pairs.identities()) classes.insert({identity.first, identity.second});
  return gemel::length(classes);
}

/// The pairs as trials.
inline gemel::Trials trials(const gemel::VectorX<float>& distances, const gemel::Pairs<float>& pairs) {
  return {.scores = {distances.begin(), distances.end()}, .labels = pairs.labels(), .identities = pairs.identities()};
}

}  // namespace detail

/// Measures a model: sets a threshold on the validation pairs, says which false accept rate is to be expected of as
/// many other classes as the test has, and measures the rates on the test pairs. The interval of the equal error rate
/// is left out, because it takes longer than all else. What is to be expected is left out after a stop.
inline program::Measured measure(const std::string& name, const Ensemble& model, const gemel::Pairs<float>& validation,
                                 const gemel::Pairs<float>& test, const gemel::CalibrationOptions& options,
                                 const gemel::StopFlag* stop) {
  const gemel::VectorX<float> distances = detail::finite_distances(model, validation, "validation");
  program::Measured measured =
      program::measure(name, {{.test = detail::trials(detail::finite_distances(model, test, "test"), test),
                               .validation = detail::trials(distances, validation),
                               .calibration = calibrate(distances, validation.labels(), options)}});
  program::Row& row = measured.row;
  row.test_classes = detail::classes_of(test);
  if (!std::isinf(row.threshold) && !gemel::stop_requested(stop)) {
    const gemel::Interval expected = far_prediction(distances, validation.labels(), row.threshold, row.test_classes,
                                                    {.identities = validation.identities()});
    if (!expected.method.starts_with("none: ")) row.expected_far = expected;
  }
  return measured;
}

}  // namespace train
