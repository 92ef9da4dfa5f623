#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "../program/measured.hpp"
#include "data.hpp"
#include "gemel/callback/history.hpp"
#include "gemel/core/random.hpp"
#include "gemel/core/types.hpp"
#include "gemel/metrics/roc.hpp"
#include "gemel/verification/calibration.hpp"
#include "gemel/verification/claims.hpp"
#include "learn_known.hpp"
#include "learn_relative.hpp"
#include "protocol.hpp"
#include "warp_table.hpp"

// Learns and tries all claims of a protocol, in three ways.

namespace signature_verification {

/// The ways to compare, in the order of the table.
inline constexpr std::array<const char*, ways> row_names = {"raw", "whitened", "network"};

/// What a study found.
struct Study {
  std::vector<program::Measured> rows = {};                ///< by row_names
  gemel::History history = {};                             ///< of the first network
  Index pairs_per_epoch = 0;                               ///< of one network, at most
  Index trainings = 0;                                     ///< of each network
  Index parameters = 0;                                    ///< of all networks together
  std::array<double, 3> signer_eer = {};                   ///< by row_names: the mean of the signers' own error rates
  std::vector<Index> first_fold = {};                      ///< its signers
  std::array<program::Decisions, 3> first_decisions = {};  ///< by row_names: those about the first fold
  std::vector<Ensemble> known = {};                        ///< by row_names, of known signers
  std::vector<RelativeScorer> relative = {};               ///< of the first fold: by a direction, and with networks
};

namespace detail {

/// The trials of each fold, for each row.
using Trials = std::array<std::array<FoldTrials, ways>, static_cast<std::size_t>(folds)>;

/// Measures a row. The threshold of each fold is that of equal error rates of the signers of the other folds. The
/// validation, by which rows are compared, took no part in the test or the training.
inline program::Measured measure(std::size_t row, const Trials& trials, const Trials& validation) {
  std::vector<program::Fold> all;
  for (std::size_t f = 0; f < trials.size(); ++f) {
    gemel::Trials others;
    for (std::size_t g = 0; g < trials.size(); ++g) {
      if (g != f) program::append(others, trials[g][row].skilled);
    }
    gemel::Calibration calibration = calibrate(others, {.at_eer = true, .or_accept_nothing = true});
    all.push_back({trials[f][row].skilled, validation[f][row].skilled, std::move(calibration), trials[f][row].random});
  }
  return program::measure(row_names[row], std::move(all));
}

/// The mean over the signers of the equal error rate of each one's trials, which is how SVC2004 reports. It is not the
/// rate of any threshold that is known beforehand.
inline double mean_signer_eer(const gemel::Trials& trials) {
  std::vector<std::vector<double>> scores;
  std::vector<std::vector<std::uint8_t>> labels;
  for (Index i = 0; i < trials.size(); ++i) {
    const auto signer = static_cast<std::size_t>(trials.identities[static_cast<std::size_t>(i)].first);
    if (signer >= scores.size()) scores.resize(signer + 1), labels.resize(signer + 1);
    scores[signer].push_back(trials.scores[static_cast<std::size_t>(i)]);
    labels[signer].push_back(trials.labels[i]);
  }
  double sum = 0;
  for (std::size_t s = 0; s < scores.size(); ++s) sum += gemel::Roc{scores[s], gemel::Labels{labels[s]}}.eer();
  return sum / static_cast<double>(scores.size());
}

inline void finish(Study& study, const Trials& trials, const Trials& validation, const Folds& drawn) {
  study.first_fold = drawn.front();
  for (std::size_t r = 0; r < row_names.size(); ++r) {
    study.rows.push_back(measure(r, trials, validation));
    study.first_decisions[r].add(trials.front()[r].skilled, study.rows[r].calibrations.front().threshold);
    study.signer_eer[r] = mean_signer_eer(study.rows.back().trials);
  }
}

/// The scores of embeddings: the mean distance from the templates.
struct MeanOfTemplates {
  gemel::MatrixX<float> embedded;  ///< of all signatures

