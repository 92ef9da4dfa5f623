#include "gemel/metrics/roc.hpp"

#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "catch.hpp"
#include "gemel/core/random.hpp"

using namespace gemel;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

bool near(double a, double b) { return std::abs(a - b) <= 1e-12; }

// Pairs with small integers as distances, so that there are many ties between the classes.
struct Sample {
  std::vector<double> distances;
  std::vector<int> labels;
};
Sample tied_sample(std::uint64_t seed) {
  Rng rng{seed};
  Sample sample{{}, {1, 0}};
  for (int i = 2; i < 60; ++i) sample.labels.push_back(rng.coin());
  for (const int similar : sample.labels) sample.distances.push_back(static_cast<double>(rng.below(similar ? 7 : 9)));
  return sample;
}

}  // namespace

TEST_CASE("Roc matches the reference values", "[roc]") {
  std::ifstream file(GEMEL_TEST_DATA "/golden/losses_and_metrics.json");
  const auto cases = nlohmann::json::parse(file).at("roc").at("cases");
  REQUIRE(cases.size() == 5);
  for (const auto& expected : cases) {
    CAPTURE(expected.at("name").get<std::string>());
    const Roc roc{expected.at("distances").get<std::vector<double>>(), expected.at("labels").get<std::vector<int>>()};
    CHECK(near(roc.auc(), expected.at("auc").get<double>()));
    CHECK(near(roc.eer(), expected.at("eer").get<double>()));
    CHECK(near(roc.best_accuracy(), expected.at("best_accuracy").get<double>()));

    const auto thresholds = expected.at("thresholds").get<std::vector<double>>();
    const auto far = expected.at("far").get<std::vector<double>>();
    const auto frr = expected.at("frr").get<std::vector<double>>();
    const std::vector<RocPoint> points = roc.points();
    REQUIRE(points.size() == thresholds.size() + 1);
    CHECK(points[0].threshold == -infinity);
    CHECK(points[0].far == 0);
    CHECK(points[0].frr == 1);
    for (std::size_t i = 0; i < thresholds.size(); ++i) {
      CHECK(points[i + 1].threshold == thresholds[i]);
      CHECK(near(points[i + 1].far, far[i]));
      CHECK(near(points[i + 1].frr, frr[i]));
      CHECK(near(roc.far(thresholds[i]), far[i]));
      CHECK(near(roc.frr(thresholds[i]), frr[i]));
    }
  }
}

TEST_CASE("Roc matches rates that are counted pair by pair", "[roc]") {
  const std::uint64_t seed = GENERATE(1u, 2u, 3u, 4u, 5u);
  const Sample sample = tied_sample(seed);
  const Roc roc{sample.distances, sample.labels};

  double closer = 0;
  double similar = 0;
  for (std::size_t i = 0; i < sample.labels.size(); ++i) {
    similar += sample.labels[i];
    for (std::size_t j = 0; j < sample.labels.size(); ++j) {
      if (sample.labels[i] == 1 && sample.labels[j] == 0) {
        closer += sample.distances[i] < sample.distances[j] ? 1 : sample.distances[i] == sample.distances[j] ? 0.5 : 0;
      }
    }
  }
  const double dissimilar = static_cast<double>(sample.labels.size()) - similar;
  CHECK(near(roc.auc(), closer / (similar * dissimilar)));
  CHECK(roc.similar() == static_cast<Index>(similar));
  CHECK(roc.dissimilar() == static_cast<Index>(dissimilar));

  double best = 0;
  double closest = 2;
  for (const double threshold : {-1.0, 0.0, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 7.5, 8.0, 9.0}) {
    CAPTURE(threshold);
    double accepted = 0;
    double rejected = 0;
    for (std::size_t i = 0; i < sample.labels.size(); ++i) {
      const bool accept = sample.distances[i] <= threshold;
      accepted += accept && sample.labels[i] == 0;
      rejected += !accept && sample.labels[i] == 1;
    }
    CHECK(near(roc.far(threshold), accepted / dissimilar));
    CHECK(near(roc.frr(threshold), rejected / similar));
    CHECK(near(roc.accuracy(threshold), 1 - (accepted + rejected) / (similar + dissimilar)));
    best = std::max(best, roc.accuracy(threshold));
    closest = std::min(closest, std::abs(roc.far(threshold) - roc.frr(threshold)));
  }
  CHECK(near(roc.best_accuracy(), best));
  CHECK(roc.accuracy(roc.best_threshold()) == roc.best_accuracy());
  CHECK(near(std::abs(roc.far(roc.eer_threshold()) - roc.frr(roc.eer_threshold())), closest));
}

