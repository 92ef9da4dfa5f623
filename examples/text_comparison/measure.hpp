#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "../program/measured.hpp"
#include "gemel/core/labels.hpp"
#include "gemel/metrics/interval.hpp"
#include "gemel/metrics/roc.hpp"
#include "gemel/verification/calibration.hpp"
#include "gemel/verification/claims.hpp"
#include "linkage.hpp"
#include "parts.hpp"

// One row of the table.

namespace text_comparison {

/// One way to compare, and what is measured of it.
struct MeasuredModel {
  Model model;
  program::Measured measured;
  double random_eer = 0;                               ///< of the similar and the random test pairs
  LinkQuality validation_links = {}, test_links = {};  ///< for rows only
};

/// The pairs of validation and test.
struct MeasuringPairs {
  TestPairs validation, test;
};

namespace detail {

/// The equal error rate of the similar pairs of `hard` and of the random ones.
inline double random_eer(const gemel::Trials& hard, Index similar, const gemel::Trials& random) {
  std::vector<double> scores(hard.scores.begin(), hard.scores.begin() + similar);
  std::vector<std::uint8_t> labels(static_cast<std::size_t>(similar), 1);
  scores.insert(scores.end(), random.scores.begin(), random.scores.end());
  labels.resize(scores.size(), 0);
  return gemel::Roc{scores, gemel::Labels{labels}}.eer();
}

}  // namespace detail

namespace detail {

/// The threshold on the hard validation pairs, at the equal error rate.
inline gemel::Calibration calibration_of(const gemel::Trials& validation) {
  gemel::CalibrationOptions options{.at_eer = true, .or_accept_nothing = true};
  options.interval.identities = validation.identities;
  return calibrate(validation.scores, validation.labels, options);
}

/// The calibration at another threshold, which has the largest F1 of the links between two lists.
inline gemel::Calibration calibration_of_links(gemel::Calibration calibration, const gemel::Trials& validation,
                                               double threshold) {
  const gemel::Roc roc{validation.scores, validation.labels};
  calibration.threshold = threshold;
  calibration.far = roc.far(threshold);
  calibration.frr = roc.frr(threshold);
  calibration.interval =
      far_interval(validation.scores, validation.labels, threshold, {.identities = validation.identities});
  calibration.method = "the threshold with the largest F1 of the links between two lists; 95 % interval of the FAR: " +
                       calibration.interval.method;
  return calibration;
}

}  // namespace detail

/// Measures a model: sets the threshold on the validation part, and measures the rates at it on the test pairs. The
/// threshold of words is at the equal error rate of the hard pairs. That of rows has the largest F1 of the links
/// between two lists. `rows`: whether links are measured.
inline MeasuredModel measure(const std::string& name, Model model, const Parts& parts, const MeasuringPairs& pairs,
                             bool rows, Index threads) {
  const auto embed = [&](const Part& part) { return model.embed(part.samples.samples.columns(), threads); };
  gemel::Trials validation = pairs.validation.hard.measured(embed(parts[1]));
  const gemel::MatrixX<float> test = embed(parts[2]);
  gemel::Calibration calibration = detail::calibration_of(validation);
  KnownLinks validation_links;
  if (rows) {
    validation_links = known_links(model, parts[1].samples, threads);
    calibration = detail::calibration_of_links(calibration, validation, validation_links.best_threshold());
  }
  const double threshold = calibration.threshold;
  gemel::Trials hard = pairs.test.hard.measured(test), random = pairs.test.random.measured(test);
  const double random_eer = detail::random_eer(hard, pairs.test.similar, random);
  MeasuredModel all{.model = std::move(model),
                    .measured = program::measure(name, {{.test = std::move(hard),
                                                         .validation = std::move(validation),
                                                         .calibration = std::move(calibration),
                                                         .random = std::move(random)}}),
                    .random_eer = random_eer};
  if (rows) {
    all.validation_links = validation_links.quality(threshold);
    all.test_links = known_links(all.model, parts[2].samples, threads).quality(threshold);
  }
  return all;
}

}  // namespace text_comparison
