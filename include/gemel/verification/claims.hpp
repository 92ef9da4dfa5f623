#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "gemel/core/columns.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/labels.hpp"
#include "gemel/core/pair_identity.hpp"
#include "gemel/core/team.hpp"
#include "gemel/core/types.hpp"
#include "gemel/data/classes.hpp"
#include "gemel/data/samples.hpp"
#include "gemel/verification/calibration.hpp"
#include "gemel/verification/claim_verifier.hpp"
#include "gemel/verification/distances.hpp"
#include "gemel/verification/embedder.hpp"
#include "gemel/verification/template.hpp"

// The way from enrolled persons to a threshold:
//
//   const auto persons = enrol_all(verifier, x, classes);                                // a template per class
//   const Trials trials = claims(verifier, persons, probes, all_claims(classes, classes_of_probes));
//   verifier = verifier.with(calibrate(trials, {.far = 0.01}));

namespace gemel {

/// A claim to be tried: a probe, that is, a sample that no template was made of, claims to be of an enrolled person.
struct Claim {
  Index sample;   ///< The probe.
  Index claimed;  ///< The number of the person that it claims to be of, the index of a template.
  bool genuine;   ///< Whether it is of that person.
  /// If it is not genuine, the number of the person that it is of: the index of a template, or any other number for a
  /// person who is not enrolled; `unknown` for a forger who is nobody else in the data.
  Index impostor = PairIdentity::unknown;
};

/// Claims that were tried: what each scored, and what is known about it. `far_interval` and `eer_interval`
/// (metrics/interval.hpp) take `scores`, `labels` and, as IntervalOptions::identities, `identities`.
struct Trials {
  std::vector<double> scores = {};            ///< One per trial.
  Labels labels = {};                         ///< 1 if the claim is genuine, 0 if it is an impostor's.
  std::vector<PairIdentity> identities = {};  ///< The claimed person, and the one whom the sample is of.
  std::vector<Index> samples = {};            ///< The probe of each trial.

