#pragma once

#include <array>
#include <cstddef>
#include <optional>
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
inline constexpr std::array<const char*, 3> row_names = {"raw", "whitened", "network"};

/// What a study found.
struct Study {
  std::vector<program::Measured> rows;        ///< by row_names
  gemel::History history;                     ///< of the first network
  Index parameters = 0;                       ///< of all networks together
  std::array<double, 3> signer_eer = {};      ///< by row_names: the mean of the equal error rates of single signers
  std::optional<Ensemble> known;              ///< the networks of known signers
  std::vector<RelativeScorer> relative = {};  ///< of the first fold: by a direction, and by networks
};

namespace detail {

/// The trials of each fold, for one row.
using Trials = std::array<FoldTrials, static_cast<std::size_t>(folds)>;

/// Measures a row: the threshold of each fold is that of equal error rates of the signers of the other folds.
inline program::Measured measure(const char* name, const Trials& trials) {
  std::vector<program::Fold> all;
  for (std::size_t f = 0; f < trials.size(); ++f) {
    gemel::Trials others;
    for (std::size_t g = 0; g < trials.size(); ++g) {
      if (g != f) program::append(others, trials[g].skilled);
    }
    gemel::Calibration calibration = calibrate(others, {.at_eer = true, .or_accept_nothing = true});
    all.push_back({trials[f].skilled, std::move(others), std::move(calibration), trials[f].random});
  }
  return program::measure(name, std::move(all));
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

inline void finish(Study& study, const std::array<Trials, 3>& trials) {
  for (std::size_t r = 0; r < row_names.size(); ++r) {
    study.rows.push_back(measure(row_names[r], trials[r]));
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

/// Learns known signers, and tries the claims against them. `progress` is called with a text before each part.
template <class Progress>
Study study_known(const Data& data, const LearnOptions& options, bool quiet, const Progress& progress) {
  progress("copying the signatures and learning from them");
  LearntKnown learnt = learn_known(data, options, quiet);
  progress("trying the claims");
  const gemel::MatrixX<float> features = data.samples.topRows(data.features());
  const std::array<detail::MeanOfTemplates, 3> ways = {
      {{learnt.raw.embed(features)},
       {learnt.whitened.embed(features)},
       {learnt.network.embed(
           gemel::ColumnList<float>{features.data(), features.rows(), features.rows(), features.cols()})}}};
  std::array<detail::Trials, 3> trials;
  gemel::Rng drawing{options.seed, 3};
  const Folds drawn = draw_folds(data.signers(), drawing);
  for (std::size_t f = 0; f < drawn.size(); ++f) {
    const std::vector<Claimed> claims = claims_against(drawn[f], Protocol::Known, drawing);
    for (std::size_t r = 0; r < ways.size(); ++r) trials[r][f] = try_claims(claims, ways[r]);
  }
  Study study{.rows = {}, .history = std::move(learnt.history), .known = std::move(learnt.network)};
  for (const Model& member : study.known->members()) study.parameters += member.network().parameter_count();
  detail::finish(study, trials);
  return study;
}

/// Learns from the signers beside each fold, and tries the claims against those of the fold.
template <class Progress>
Study study_unknown(const Data& data, Protocol protocol, const LearnOptions& options, const Progress& progress) {
  WarpTable warps{data.samples};
  std::array<detail::Trials, 3> trials;
  Study study{.rows = {}, .history = {}, .known = {}};
  gemel::Rng drawing{options.seed, 3};
  const Folds drawn = draw_folds(data.signers(), drawing);
  for (std::size_t f = 0; f < drawn.size(); ++f) {
    progress("fold " + std::to_string(f + 1) + " of " + std::to_string(folds));
    const std::vector<Index> others = beside(drawn, f);
    const RelativeTask task{data, warps, others};
    LearntRelative learnt = learn_relative(task, others, options);
    const std::vector<Claimed> claims = claims_against(drawn[f], protocol, drawing);
    const auto inputs = [&](const Claimed& claimed, Index query) { return task.inputs(claimed.templates, query); };
    trials[0][f] = try_claims(claims, [&](const auto&... of) { return untrained_score(inputs(of...)); });
    trials[1][f] = try_claims(claims, [&](const auto&... of) { return learnt.closed_form.score(inputs(of...)); });
    trials[2][f] = try_claims(claims, [&](const auto&... of) { return learnt.network.score(inputs(of...)); });
    if (f > 0) continue;
    for (const Tower& tower : learnt.network.state().towers) {
      study.parameters += tower.network.network().parameter_count();
    }
    study.history = std::move(learnt.history);
    study.relative = {std::move(learnt.closed_form), std::move(learnt.network)};
  }
  detail::finish(study, trials);
  return study;
}

}  // namespace signature_verification
