#include "gemel/metrics/curve_band.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numbers>
#include <vector>

#include "catch.hpp"
#include "metrics/made_up_pairs.hpp"

using namespace gemel;

namespace {

// Normally distributed distances, with a difference of the means of 2 standard deviations.
MadeUpPairs normal_scores(Index similar, Index dissimilar, std::uint64_t seed) {
  Rng rng{seed};
  MadeUpPairs scores;
  for (Index i = 0; i < similar + dissimilar; ++i) {
    scores.distances.push_back(rng.normal<double>() + (i < similar ? 0 : 2));
    scores.labels.push_back(i < similar);
  }
  return scores;
}

// Pairs of people who differ in how close their samples are to all others.
MadeUpPairs people_scores(Index people, std::uint64_t seed) { return made_up_pairs(people, seed, 1, 0.3); }

// The FRR at an FAR on the piecewise linear curve through the points of a Roc.
double frr_on(const Roc& roc, double far) {
  const std::vector<RocPoint> points = roc.points();
  for (std::size_t i = 1; i < points.size(); ++i) {
    const RocPoint &a = points[i - 1], &b = points[i];
    if (a.far <= far && far < b.far) return a.frr + (far - a.far) / (b.far - a.far) * (b.frr - a.frr);
  }
  return points.back().frr;
}

// The probability that a standard normal variable is below z.
double normal_below(double z) { return std::erfc(-z / std::numbers::sqrt2) / 2; }

double mean_width(const CurveBand& band) {
  double sum = 0;
  for (std::size_t i = 0; i < band.far.size(); ++i) sum += band.high[i] - band.low[i];
  return sum / static_cast<double>(band.far.size());
}

}  // namespace

TEST_CASE("the FRRs of a curve_band are those of the Roc", "[curve_band]") {
  MadeUpPairs scores = normal_scores(40, 150, 3);
  for (double& d : scores.distances) d = std::round(d * 4) / 4;  // ties
  const Roc roc{scores.distances, scores.labels};
  const CurveBand band = curve_band(scores.distances, scores.labels);
  REQUIRE(band.far.size() == 100);
  REQUIRE(band.frr.size() == 100);
  REQUIRE(band.low.size() == 100);
  REQUIRE(band.high.size() == 100);
  CHECK(band.far.front() == 1 / 150.0);
  CHECK(band.far.back() == 1);
  CHECK(band.frr.back() == 0);
  const double step = band.far[1] / band.far[0];
  for (std::size_t i = 0; i < 100; ++i) {
    CHECK(std::abs(band.frr[i] - frr_on(roc, band.far[i])) < 1e-12);
    CHECK(band.low[i] <= band.frr[i]);
    CHECK(band.frr[i] <= band.high[i]);
    if (i == 0) continue;
    CHECK(std::abs(band.far[i] / band.far[i - 1] / step - 1) < 1e-9);
    CHECK(band.frr[i] <= band.frr[i - 1]);
    CHECK(band.low[i] <= band.low[i - 1]);
    CHECK(band.high[i] <= band.high[i - 1]);
  }
  // A point in the middle of a segment: from (1/4, 1/2) to (1/2, 0), at the FAR 1/sqrt(8).
  const CurveBand few = curve_band({1, 2, 3, 3, 4, 5}, {1, 0, 1, 0, 0, 0}, {}, 5);
  CHECK(std::abs(few.frr[1] - 0.5 * (0.5 - few.far[1]) / 0.25) < 1e-12);
  CHECK(few.frr[0] == 0.5);
}

TEST_CASE("the band of a curve covers the true curve", "[curve_band]") {
  // The true FRR at the FAR x: the threshold is t = 2 + z(x), and the FRR is 1 - Phi(t).
  constexpr Index points = 7;
  constexpr int sets = 200;
  std::vector<int> covered(points);
  for (int set = 0; set < sets; ++set) {
    const MadeUpPairs scores = normal_scores(100, 150, 100 + static_cast<std::uint64_t>(set));
    const CurveBand band = curve_band(scores.distances, scores.labels, {.replicates = 200, .seed = 1}, points);
    for (std::size_t i = 0; i < points; ++i) {
      const double truth = 1 - normal_below(2 + normal_deviate(band.far[i]));
      covered[i] += band.low[i] <= truth && truth <= band.high[i];
    }
  }
  // The first point, one accepted pair of 150, is left out: no bootstrap of 150 pairs can know the tail beyond it. At
  // the last ones the FRR is nearly 0, and the band is wide.
  for (std::size_t i = 1; i < points; ++i) {
    CHECK(covered[i] >= 0.9 * sets);
    if (i < 5) CHECK(covered[i] <= 0.99 * sets);
  }
}

