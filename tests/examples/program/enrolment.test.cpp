#include "../../../examples/program/enrolment.hpp"

#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

#include "../../../examples/train/labelled_samples.hpp"
#include "../../../examples/train/model.hpp"
#include "catch.hpp"
#include "gemel/core/random.hpp"

namespace {

// Samples of classes in the plane, class c around (10 c, 0), and a model that copies them.
train::LabelledSamples samples_of_classes(const std::vector<gemel::Index>& sizes) {
  gemel::Rng rng{3};
  std::vector<gemel::Index> classes;
  for (std::size_t c = 0; c < sizes.size(); ++c)
    classes.insert(classes.end(), static_cast<std::size_t>(sizes[c]), static_cast<gemel::Index>(c));
  gemel::MatrixX<float> x = gemel::normal<float>(2, static_cast<gemel::Index>(classes.size()), rng);
  for (std::size_t i = 0; i < classes.size(); ++i)
    x(0, static_cast<gemel::Index>(i)) += 10 * static_cast<float>(classes[i]);
  return {gemel::Samples<float>{std::move(x)}, gemel::Classes{classes}};
}

gemel::Verifier<train::Ensemble> copying_verifier(double threshold) {
  train::Options options;
  options.hidden.clear();
  options.normalize = false;
  return {train::Ensemble{train::make_plain_model(options, {train::Scaling{}}, 2)}, {.threshold = threshold}};
}

auto empty_gallery_of(const gemel::Verifier<train::Ensemble>& verifier, const train::LabelledSamples& validation,
                      const gemel::CalibrationOptions& options) {
  return program::empty_gallery(verifier, validation.samples, validation.classes, options);
}

}  // namespace

TEST_CASE("the programs' trials enrol persons of up to five samples, and no probe claims to be a person made of it") {
  const train::LabelledSamples validation = samples_of_classes({13, 10, 4, 2, 1});
  const gemel::Verifier<train::Ensemble> verifier = copying_verifier(3);
  const gemel::ClaimVerifier<train::Ensemble, gemel::AnyScorer> scores{verifier.model(), gemel::MeanScore{}};
  const auto [trials, classes, samples, numbers, most] =
      program::validation_trials(scores, validation.samples, validation.classes);
  // The persons: two of 5 samples, two of 5, two of 2, two of 1, and one of 1.
  const std::vector<std::vector<int>> persons{{5, 5}, {5, 5}, {2, 2}, {1, 1}, {1}};
  gemel::Index genuine = 0, impostors = 0;
  const std::vector<int> sizes{13, 10, 4, 2, 1};
  for (std::size_t c = 0; c < sizes.size(); ++c) {
    for (std::size_t other = 0; other < sizes.size(); ++other) {
      for (const int samples : persons[other])
        (c == other ? genuine : impostors) += sizes[c] - (c == other ? samples : 0);
    }
  }
  CHECK(trials.size() == genuine + impostors);
  gemel::Index similar = 0;
  for (gemel::Index i = 0; i < trials.size(); ++i) {
    const auto at = static_cast<std::size_t>(i);
    similar += trials.labels[i];
    const gemel::PairIdentity &identity = trials.identities[at], &of_classes = classes[at];
    CHECK((identity.first == identity.second) == (trials.labels[i] == 1));
    CHECK((of_classes.first == of_classes.second) == (trials.labels[i] == 1));
    CHECK(of_classes.second == validation.classes.of(trials.samples[at]));
    if (!trials.labels[i]) CHECK(identity.second == 9 + of_classes.second);  // a stranger beyond the nine persons
    CHECK((trials.scores[at] < 6) == (trials.labels[i] == 1));
    CHECK(trials.scores[at] > 0);  // a probe's distance from itself would be 0 for a person of one sample
  }
  CHECK(similar == genuine);
  CHECK(samples == validation.samples.size());
  CHECK(numbers == 9 + 5);
  CHECK(most == 5);
}

TEST_CASE("trials that are appended have persons and probes of their own, and keep their classes") {
  const train::LabelledSamples first = samples_of_classes({4, 4}), second = samples_of_classes({2, 2, 2});
  const gemel::ClaimVerifier<train::Ensemble, gemel::AnyScorer> scores{copying_verifier(3).model(), gemel::MeanScore{}};
  program::ValidationTrials all = program::validation_trials(scores, first.samples, first.classes);
  const program::ValidationTrials more = program::validation_trials(scores, second.samples, second.classes);
  const gemel::Index before = all.trials.size();
  all.append(more);
  REQUIRE(all.trials.size() == before + more.trials.size());
  CHECK(all.samples == 8 + 6);
  CHECK(all.persons == (4 + 2) + (6 + 3));
  CHECK(all.most_per_person == 2);
  for (gemel::Index i = 0; i < more.trials.size(); ++i) {
    const auto of = static_cast<std::size_t>(i), at = static_cast<std::size_t>(before + i);
    CHECK(all.trials.scores[at] == more.trials.scores[of]);
    CHECK(all.trials.labels[before + i] == more.trials.labels[i]);
    CHECK(all.trials.samples[at] == more.trials.samples[of] + 8);
    CHECK(all.trials.identities[at].first == more.trials.identities[of].first + 6);
    CHECK(all.trials.identities[at].second == more.trials.identities[of].second + 6);
    CHECK(all.classes[at].second == more.classes[of].second);
  }
}

TEST_CASE("the programs' empty gallery has thresholds for claims and identification") {
  const auto gallery = empty_gallery_of(copying_verifier(3), samples_of_classes({40, 40, 40}), {.far = 0.01});
  REQUIRE(gallery.has_value());
  CHECK(gallery->size() == 0);
  CHECK(gallery->verifier().calibration().threshold > 2);
  CHECK(gallery->verifier().calibration().threshold < 10);
  CHECK_FALSE(gallery->verifier().calibration().far_points.empty());
  REQUIRE(gallery->identification());
  CHECK(gallery->identification().fpir() == program::standard_fpir);
  CHECK(gallery->identification().sizes().back().size == 16);  // eight persons of each of the two other classes
}

TEST_CASE("the programs have no gallery without a threshold, and no identification without enough strangers") {
  constexpr double nothing = -std::numeric_limits<double>::infinity();
  CHECK_FALSE(empty_gallery_of(copying_verifier(nothing), samples_of_classes({40, 40, 40}), {.far = 0.01}));
  CHECK_FALSE(empty_gallery_of(copying_verifier(3), samples_of_classes({3, 3}), {.far = 0.001}));
  CHECK_FALSE(empty_gallery_of(copying_verifier(3), samples_of_classes({1, 1, 1, 1}), {.far = 0.5}));
  const auto few = empty_gallery_of(copying_verifier(3), samples_of_classes({15, 15}), {.far = 0.1});
  REQUIRE(few.has_value());
  CHECK_FALSE(few->identification());
}

TEST_CASE("the programs thin samples evenly") {
  using List = std::vector<int>;
  CHECK(program::detail::thinned(List{0, 1, 2, 3, 4, 5, 6}, 7) == List{0, 1, 2, 3, 4, 5, 6});
  CHECK(program::detail::thinned(List{0, 1, 2, 3, 4, 5, 6}, 4) == List{0, 2, 4, 6});
  CHECK(program::detail::thinned(List{0, 1, 2, 3, 4, 5, 6}, 3) == List{0, 3, 6});
  CHECK(program::detail::thinned(List{}, 3).empty());
}
