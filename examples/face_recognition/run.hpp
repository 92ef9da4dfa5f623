#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <functional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "../program/enrolment.hpp"
#include "../program/measured.hpp"
#include "../program/model.hpp"
#include "gemel/callback/history.hpp"
#include "gemel/core/random.hpp"
#include "gemel/core/types.hpp"
#include "gemel/data/all_pairs.hpp"
#include "gemel/verification/calibration.hpp"
#include "gemel/verification/claim_verifier.hpp"
#include "gemel/verification/claims.hpp"
#include "gemel/verification/distances.hpp"
#include "gemel/verification/scorer.hpp"
#include "learn.hpp"
#include "protocol.hpp"

namespace faces {

inline constexpr std::array<const char*, 3> way_names = {"raw", "whitened", "network"};

/// A pair of test images that was decided wrongly.
struct WrongPair {
  Index fold;           ///< from 1
  Index first, second;  ///< images
  double distance;
  double threshold;
  bool same;  ///< whether both are of one person, who was rejected; else one was accepted as the other

  /// By how much the distance is on the wrong side of the threshold.
  double excess() const { return same ? distance - threshold : threshold - distance; }
};

/// What one way to compare has done on all folds.
struct Way {
  std::vector<program::Fold> folds = {};
  std::vector<WrongPair> wrong = {};
  std::vector<program::Model<float>> models = {};  ///< of the first fold: what --save keeps
  program::ValidationTrials claims = {};           ///< of the validations of the first fold
};

/// What a run has found.
struct Run {
  std::array<Way, 3> ways = {};               ///< in the order of way_names
  gemel::History history = {};                ///< of the network of the first fold
  double seconds = 0, processor_seconds = 0;  ///< of all trainings
  Index train_pairs = 0;                      ///< per epoch
};

namespace detail {

/// Learns all ways on the images of a training.
inline std::array<program::Model<float>, 3> learn_all(Protocol protocol, const FaceSamples& training, gemel::Rng rng,
                                                      Index threads, Run& run, gemel::History& history) {
  const auto began = std::chrono::steady_clock::now();
  const std::clock_t processor_began = std::clock();
  std::array<program::Model<float>, 3> models = {program::Model<float>{raw_model(training)},
                                                 program::Model<float>{whitened_model(protocol, training)},
                                                 networks(protocol, training, rng, threads, history)};
  run.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  run.processor_seconds += static_cast<double>(std::clock() - processor_began) / CLOCKS_PER_SEC;
  return models;
}

/// The distances of all pairs of these images.
inline gemel::Trials trials_of(const program::Model<float>& model, const gemel::Pairs<float>& pairs) {
  const gemel::VectorX<float> distances = gemel::distances(model, pairs);
  return {.scores = {distances.begin(), distances.end()}, .labels = pairs.labels(), .identities = pairs.identities()};
}

/// Adds the pairs of a fold's test images that are on the wrong side of its threshold.
inline void add_wrong(Index fold, const gemel::Trials& test, const gemel::Pairs<float>& pairs,
                      const std::vector<Index>& images, double threshold, std::vector<WrongPair>& wrong) {
  for (Index i = 0; i < test.size(); ++i) {
    const double distance = test.scores[static_cast<std::size_t>(i)];
    const bool same = test.labels[i] == 1;
    if ((distance <= threshold) == same) continue;
    const gemel::PairIndex pair = pairs.indices(i);
    wrong.push_back({fold, images[static_cast<std::size_t>(pair.first)], images[static_cast<std::size_t>(pair.second)],
                     distance, threshold, same});
  }
}

}  // namespace detail

/// Runs one protocol: on each fold, it learns all ways on each validation's images for training and scores the others,
/// sets the thresholds on all of these scores, then learns on all images for training and scores those of the test.
/// `progress` is told what is done. Throws what calibrate throws, for too few validation pairs.
inline Run run_protocol(Protocol protocol, const FaceSamples& faces, const std::vector<FoldOfImages>& folds,
                        std::uint64_t seed, Index threads, const gemel::CalibrationOptions& calibration,
                        const std::function<void(const std::string&)>& progress) {
  Run run;
  for (std::size_t f = 0; f < folds.size(); ++f) {
    const FoldOfImages& fold = folds[f];
    const std::string name = "fold " + std::to_string(f + 1) + " of " + std::to_string(folds.size());
    std::array<program::Fold, 3> results;
    std::uint64_t stream = 1 + f * (fold.validation.size() + 1);  // 0 draws the folds
    gemel::History history;
    for (std::size_t v = 0; v < fold.validation.size(); ++v) {
      progress(name + ", validation " + std::to_string(v + 1) + " of " + std::to_string(fold.validation.size()));
      const Division& division = fold.validation[v];
      const auto models = detail::learn_all(protocol, faces.select(division.training), gemel::Rng{seed, stream++},
                                            threads, run, history);
      const FaceSamples held_out = faces.select(division.held_out);
      const gemel::Pairs<float> pairs = all_pairs(held_out.samples, held_out.people);
      for (std::size_t w = 0; w < models.size(); ++w) {
        program::append(results[w].validation, detail::trials_of(models[w], pairs));
        if (f > 0) continue;
        const gemel::ClaimVerifier<program::Model<float>, gemel::AnyScorer> verifier{models[w], gemel::MeanScore{}};
        run.ways[w].claims.append(program::validation_trials(verifier, held_out.samples, held_out.people));
      }
    }
    progress(name + ", test");
    const FaceSamples training = faces.select(fold.test.training), test = faces.select(fold.test.held_out);
    const auto models = detail::learn_all(protocol, training, gemel::Rng{seed, stream}, threads, run, history);
    const gemel::Pairs<float> pairs = all_pairs(test.samples, test.people);
    for (std::size_t w = 0; w < models.size(); ++w) {
      Way& way = run.ways[w];
      results[w].test = detail::trials_of(models[w], pairs);
      results[w].calibration = calibrate(results[w].validation, calibration);
      detail::add_wrong(static_cast<Index>(f + 1), results[w].test, pairs, fold.test.held_out,
                        results[w].calibration.threshold, way.wrong);
      way.folds.push_back(std::move(results[w]));
      if (f == 0) way.models.push_back(models[w]);
    }
    if (f == 0) {
      run.history = std::move(history);
      run.train_pairs = pairs_per_epoch(training.people);
    }
  }
  return run;
}

}  // namespace faces
