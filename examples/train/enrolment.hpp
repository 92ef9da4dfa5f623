#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "../program/identification.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/pair_identity.hpp"
#include "gemel/core/types.hpp"
#include "gemel/verification/calibration.hpp"
#include "gemel/verification/claim_verifier.hpp"
#include "gemel/verification/claims.hpp"
#include "gemel/verification/gallery.hpp"
#include "gemel/verification/identification.hpp"
#include "gemel/verification/scorer.hpp"
#include "gemel/verification/template.hpp"
#include "gemel/verification/verifier.hpp"
#include "labelled_samples.hpp"
#include "model.hpp"

namespace train {

using Gallery = gemel::Gallery<Ensemble, gemel::AnyScorer>;

/// The thresholds of `verify claim` and `verify identify` are set for persons who are enrolled with this many samples.
inline constexpr Index samples_per_person = 5;

namespace detail {

/// Every n-th of the elements, so that at most `most` are left.
template <class T>
std::vector<T> thinned(const std::vector<T>& all, std::size_t most) {
  const std::size_t step = (all.size() + most - 1) / std::max<std::size_t>(most, 1);
  std::vector<T> some;
  for (std::size_t i = 0; i < all.size(); i += std::max<std::size_t>(step, 1)) some.push_back(all[i]);
  return some;
}

/// Trials, and the classes of the claimed person and of the probe of each. The persons of a class are one person for
/// the interval of a rate.
struct ValidationTrials {
  gemel::Trials trials;
  std::vector<gemel::PairIdentity> classes;
};

/// Tries claims of the validation samples. Several persons are enrolled of each class, with different samples, because
/// a threshold for a gallery of N persons needs as many. A sample is tried against the persons of its own class whom it
/// is no sample of, and as an impostor against those of all other classes. The number of trials is bounded.
inline ValidationTrials validation_trials(const gemel::ClaimVerifier<Ensemble, gemel::AnyScorer>& verifier,
                                          const LabelledSamples& validation) {
  constexpr std::size_t most_persons = 500, most_probes = 1000;
  struct Person {
    Index of_class;
    std::vector<Index> samples;
  };
  const gemel::Classes& classes = validation.classes;
  std::vector<Person> persons;
  for (Index c = 0; c < classes.count(); ++c) {
    const auto members = classes.members(c);
    const Index size = gemel::length(members);
    const Index each = std::clamp<Index>(size / 2, 1, samples_per_person);  // two persons, if there are two samples
    for (Index first = 0; first + each <= size; first += each) {
      persons.push_back({c, {members.begin() + first, members.begin() + first + each}});
    }
  }
  persons = thinned(persons, most_persons);
  std::vector<Index> probes(static_cast<std::size_t>(validation.samples.size()));
  for (std::size_t i = 0; i < probes.size(); ++i) probes[i] = static_cast<Index>(i);
  probes = thinned(probes, most_probes);

  std::vector<gemel::Template<float>> templates;
  for (const Person& person : persons) {
    templates.push_back(verifier.enrol(validation.samples.select(person.samples).copy().matrix()));
  }
  std::vector<gemel::Claim> claims;
  std::vector<gemel::PairIdentity> of_classes;
  for (const Index probe : probes) {
    const Index of_class = classes.of(probe);
    for (std::size_t p = 0; p < persons.size(); ++p) {
      const Person& person = persons[p];
      if (std::ranges::find(person.samples, probe) != person.samples.end()) continue;
      claims.push_back({.sample = probe,
                        .claimed = static_cast<Index>(p),
                        .genuine = person.of_class == of_class,
                        .impostor = gemel::length(persons) + of_class});
      if (claims.back().genuine) claims.back().impostor = gemel::PairIdentity::unknown;
      of_classes.push_back({person.of_class, of_class});
    }
  }
  return {gemel::claims(verifier, templates, validation.samples, claims, 0), std::move(of_classes)};
}

}  // namespace detail

/// An empty gallery for `verify enrol`, with thresholds for claims and identification that were set on the validation
/// samples. The threshold of pairs would not hold: the mean distance to several samples spreads less than one distance,
/// and a stranger has similar scores for many persons. Nothing if the validation samples are too few for a threshold of
/// claims, or no threshold is of use.
inline std::optional<Gallery> empty_gallery(const gemel::Verifier<Ensemble>& verifier,
                                            const LabelledSamples& validation,
                                            const gemel::CalibrationOptions& options) {
  const gemel::ClaimVerifier<Ensemble, gemel::AnyScorer> scores{verifier.model(), gemel::MeanScore{}};
  if (!std::isfinite(verifier.calibration().threshold)) return std::nullopt;
  try {
    auto [trials, classes] = detail::validation_trials(scores, validation);
    gemel::CalibrationOptions by_class = options;
    by_class.interval.identities = std::move(classes);
    gemel::Calibration claims = calibrate(trials, by_class);
    if (!std::isfinite(claims.threshold)) return std::nullopt;
    Gallery gallery{scores.with(std::move(claims))};
    if (validation.samples.size() >= gemel::dissimilar_pairs_needed(program::standard_fpir)) {
      gallery.calibrate_identification(calibrate_identification(
          trials, {.fpir = program::standard_fpir, .interval = {.stop = options.interval.stop}}));
    }
    return gallery;
  } catch (const gemel::ValueError&) {
    return std::nullopt;  // too few trials: verify then derives its thresholds from that of the pairs
  }
}

}  // namespace train
