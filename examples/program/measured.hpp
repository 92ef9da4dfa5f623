#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "gemel/core/stop.hpp"
#include "gemel/core/types.hpp"
#include "gemel/metrics/interval.hpp"
#include "gemel/metrics/roc.hpp"
#include "gemel/verification/calibration.hpp"
#include "gemel/verification/claims.hpp"
#include "rows.hpp"

namespace program {

/// One division of the data, as one way to compare has scored it. The trials are pairs or claims.
struct Fold {
  gemel::Trials test;
  gemel::Trials validation;        ///< of samples that took no part in the training; the threshold was set on them
  gemel::Calibration calibration;  ///< the threshold for the test trials
  gemel::Trials random = {};       ///< further test trials, all of impostors who do not imitate anyone; may be empty
};

/// How the trials of all folds were decided, each at the threshold of its fold.
struct Decisions {
  gemel::Index trials[2] = {}, accepted[2] = {};  ///< of impostors, and genuine ones

  void add(const gemel::Trials& some, double threshold) {
    for (gemel::Index i = 0; i < some.size(); ++i) {
      ++trials[some.labels[i]];
      accepted[some.labels[i]] += some.scores[static_cast<std::size_t>(i)] <= threshold;
    }
  }
  static double share(gemel::Index part, gemel::Index all) {
    return static_cast<double>(part) / static_cast<double>(all);
  }
  double far() const { return share(accepted[0], trials[0]); }
  double frr() const { return share(trials[1] - accepted[1], trials[1]); }
  double accuracy() const { return share(trials[0] - accepted[0] + accepted[1], trials[0] + trials[1]); }
  double dissimilar() const { return share(trials[0], trials[0] + trials[1]); }
};

/// What is measured of one way to compare.
struct Measured {
  Row row;
  std::vector<gemel::Calibration> calibrations;  ///< of each fold
  gemel::Trials trials;                          ///< the test trials of all folds
  std::vector<double> thresholds;                ///< of each of them: that of its fold
  gemel::Roc validation_roc;                     ///< of the validation trials of all folds
  gemel::Roc roc;                                ///< of the test trials of all folds
  double accuracy = 0;                           ///< of the test trials, at the thresholds
  double dissimilar = 0;                         ///< the share of the test trials that are not genuine
};

/// Appends trials to others. The numbers of persons must be those of all folds together.
inline void append(gemel::Trials& all, const gemel::Trials& more) {
  std::vector<std::uint8_t> labels(all.labels.span().begin(), all.labels.span().end());
  labels.insert(labels.end(), more.labels.span().begin(), more.labels.span().end());
  all.labels = gemel::Labels{labels};
  all.scores.insert(all.scores.end(), more.scores.begin(), more.scores.end());
  all.identities.insert(all.identities.end(), more.identities.begin(), more.identities.end());
  all.samples.insert(all.samples.end(), more.samples.begin(), more.samples.end());
}

/// Measures a way to compare: the curves of the trials of all folds together, and the error rates at the thresholds of
/// the folds. The row's threshold is that of the only fold, or the mean. The interval is left out, because it takes
/// longer than all else. Throws what Roc throws.
inline Measured measure(const std::string& name, std::vector<Fold> folds) {
  gemel::Trials test, validation;
  Decisions decisions, random;
  double thresholds = 0;
  std::vector<gemel::Calibration> calibrations;
  std::vector<double> of_trials;
  for (const Fold& fold : folds) {
    decisions.add(fold.test, fold.calibration.threshold);
    random.add(fold.random, fold.calibration.threshold);
    thresholds += fold.calibration.threshold;
    calibrations.push_back(fold.calibration);
    of_trials.insert(of_trials.end(), fold.test.scores.size(), fold.calibration.threshold);
  }
  if (folds.size() == 1) {
    test = std::move(folds.front().test);
    validation = std::move(folds.front().validation);
  } else {
    for (const Fold& fold : folds) append(test, fold.test), append(validation, fold.validation);
  }
  Measured measured{.row = {.name = name},
                    .calibrations = std::move(calibrations),
                    .trials = std::move(test),
                    .thresholds = std::move(of_trials),
                    .validation_roc = {validation.scores, validation.labels},
                    .roc = {measured.trials.scores, measured.trials.labels},
                    .accuracy = decisions.accuracy(),
                    .dissimilar = decisions.dissimilar()};
  Row& row = measured.row;
  row.validation_eer = measured.validation_roc.eer();
  row.eer = measured.roc.eer();
  row.auc = measured.roc.auc();
  row.threshold = thresholds / static_cast<double>(folds.size());
  row.far = decisions.far();
  row.frr = decisions.frr();
  if (random.trials[0] > 0) row.random_far = random.far();
  return measured;
}

/// Adds the interval of the equal error rate, by persons where they are known. A stop leaves it out.
inline void add_interval(Measured& measured, const gemel::StopFlag* stop) {
  const gemel::Trials& trials = measured.trials;
  measured.row.eer_interval =
      eer_interval(trials.scores, trials.labels, {.identities = trials.identities, .stop = stop});
}

}  // namespace program
