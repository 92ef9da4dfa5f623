#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "gemel/metrics/roc.hpp"
#include "gemel/verification/calibration.hpp"
#include "linkage.hpp"
#include "parts.hpp"
#include "program/measured.hpp"

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

/// Measures a model: sets the threshold on the hard validation pairs, and measures the rates at it on the test pairs.
/// The threshold of words is at the equal error rate. That of rows decides most pairs correctly, since a list has few
/// rows that are the same and many that are not. `rows`: whether links between two lists are measured too.
inline MeasuredModel measure(const std::string& name, Model model, const Parts& parts, const MeasuringPairs& pairs,
                             bool rows, Index threads) {
  const auto embed = [&](const Part& part) { return model.embed(part.samples.samples.columns(), threads); };
  gemel::Trials validation = pairs.validation.hard.measured(embed(parts[1]));
  const gemel::MatrixX<float> test = embed(parts[2]);
  gemel::CalibrationOptions options{.at_eer = !rows, .at_best_accuracy = rows, .or_accept_nothing = true};
  options.interval.identities = validation.identities;
  gemel::Calibration calibration = calibrate(validation.scores, validation.labels, options);
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
    all.validation_links = link_quality(all.model, parts[1].samples, threshold, threads);
    all.test_links = link_quality(all.model, parts[2].samples, threshold, threads);
  }
  return all;
}

}  // namespace text_comparison