TEST_CASE("Roc finds thresholds", "[roc]") {
  // Similar pairs have the distances 1, 2, 4, and dissimilar pairs 3, 5, 5, 6.
  const Roc roc{{1.0, 2.0, 4.0, 3.0, 5.0, 5.0, 6.0}, {1, 1, 1, 0, 0, 0, 0}};
  SECTION("at a FAR that occurs, and between two that occur") {
    CHECK(roc.threshold_at_far(0) == 2);
    CHECK(roc.threshold_at_far(0.25) == 4);
    CHECK(roc.threshold_at_far(0.7) == 4);
    CHECK(roc.threshold_at_far(0.75) == 5);
    CHECK(roc.threshold_at_far(1) == 6);
  }
  SECTION("the EER is on the segment between two points") {
    // (FAR, FRR) goes from (1/4, 1/3) at 3 to (1/4, 0) at 4.
    CHECK(near(roc.eer(), 0.25));
    CHECK(roc.eer_threshold() == 3);
    CHECK(near(roc.far(3), 0.25));
    CHECK(near(roc.frr(3), 1.0 / 3));
  }
  SECTION("the smallest of the best thresholds") {
    CHECK(near(roc.best_accuracy(), 6.0 / 7));
    CHECK(roc.best_threshold() == 2);
  }
  SECTION("no pair is accepted if the closest pair is dissimilar") {
    const Roc wrong{{2.0, 1.0}, {1, 0}};
    CHECK(wrong.threshold_at_far(0) == -infinity);
    CHECK(wrong.threshold_at_far(0.99) == -infinity);
    CHECK(wrong.threshold_at_far(1) == 2);
    CHECK(wrong.far(-infinity) == 0);
    CHECK(wrong.frr(-infinity) == 1);
    CHECK(wrong.auc() == 0);
    CHECK(wrong.eer() == 1);
  }
}

namespace {

// The result of eer_threshold, computed with integers only: the distance with the smallest |FAR - FRR|, or the smaller
// one of two.
double closest_by_counting(const std::vector<double>& distances, const std::vector<int>& labels) {
  const auto n = static_cast<std::size_t>(distances.size());
  long similar = 0;
  for (const int label : labels) similar += label;
  const long dissimilar = static_cast<long>(n) - similar;
  long min_difference = similar * dissimilar + 1;
  double threshold = 0;
  for (const double t : distances) {  // ascending
    long accepted = 0, rejected = 0;
    for (std::size_t i = 0; i < n; ++i) {
      accepted += distances[i] <= t && labels[i] == 0;
      rejected += distances[i] > t && labels[i] == 1;
    }
    const long difference = std::abs(accepted * similar - rejected * dissimilar);
    if (difference < min_difference) threshold = t;
    min_difference = std::min(min_difference, difference);
  }
  return threshold;
}

// The number of wrong results over all sequences of n labels. The distances ascend; if bit i of `tied` is set, distance
// i equals the one before it.
Index wrong_thresholds(std::size_t n, unsigned tied) {
  std::vector<double> distances(n);
  for (std::size_t i = 1; i < n; ++i) distances[i] = distances[i - 1] + ((tied >> i) & 1U ? 0 : 1);
  Index wrong = 0;
  std::vector<int> labels(n);
  for (unsigned bits = 1; bits + 1 < 1U << n; ++bits) {
    for (std::size_t i = 0; i < n; ++i) labels[i] = static_cast<int>((bits >> i) & 1U);
    wrong += Roc{distances, labels}.eer_threshold() != closest_by_counting(distances, labels);
  }
  return wrong;
}

}  // namespace