  double operator()(const Claimed& claimed, Index query) const {
    double sum = 0;
    for (const Index t : claimed.templates) sum += static_cast<double>((embedded.col(t) - embedded.col(query)).norm());
    return sum / static_cast<double>(claimed.templates.size());
  }
};

}  // namespace detail

/// The embeddings of all signatures by each way to compare known signers.
inline std::vector<detail::MeanOfTemplates> embedded(const Data& data, const std::vector<Ensemble>& models) {
  const gemel::MatrixX<float> features = data.samples.topRows(data.features());
  const gemel::ColumnList<float> columns{features.data(), features.rows(), features.rows(), features.cols()};
  std::vector<detail::MeanOfTemplates> all;
  for (const Ensemble& model : models) all.push_back({model.embed(columns)});
  return all;
}

/// Learns known signers, and tries the claims against them. For the validation, it learns from six signatures of each
/// kind and tries four others of the same sitting. `progress` is called with a text before each part.
template <class Progress>
Study study_known(const Data& data, const LearnOptions& options, bool quiet, const Progress& progress) {
  detail::Trials trials, validation;
  gemel::Rng drawing{options.seed, 3};
  const Folds drawn = draw_folds(data.signers(), drawing);
  const auto try_all = [&](const std::vector<Ensemble>& models, Protocol protocol, detail::Trials& to) {
    const std::vector<detail::MeanOfTemplates> mean = embedded(data, models);
    const auto scores = [&](const Claimed& claimed, Index query) {
      return Scores{mean[0](claimed, query), mean[1](claimed, query), mean[2](claimed, query)};
    };
    for (std::size_t f = 0; f < drawn.size(); ++f) {
      to[f] = try_claims(claims_against(drawn[f], protocol, drawing), scores);
    }
  };
  progress("learning from six signatures of each signer, for the validation");
  try_all(learn_known(data, 6, options, quiet).ways, Protocol::KnownValidation, validation);
  progress("learning from ten");
  LearntKnown learnt = learn_known(data, Signatures::sitting, options, quiet);
  try_all(learnt.ways, Protocol::Known, trials);
  Study study;
  study.history = std::move(learnt.history);
  study.known = std::move(learnt.ways);
  study.pairs_per_epoch = learnt.pairs_per_epoch;
  study.trainings = 2;
  for (const Model& member : study.known.back().members()) study.parameters += member.network().parameter_count();
  detail::finish(study, trials, validation, drawn);
  return study;
}

/// Learns from the signers beside each fold, and tries the claims against those of the fold. For the validation, it
/// learns from two thirds of the signers beside the fold and tries the claims against the others of them.
template <class Progress>
Study study_unknown(const Data& data, Protocol protocol, const LearnOptions& options, const Progress& progress) {
  WarpTable warps{data.samples};
  detail::Trials trials, validation;
  Study study;
  gemel::Rng drawing{options.seed, 3};
  const Folds drawn = draw_folds(data.signers(), drawing);
  const auto learn_and_try = [&](const std::vector<Index>& from, const std::vector<Index>& against,
                                 std::array<FoldTrials, ways>& to) {
    const RelativeTask task{data, warps, from};
    LearntRelative learnt = learn_relative(task, from, options);
    to = try_claims(claims_against(against, protocol, drawing), [&](const Claimed& claimed, Index query) {
      const gemel::VectorX<double> inputs = task.inputs(claimed.templates, query);
      return Scores{untrained_score(inputs), learnt.closed_form.score(inputs), learnt.network.score(inputs)};
    });
    return learnt;
  };
  for (std::size_t f = 0; f < drawn.size(); ++f) {
    progress("fold " + std::to_string(f + 1) + " of " + std::to_string(folds));
    const std::vector<Index> others = beside(drawn, f);
    std::vector<Index> learning, validating;
    for (std::size_t i = 0; i < others.size(); ++i) (i % 3 == 2 ? validating : learning).push_back(others[i]);
    learn_and_try(learning, validating, validation[f]);
    LearntRelative learnt = learn_and_try(others, drawn[f], trials[f]);
    if (f > 0) continue;
    for (const Tower& tower : learnt.network.state().towers) {
      study.parameters += tower.network.network().parameter_count();
    }
    study.history = std::move(learnt.history);
    study.pairs_per_epoch = learnt.pairs_per_epoch;
    study.relative = {std::move(learnt.closed_form), std::move(learnt.network)};
  }
  study.trainings = 2 * folds;
  detail::finish(study, trials, validation, drawn);
  return study;
}

}  // namespace signature_verification
