#include "gemel/metrics/far_prediction.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "catch.hpp"
#include "gemel/core/random.hpp"
#include "gemel/metrics/roc.hpp"
#include "metrics/made_up_pairs.hpp"

using namespace gemel;

namespace {

// Pairs of people, half of whose distances depends on the people.
MadeUpPairs scores_of(Index people, std::uint64_t seed) { return made_up_pairs(people, seed, 0.5, 0.5); }

double predicted_width(const Interval& interval) { return interval.high - interval.low; }

Interval predict(const MadeUpPairs& scores, double threshold, Index people) {
  return far_prediction(scores.distances, scores.labels, threshold, people, {.identities = scores.identities});
}

}  // namespace

TEST_CASE("far_prediction contains the rate of other people about as often as its confidence says",
          "[far_prediction]") {
  constexpr int sets = 200;
  for (const Index known : {4, 12, 30}) {
    for (const Index others : {4, 20}) {
      int predicted = 0, in_confidence = 0;
      double mean_width = 0;
      for (int set = 0; set < sets; ++set) {
        const MadeUpPairs scores = scores_of(known, 7'000 + static_cast<std::uint64_t>(set));
        const MadeUpPairs more = scores_of(others, 50'000 + static_cast<std::uint64_t>(set));
        const double threshold = Roc{scores.distances, scores.labels}.threshold_at_far(0.05);
        const double came = Roc{more.distances, more.labels}.far(threshold);
        const auto contains = [&](const Interval& interval) { return interval.low <= came && came <= interval.high; };
        const Interval prediction = predict(scores, threshold, others);
        predicted += contains(prediction);
        mean_width += predicted_width(prediction) / sets;
        in_confidence += contains(far_interval(scores.distances, scores.labels, threshold,
                                               {.replicates = 100, .identities = scores.identities}));
      }
      CAPTURE(known, others, predicted, in_confidence, mean_width);
      CHECK(predicted >= 0.89 * sets);
      if (known == 30 && others == 4) CHECK(in_confidence < 0.6 * sets);
      if (known == 30 && others == 20) CHECK(mean_width < 0.35);
    }
  }
}

TEST_CASE("far_prediction holds for other distances too, and is not much wider than the rates ask for",
          "[far_prediction]") {
  // Distances that depend only on the pair, and such that depend on how alike the two people are.
  const auto of_pairs = [](Index people, std::uint64_t seed) {
    Rng rng{seed};
    return made_up_pairs(people, rng, 0.3, [&rng](Index i, Index j) { return i == j ? 0 : rng.normal<double>(); });
  };
  const auto of_likeness = [](Index people, std::uint64_t seed) {
    Rng rng{seed};
    const MatrixX<double> centers = normal<double>(8, people, rng);
    return made_up_pairs(people, rng, 0.3, [&](Index i, Index j) { return (centers.col(i) - centers.col(j)).norm(); });
  };
  constexpr int sets = 200;
  for (const bool likeness : {false, true}) {
    const auto scores_of_model = [&](Index people, std::uint64_t seed) {
      return likeness ? of_likeness(people, seed) : of_pairs(people, seed);
    };
    int predicted = 0;
    double mean_width = 0;
    for (int set = 0; set < sets; ++set) {
      const MadeUpPairs scores = scores_of_model(60, 7'000 + static_cast<std::uint64_t>(set));
      const MadeUpPairs more = scores_of_model(10, 50'000 + static_cast<std::uint64_t>(set));
      const double threshold = Roc{scores.distances, scores.labels}.threshold_at_far(0.05);
      const double came = Roc{more.distances, more.labels}.far(threshold);
      const Interval interval = predict(scores, threshold, 10);
      predicted += interval.low <= came && came <= interval.high;
      mean_width += predicted_width(interval) / sets;
    }
    CAPTURE(likeness, predicted, mean_width);
    CHECK(predicted >= 0.92 * sets);
    CHECK(mean_width < (likeness ? 0.4 : 0.25));
  }
}

TEST_CASE("far_prediction adds the variances of both sets of people", "[far_prediction]") {
  // Three dissimilar pairs of people, with the rates 0, 0 and 1 / 4 without the first, second and third person. 4.30265
  // is the quantile 0.975 of Student's distribution with two degrees of freedom.
  const std::vector<PairIdentity> people{{0, 0}, {1, 1}, {2, 2}, {1, 2}, {1, 2}, {1, 2}, {1, 2}, {0, 2},
                                         {0, 2}, {0, 2}, {0, 2}, {0, 1}, {0, 1}, {0, 1}, {0, 1}};
  std::vector<double> distances(people.size(), 5);
  std::vector<int> labels(people.size(), 0);
  for (std::size_t i = 0; i < 3; ++i) labels[i] = 1, distances[i] = 1;
  distances.back() = 2;
  const double one = 2 * std::asin(std::sqrt(0.25)), mean = one / 3;
  const double variance = (2 * mean * mean + std::pow(one - mean, 2)) * 2 / 3;
  const double centre = 2 * std::asin(std::sqrt(1.0 / 12));
  const auto end = [&](double t, double others) {
    const double ratio = others < 3 ? 3.0 * 2 / (others * (others - 1)) : 3 / others;
    return std::pow(std::sin((centre + t * std::sqrt(variance * (1 + ratio))) / 2), 2);
  };
  const auto high = [&](Index others, double confidence) {
    return far_prediction(distances, Labels{labels}, 2.5, others, {.confidence = confidence, .identities = people})
        .high;
  };
  CHECK(std::abs(high(3, 0.5) - end(0.816497, 3)) < 1e-6);  // the quantile 0.75, two degrees of freedom
  CHECK(std::abs(high(1'000, 0.5) - end(0.816497, 1e3)) < 1e-6);
  CHECK(std::abs(high(2, 0.5) - end(1, 2)) < 1e-6);  // one degree of freedom
}

TEST_CASE("far_prediction is wider than far_interval, and the narrower the more new people there are",
          "[far_prediction]") {
  const MadeUpPairs scores = scores_of(20, 3);
  double last = 1;
  for (const Index others : {5, 10, 100, 100'000}) {
    const Interval interval = predict(scores, 0.8, others);
    CHECK(predicted_width(interval) < last);
    last = predicted_width(interval);
  }
  const double confidence =
      predicted_width(far_interval(scores.distances, scores.labels, 0.8, {.identities = scores.identities}));
  CHECK(predicted_width(predict(scores, 0.8, 100)) > confidence);
}

TEST_CASE("far_prediction has a width if no pair or every pair is accepted", "[far_prediction]") {
  const MadeUpPairs scores = scores_of(12, 4);
  const Interval none = predict(scores, -100, 12), all = predict(scores, 100, 12);
  CHECK(none.low == 0);
  CHECK(none.high > wilson_interval(0, 12).high);
  CHECK(none.high < 0.6);
  CHECK(all.high == 1);
  CHECK(std::abs(all.low - (1 - none.high)) < 1e-12);
}

TEST_CASE("far_prediction says that too few people tell nothing", "[far_prediction]") {
  const auto tells_nothing = [](const Interval& interval) {
    return interval.low == 0 && interval.high == 1 && interval.method.starts_with("none: ");
  };
  CHECK(tells_nothing(predict(scores_of(2, 1), 1, 5)));
  // All dissimilar pairs are of person 0, so that none is left without it.
  MadeUpPairs star;
  for (Index i = 0; i < 12; ++i) {
    star.distances.insert(star.distances.end(), {1.0, 2.0});
    star.labels.insert(star.labels.end(), {1, 0});
    star.identities.insert(star.identities.end(), {{i, i}, {0, i == 0 ? 1 : i}});
  }
  CHECK(tells_nothing(predict(star, 2, 5)));
}

TEST_CASE("far_prediction takes pairs of unknown impostors", "[far_prediction]") {
  MadeUpPairs scores = scores_of(12, 5);
  for (std::size_t i = 0; i < scores.labels.size(); ++i) {
    if (!scores.labels[i]) scores.identities[i].second = PairIdentity::unknown;
  }
  const Interval interval = predict(scores, 0.8, 12);
  CHECK(interval.low < interval.high);
  CHECK(interval.high < 1);
}

TEST_CASE("far_prediction needs no replicates, and similar pairs of one person suffice", "[far_prediction]") {
  MadeUpPairs scores = scores_of(6, 9);
  for (std::size_t i = scores.labels.size(); i-- > 0;) {
    if (!scores.labels[i] || scores.identities[i].first == 100) continue;
    scores.labels.erase(scores.labels.begin() + static_cast<std::ptrdiff_t>(i));
    scores.distances.erase(scores.distances.begin() + static_cast<std::ptrdiff_t>(i));
    scores.identities.erase(scores.identities.begin() + static_cast<std::ptrdiff_t>(i));
  }
  const Interval interval = far_prediction(scores.distances, scores.labels, 1, 6,
                                           {.confidence = 0.999, .replicates = 2, .identities = scores.identities});
  CHECK(interval.method == "prediction for 6 people, jackknife by identity, of 6 identities");
}

TEST_CASE("far_prediction refuses what it cannot use", "[far_prediction]") {
  const MadeUpPairs scores = scores_of(5, 6);
  CHECK_THROWS_AS(predict(scores, 1, 1), ValueError);
  CHECK_THROWS_AS(predict(scores, std::numeric_limits<double>::quiet_NaN(), 5), ValueError);
  CHECK_THROWS_AS(far_prediction(scores.distances, scores.labels, 1, 5, {}), ValueError);
}