TEST_CASE("of two distances with the same |FAR - FRR|, eer_threshold is the smaller one", "[roc]") {
  CHECK(Roc{{0.0, 1.0, 2.0, 3.0, 4.0}, {1, 0, 0, 1, 0}}.eer_threshold() == 1);
  Index wrong = 0;
  for (std::size_t n = 2; n <= 12; ++n) wrong += wrong_thresholds(n, 0);
  CHECK(wrong == 0);
  for (std::size_t n = 2; n <= 8; ++n) {
    for (unsigned tied = 0; tied < 1U << n; tied += 2) wrong += wrong_thresholds(n, tied);
  }
  CHECK(wrong == 0);
}

TEST_CASE("midway does not change how the pairs are decided", "[roc]") {
  const Roc roc{{1.0, 2.0, 2.0, 5.0}, {1, 1, 0, 0}};
  CHECK(roc.midway(1) == 1.5);
  CHECK(roc.midway(1.9) == 1.5);
  CHECK(roc.midway(2) == 3.5);
  for (const RocPoint& point : roc.points()) {
    const double threshold = roc.midway(point.threshold);
    CHECK(roc.far(threshold) == point.far);
    CHECK(roc.frr(threshold) == point.frr);
  }
  CHECK(roc.midway(0) == -infinity);  // no pair is accepted
  CHECK(roc.midway(-infinity) == -infinity);
  CHECK(roc.midway(5) == 5);  // no pair is rejected
  CHECK(roc.midway(infinity) == 5);
  CHECK_THROWS_AS(roc.midway(not_a_number), ValueError);
}

TEST_CASE("threshold_at_far reaches a FAR of k / n exactly", "[roc]") {
  for (const int n : {3, 7, 10, 49, 100, 1000}) {
    std::vector<double> distances{0};
    std::vector<int> labels{1};
    for (int i = 1; i <= n; ++i) {
      distances.push_back(i);
      labels.push_back(0);
    }
    const Roc roc{distances, labels};
    Index wrong = 0;
    for (int k = 0; k <= n; ++k) wrong += roc.threshold_at_far(static_cast<double>(k) / n) != k;
    CHECK(wrong == 0);
  }
}

TEST_CASE("Roc accepts floats, Eigen vectors and spans", "[roc]") {
  const std::vector<float> d{0.5f, 0.25f, 1.0f, 0.75f};
  const Labels labels{0, 1, 0, 1};
  const Eigen::Map<const VectorX<float>> eigen(d.data(), 4);
  CHECK(Roc{d, labels}.auc() == 0.75);
  CHECK(Roc{eigen, labels}.auc() == 0.75);
  CHECK(Roc{VectorX<float>(eigen), labels}.auc() == 0.75);
  CHECK(Roc{std::span{d}, labels}.auc() == 0.75);
}

TEST_CASE("Roc rejects invalid distances, labels and arguments", "[roc]") {
  using Doubles = std::vector<double>;
  CHECK_THROWS_AS((Roc{Doubles{}, std::vector<int>{}}), ValueError);
  CHECK_THROWS_AS((Roc{{1.0, 2.0}, {1, 1}}), ValueError);
  CHECK_THROWS_AS((Roc{{1.0, 2.0}, {0, 0}}), ValueError);
  CHECK_THROWS_AS((Roc{{1.0, 2.0, 3.0}, {0, 1}}), ShapeError);
  for (const double bad : {not_a_number, infinity, -infinity}) {
    try {
      Roc roc{{1.0, 2.0, bad, bad}, {1, 0, 1, 0}};
      CHECK(false);
    } catch (const NonFiniteError& error) {
      CHECK(error.place().pair == 2);
    }
  }
  const Roc roc{{1.0, 2.0}, {1, 0}};
  CHECK_THROWS_AS(roc.threshold_at_far(-0.01), ValueError);
  CHECK_THROWS_AS(roc.threshold_at_far(1.01), ValueError);
  CHECK_THROWS_AS(roc.threshold_at_far(not_a_number), ValueError);
  CHECK_THROWS_AS(roc.far(not_a_number), ValueError);
}