  /// The number of trials.
  Index size() const { return length(scores); }
};

/// A template of each class: template c is made of the samples of class c, in their order. Throws ShapeError if there
/// is not one class per sample, and what `enrol` throws, for the first class in question.
template <class Model, class Scorer>
std::vector<Template<typename Model::Scalar>> enrol_all(const ClaimVerifier<Model, Scorer>& verifier,
                                                        const Samples<typename Model::Scalar>& samples,
                                                        const Classes& classes) {
  if (classes.size() != samples.size()) {
    throw ShapeError({"there are ", samples.size(), " samples, but ", classes.size(), " classes: give one per sample"});
  }
  std::vector<Template<typename Model::Scalar>> persons;
  for (Index c = 0; c < classes.count(); ++c) {
    persons.push_back(verifier.enrol(samples.select(classes.members(c)).copy().matrix()));
  }
  return persons;
}

/// Each probe's claims to be of each enrolled person. `enrolled` are the classes of the samples that `enrol_all` got,
/// and `probes` those of the probes. A probe of a class that is not enrolled is an impostor in all of its claims.
inline std::vector<Claim> all_claims(const Classes& enrolled, const Classes& probes) {
  std::vector<Index> person(static_cast<std::size_t>(probes.count()));  // of each class of the probes
  for (Index c = 0; c < probes.count(); ++c) {
    Index& number = person[static_cast<std::size_t>(c)] = enrolled.count() + c;  // as yet not enrolled
    for (Index t = 0; t < enrolled.count(); ++t) {
      if (enrolled.value(t) == probes.value(c)) number = t;
    }
  }
  std::vector<Claim> all;
  all.reserve(static_cast<std::size_t>(probes.size() * enrolled.count()));
  for (Index i = 0; i < probes.size(); ++i) {
    const Index is = person[static_cast<std::size_t>(probes.of(i))];
    for (Index t = 0; t < enrolled.count(); ++t) {
      all.push_back({i, t, is == t, is == t ? PairIdentity::unknown : is});
    }
  }
  return all;
}

namespace detail {

[[gnu::cold]] inline void check_claims(std::span<const Claim> claims, Index templates, Index samples) {
  for (std::size_t i = 0; i < claims.size(); ++i) {
    const Claim& claim = claims[i];
    const Place place{.pair = static_cast<Index>(i)};
    if (claim.sample < 0 || claim.sample >= samples) {
      throw ValueError({"the claim is made by sample ", claim.sample, ", but the probes are 0 to ", samples - 1},
                       place);
    }
    if (claim.claimed < 0 || claim.claimed >= templates) {
      throw ValueError({"the claimed person is ", claim.claimed, ", but the templates are 0 to ", templates - 1},
                       place);
    }
    if (claim.genuine && claim.impostor != PairIdentity::unknown && claim.impostor != claim.claimed) {
      throw ValueError({"the claim is genuine, but the sample is of person ", claim.impostor, ", not ", claim.claimed},
                       place);
    }
    if (!claim.genuine && claim.impostor == claim.claimed) {
      throw ValueError({"the claim is not genuine, but the sample is of the claimed person, ", claim.claimed}, place);
    }
  }
}

}  // namespace detail

/// Tries the claims: scores each probe against the template that it claims. Each probe is embedded once. `threads` is
/// the maximum number of threads; 0 stands for the number of usable processors; no result depends on it, and a scorer
/// of your own is called by several threads.
///
/// Throws ValueError if a claim refers to a probe or template that does not exist, or contradicts itself
/// (`place().pair` is its index), or if another ClaimVerifier made a template; ShapeError if the samples do not have as
/// many features as the model takes; NonFiniteError if a sample or a score is NaN or infinite (`place().sample` is the
/// probe, and for a score `place().pair` the first claim in question).
template <class Model, class Scorer>
Trials claims(const ClaimVerifier<Model, Scorer>& verifier,
              const std::vector<Template<typename Model::Scalar>>& templates,
              const Samples<typename Model::Scalar>& probes, const std::vector<Claim>& claimed, Index threads = 1) {
  using S = typename Model::Scalar;
  detail::check_claims(claimed, length(templates), probes.size());
  for (std::size_t t = 0; t < templates.size(); ++t) {
    if (verifier.made(templates[t])) continue;
    throw ValueError({"template ", t, " was made by another ClaimVerifier, whose embeddings are not comparable: enrol ",
                      "the person with this one"});
  }
  const MatrixX<S> embeddings = verifier.embed(probes.columns());
  Trials trials;
  trials.scores.resize(claimed.size());
  Team team{std::min(checked_threads(threads), std::max<Index>(length(claimed), 1))};
  team.run([&](Index member) {
    const detail::Range part = detail::share(length(claimed), member, team.size());
    for (Index i = part.first; i < part.last; ++i) {
      const Claim& claim = claimed[static_cast<std::size_t>(i)];
      const ConstColumn<S> query{embeddings.data() + claim.sample * embeddings.rows(), embeddings.rows()};
      try {
        trials.scores[static_cast<std::size_t>(i)] =
            verifier.score_embedding(templates[static_cast<std::size_t>(claim.claimed)], query);
      } catch (const NonFiniteError& error) {
        throw NonFiniteError(error.what(), {.pair = i, .sample = claim.sample});
      }
    }
  });
  std::vector<std::uint8_t> labels;
  for (const Claim& claim : claimed) {
    labels.push_back(claim.genuine);
    trials.identities.push_back({claim.claimed, claim.genuine ? claim.claimed : claim.impostor});
    trials.samples.push_back(claim.sample);
  }
  trials.labels = Labels{labels};
  return trials;
}

/// Sets a threshold on the scores of trials, as `calibrate` does on the distances of pairs: the FAR is the share of the
/// impostors' claims that are accepted, the FRR that of the genuine claims that are rejected. The interval of the FAR
/// draws the claimed persons and, as far as they are known, the impostors, or leaves them out in turn if there are
/// fewer than ten (far_interval). Throws what `calibrate` throws.
inline Calibration calibrate(const Trials& trials, CalibrationOptions options = {}) {
  if (options.interval.identities.empty()) options.interval.identities = trials.identities;
  return detail::calibrate_named(trials.scores, trials.labels, options, "genuine", "impostor trials");
}

/// A threshold for each claimed person, 0, …, n - 1, on the person's own trials; nothing for a person with fewer
/// impostors' trials than `dissimilar_pairs_needed`, without a genuine trial, or for whom no threshold is of use. The
/// common threshold then applies. Template::with_threshold takes a threshold. One person's trials are few, so the FAR
/// of such a threshold is known much less precisely than that of a common one: see Calibration::interval, which takes
/// the trials as independent. Throws what `calibrate` throws for bad options and trials.
inline std::vector<std::optional<Calibration>> calibrate_each(const Trials& trials, CalibrationOptions options = {}) {
  options.interval.identities.clear();
  const bool keep_useless = options.or_accept_nothing;
  options.or_accept_nothing = true;
  if (length(trials.identities) != trials.size() || trials.labels.size() != trials.size()) {
    throw ShapeError({"there are ", trials.size(), " scores, ", trials.labels.size(), " labels and ",
                      trials.identities.size(), " identities: each trial needs one of each"});
  }
  struct Own {
    std::vector<double> scores;
    std::vector<std::uint8_t> labels;
  };
  std::vector<Own> persons;
  for (Index i = 0; i < trials.size(); ++i) {
    const Index claimed = trials.identities[static_cast<std::size_t>(i)].first;
    if (claimed < 0) throw ValueError({"the claimed person is ", claimed, ", but persons count from 0"}, {.pair = i});
    if (claimed >= trials.size()) {
      throw ValueError({"the claimed person is ", claimed, ", but there are only ", trials.size(), " trials"},
                       {.pair = i});
    }
    if (claimed >= length(persons)) persons.resize(static_cast<std::size_t>(claimed) + 1);
    Own& own = persons[static_cast<std::size_t>(claimed)];
    own.scores.push_back(trials.scores[static_cast<std::size_t>(i)]);
    own.labels.push_back(trials.labels[i]);
  }
  const Index needed = options.at_eer || options.at_best_accuracy ? 1 : dissimilar_pairs_needed(options.far);
  std::vector<std::optional<Calibration>> thresholds;
  for (const Own& own : persons) {
    const Index impostors = std::count(own.labels.begin(), own.labels.end(), 0);
    thresholds.emplace_back();
    if (impostors < needed || impostors == length(own.labels)) continue;
    Calibration calibration =
        detail::calibrate_named(own.scores, Labels{own.labels}, options, "genuine", "impostor trials of one person");
    if (keep_useless || std::isfinite(calibration.threshold)) thresholds.back() = std::move(calibration);
  }
  return thresholds;
}

}  // namespace gemel
