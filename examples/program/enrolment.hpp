#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/pair_identity.hpp"
#include "gemel/core/types.hpp"
#include "gemel/data/classes.hpp"
#include "gemel/data/samples.hpp"
#include "gemel/verification/calibration.hpp"
#include "gemel/verification/claim_verifier.hpp"
#include "gemel/verification/claims.hpp"
#include "gemel/verification/identification.hpp"
#include "gemel/verification/scorer.hpp"
#include "gemel/verification/template.hpp"
#include "gemel/verification/verifier.hpp"
#include "identification.hpp"
#include "measured.hpp"
#include "model.hpp"

// The thresholds of an empty gallery, which a program saves for those who will be enrolled.

namespace program {

using gemel::Index;

/// The thresholds of claims and identification are set for persons who are enrolled with this many samples.
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

}  // namespace detail

/// Claims of validation samples that were tried.
struct ValidationTrials {
  gemel::Trials trials = {};
  /// The classes, by their values, of the claimed person and of the probe of each trial. The persons of a class are one
  /// person for the interval of a rate.
  std::vector<gemel::PairIdentity> classes = {};
  Index samples = 0;          ///< numbers of probes are below
  Index persons = 0;          ///< numbers of persons are below, also those of impostors
  Index most_per_person = 0;  ///< the number of samples of the person who is enrolled with the most

  /// Appends the trials of other samples, or with another model. Their persons and probes count as others than these.
  void append(ValidationTrials more) {
    for (gemel::PairIdentity& each : more.trials.identities) {
      each.first += persons;
      if (each.second != gemel::PairIdentity::unknown) each.second += persons;
    }
    for (Index& sample : more.trials.samples) sample += samples;
    program::append(trials, more.trials);
    classes.insert(classes.end(), more.classes.begin(), more.classes.end());
    samples += more.samples;
    persons += more.persons;
    most_per_person = std::max(most_per_person, more.most_per_person);
  }
};

/// Tries claims of the validation samples. Several persons are enrolled of each class, with different samples, because
/// a threshold for a gallery of N persons needs as many. A sample is tried against the persons of its own class whom it
/// is no sample of, and as an impostor against those of all other classes. The number of trials is bounded.
inline ValidationTrials validation_trials(const gemel::ClaimVerifier<Model<float>, gemel::AnyScorer>& verifier,
                                          const gemel::Samples<float>& samples, const gemel::Classes& classes) {
  constexpr std::size_t most_persons = 500, most_probes = 1000;
  struct Person {
    Index of_class;
    std::vector<Index> samples;
  };
  std::vector<Person> persons;
  for (Index c = 0; c < classes.count(); ++c) {
    const auto members = classes.members(c);
    const Index size = gemel::length(members);
    const Index each = std::clamp<Index>(size / 2, 1, samples_per_person);  // two persons, if there are two samples
    for (Index first = 0; first + each <= size; first += each) {
      persons.push_back({c, {members.begin() + first, members.begin() + first + each}});
    }
  }
  persons = detail::thinned(persons, most_persons);
  std::vector<Index> probes(static_cast<std::size_t>(samples.size()));
  for (std::size_t i = 0; i < probes.size(); ++i) probes[i] = static_cast<Index>(i);
  probes = detail::thinned(probes, most_probes);

  ValidationTrials tried{.samples = samples.size(), .persons = gemel::length(persons) + classes.count()};
  std::vector<gemel::Template<float>> templates;
  for (const Person& person : persons) {
    templates.push_back(verifier.enrol(samples.select(person.samples).copy().matrix()));
    tried.most_per_person = std::max(tried.most_per_person, gemel::length(person.samples));
  }
  std::vector<gemel::Claim> claims;
  const auto value = [&classes](Index c) { return static_cast<Index>(classes.value(c)); };
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
      tried.classes.push_back({value(person.of_class), value(of_class)});
    }
  }
  tried.trials = gemel::claims(verifier, templates, samples, claims, 0);
  return tried;
}

/// An empty gallery for those who will be enrolled, with thresholds for claims and identification that are set on these
/// trials. The threshold of pairs would not hold: the mean distance to several samples spreads less than one distance,
/// and a stranger has similar scores for many persons. Nothing if the trials are too few for a threshold of claims, or
/// no threshold is of use.
inline std::optional<Gallery<float>> empty_gallery(const Model<float>& model, ValidationTrials tried,
                                                   const gemel::CalibrationOptions& options) {
  try {
    gemel::CalibrationOptions by_class = options;
    by_class.interval.identities = std::move(tried.classes);
    gemel::Calibration claims = calibrate(tried.trials, by_class);
    if (!std::isfinite(claims.threshold)) return std::nullopt;
    const gemel::ClaimVerifier<Model<float>, gemel::AnyScorer> scores{model, gemel::MeanScore{}};
    Gallery<float> gallery{scores.with(std::move(claims))};
    if (tried.samples >= gemel::dissimilar_pairs_needed(standard_fpir)) {
      gallery.calibrate_identification(
          calibrate_identification(tried.trials, {.fpir = standard_fpir, .interval = {.stop = options.interval.stop}}));
    }
    return gallery;
  } catch (const gemel::ValueError&) {
    return std::nullopt;  // too few trials: the thresholds are then derived from that of the pairs
  }
}

/// As above, with trials of these samples. Nothing also if the verifier rejects every pair.
inline std::optional<Gallery<float>> empty_gallery(const Verifier<float>& verifier,
                                                   const gemel::Samples<float>& samples, const gemel::Classes& classes,
                                                   const gemel::CalibrationOptions& options) {
  if (!std::isfinite(verifier.calibration().threshold)) return std::nullopt;
  const gemel::ClaimVerifier<Model<float>, gemel::AnyScorer> scores{verifier.model(), gemel::MeanScore{}};
  try {
    return empty_gallery(verifier.model(), validation_trials(scores, samples, classes), options);
  } catch (const gemel::ValueError&) {
    return std::nullopt;
  }
}

}  // namespace program