TEST_CASE("a band by identity is wider if people differ", "[curve_band]") {
  const MadeUpPairs scores = people_scores(25, 5);
  const CurveBand by_pair = curve_band(scores.distances, scores.labels, {.replicates = 200});
  const CurveBand by_identity =
      curve_band(scores.distances, scores.labels, {.replicates = 200, .identities = scores.identities});
  CHECK(by_pair.method == "bootstrap by pair, 200 replicates, pairs assumed independent");
  CHECK(by_identity.method == "bootstrap by identity, 200 replicates of 25 identities");
  CHECK(by_pair.frr == by_identity.frr);
  CHECK(mean_width(by_identity) > 1.5 * mean_width(by_pair));
  const CurveBand again =
      curve_band(scores.distances, scores.labels, {.replicates = 200, .identities = scores.identities});
  CHECK(again.low == by_identity.low);
  CHECK(again.high == by_identity.high);
}

TEST_CASE("a band of few people is that of a jackknife, and wide where no pair is rejected", "[curve_band]") {
  std::vector<double> distances;
  std::vector<int> labels;
  std::vector<PairIdentity> identities;
  for (Index i = 0; i < 4; ++i) {
    for (Index j = 0; j <= i; ++j) {
      for (int repeat = 0; repeat < 100; ++repeat) {
        distances.push_back((i == j ? 0 : 2) + 0.001 * repeat);
        labels.push_back(i == j);
        identities.push_back({i, j});
      }
    }
  }
  const CurveBand band = curve_band(distances, labels, {.identities = identities}, 5);
  CHECK(band.method == "jackknife by identity, of 4 identities");
  for (const double high : band.high) CHECK(high == wilson_interval(0, 4).high);
  const CurveBand by_scores = curve_band(people_scores(5, 3).distances, people_scores(5, 3).labels,
                                         {.identities = people_scores(5, 3).identities}, 5);
  CHECK(by_scores.method == "jackknife by identity, of 5 identities");
  for (std::size_t i = 0; i < 5; ++i) {
    CHECK(by_scores.low[i] <= by_scores.frr[i]);
    CHECK(by_scores.frr[i] <= by_scores.high[i]);
  }
}

TEST_CASE("a band has a width although no pair or every pair is decided wrongly", "[curve_band]") {
  const CurveBand none = curve_band({1, 2, 3, 11, 12, 13}, {1, 1, 1, 0, 0, 0}, {}, 4);
  const CurveBand all = curve_band({11, 12, 13, 1, 2, 3}, {1, 1, 1, 0, 0, 0}, {}, 4);
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(none.frr[i] == 0);
    CHECK(none.low[i] == 0);
    CHECK(none.high[i] == wilson_interval(0, 3).high);
    CHECK(all.frr[i] == (i < 3 ? 1 : 0));
    CHECK(all.low[i] == (i < 3 ? wilson_interval(3, 3).low : 0));
  }
  CHECK(curve_band({1, 2}, {1, 0}, {}, 2).far == std::vector<double>{1, 1});
}

TEST_CASE("a stopped curve_band has the curve but no band", "[curve_band]") {
  const MadeUpPairs scores = normal_scores(20, 20, 1);
  const StopFlag stop = true;
  const CurveBand band = curve_band(scores.distances, scores.labels, {.stop = &stop}, 10);
  CHECK(band.frr == curve_band(scores.distances, scores.labels, {}, 10).frr);
  CHECK(std::all_of(band.low.begin(), band.low.end(), [](double rate) { return std::isnan(rate); }));
  CHECK(std::all_of(band.high.begin(), band.high.end(), [](double rate) { return std::isnan(rate); }));
  CHECK(band.method == "none: the resampling was stopped");
}

TEST_CASE("curve_band refuses what eer_interval refuses", "[curve_band]") {
  CHECK_THROWS_AS(curve_band({1, 2}, {1, 0}, {}, 1), ValueError);
  CHECK_THROWS_AS(curve_band({1, 2}, {1, 0}, {.confidence = 1}), ValueError);
  CHECK_THROWS_AS(curve_band({1, 2}, {1, 0}, {.replicates = 39}), ValueError);
  CHECK_THROWS_AS(curve_band({1, 2}, {1, 1}), ValueError);
  CHECK_THROWS_AS(curve_band({1, 2, 3}, {1, 0}), ShapeError);
  CHECK_THROWS_AS(curve_band({1, std::numeric_limits<double>::quiet_NaN()}, {1, 0}), NonFiniteError);
  CHECK_THROWS_AS(curve_band({1, 2}, {1, 0}, {.identities = {{1, 2}, {1, 2}}}), ValueError);
}

TEST_CASE("det gives normal deviates", "[curve_band]") {
  const CurveBand axes = det({.far = {0, 0.5, 1},
                              .frr = {0.975, 0.025, 0},
                              .low = {0.9, 0, std::numeric_limits<double>::quiet_NaN()},
                              .high = {1, 0.5, 0.9},
                              .method = "m"});
  CHECK(axes.far == std::vector<double>{normal_deviate(0), normal_deviate(0.5), normal_deviate(1)});
  CHECK(axes.frr == std::vector<double>{normal_deviate(0.975), normal_deviate(0.025), normal_deviate(0)});
  CHECK(axes.low[0] == normal_deviate(0.9));
  CHECK(std::isnan(axes.low[2]));
  CHECK(axes.high[1] == normal_deviate(0.5));
  CHECK(axes.method == "m");
}
