#include "../../examples/train/enrolment.hpp"

#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

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

}  // namespace

TEST_CASE("train's trials enrol persons of up to five samples, and no probe claims to be a person made of it") {
  const train::LabelledSamples validation = samples_of_classes({13, 10, 4, 2, 1});
  const gemel::Verifier<train::Ensemble> verifier = copying_verifier(3);
  const gemel::ClaimVerifier<train::Ensemble, gemel::AnyScorer> scores{verifier.model(), gemel::MeanScore{}};
  const auto [trials, classes] = train::detail::validation_trials(scores, validation);
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
}

TEST_CASE("train's empty gallery has thresholds for claims and identification") {
  const auto gallery = train::empty_gallery(copying_verifier(3), samples_of_classes({40, 40, 40}), {.far = 0.01});
  REQUIRE(gallery.has_value());
  CHECK(gallery->size() == 0);
  CHECK(gallery->verifier().calibration().threshold > 2);
  CHECK(gallery->verifier().calibration().threshold < 10);
  CHECK_FALSE(gallery->verifier().calibration().far_points.empty());
  REQUIRE(gallery->identification());
  CHECK(gallery->identification().fpir() == program::standard_fpir);
  CHECK(gallery->identification().sizes().back().size == 16);  // eight persons of each of the two other classes
}

TEST_CASE("train has no gallery without a threshold, and no identification without enough strangers") {
  constexpr double nothing = -std::numeric_limits<double>::infinity();
  CHECK_FALSE(train::empty_gallery(copying_verifier(nothing), samples_of_classes({40, 40, 40}), {.far = 0.01}));
  CHECK_FALSE(train::empty_gallery(copying_verifier(3), samples_of_classes({3, 3}), {.far = 0.001}));
  CHECK_FALSE(train::empty_gallery(copying_verifier(3), samples_of_classes({1, 1, 1, 1}), {.far = 0.5}));
  const auto few = train::empty_gallery(copying_verifier(3), samples_of_classes({15, 15}), {.far = 0.1});
  REQUIRE(few.has_value());
  CHECK_FALSE(few->identification());
}

TEST_CASE("train thins samples evenly") {
  using List = std::vector<int>;
  CHECK(train::detail::thinned(List{0, 1, 2, 3, 4, 5, 6}, 7) == List{0, 1, 2, 3, 4, 5, 6});
  CHECK(train::detail::thinned(List{0, 1, 2, 3, 4, 5, 6}, 4) == List{0, 2, 4, 6});
  CHECK(train::detail::thinned(List{0, 1, 2, 3, 4, 5, 6}, 3) == List{0, 3, 6});
  CHECK(train::detail::thinned(List{}, 3).empty());
}
