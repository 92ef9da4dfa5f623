#include "gemel/verification/calibration.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "catch.hpp"
#include "gemel/core/random.hpp"
#include "gemel/data/all_pairs.hpp"
#include "mentions.hpp"
#include "verification/stub_model.hpp"

using namespace gemel;

namespace {

// 2 n pairs of 3 features. The stub's distances are about 1 for similar and about 2 for dissimilar pairs.
Pairs<float> noisy_pairs(Index n, std::uint64_t seed) {
  Rng rng{seed};
  MatrixX<float> a = MatrixX<float>::Zero(3, 2 * n);
  MatrixX<float> b = MatrixX<float>::Zero(3, 2 * n);
  std::vector<int> labels;
  for (Index i = 0; i < 2 * n; ++i) {
    const bool similar = i % 2 == 0;
    b(1, i) = (similar ? 0.5f : 1.0f) + 0.15f * rng.normal<float>();
    labels.push_back(similar);
  }
  return {a, b, labels};
}

// The midpoint of a threshold found by Roc and the next larger distance.
double midway_from(const Roc& roc, double threshold) {
  for (const RocPoint& point : roc.points()) {
    if (point.threshold > threshold) return (threshold + point.threshold) / 2;
  }
  return threshold;
}

}  // namespace

TEST_CASE("calibrate keeps to the requested FAR", "[calibration]") {
  const Pairs<float> pairs = noisy_pairs(400, 1);
  const auto verifier = calibrate(StubModel{}, pairs, {.far = 0.05});
  const Calibration& calibration = verifier.calibration();
  const Roc roc{distances(StubModel{}, pairs), pairs.labels()};
  CHECK(midway_from(roc, roc.threshold_at_far(0.05)) == calibration.threshold);
  CHECK(calibration.far == 0.05);
  CHECK(calibration.frr == roc.frr(calibration.threshold));
  CHECK(calibration.interval.low == wilson_interval(20, 400).low);
  CHECK(calibration.interval.high == wilson_interval(20, 400).high);
  CHECK(mentions(calibration.method, "FAR of at most 0.05 on 400 similar and 400 dissimilar pairs"));
  CHECK(mentions(calibration.method, "95 %"));
  CHECK(mentions(calibration.method, "Wilson score, pairs assumed independent"));

  Index accepted = 0;
  for (Index i = 0; i < pairs.size(); ++i) {
    const ConstColumn<float> a(pairs.first(i), 3);
    const ConstColumn<float> b(pairs.second(i), 3);
    accepted += !pairs.similar(i) && verifier.same(a, b);
  }
  CHECK(accepted == 20);
}

TEST_CASE("calibrate sets the threshold at the EER", "[calibration]") {
  const Pairs<float> pairs = noisy_pairs(100, 2);
  const Calibration calibration = calibrate(StubModel{}, pairs, {.at_eer = true}).calibration();
  const Roc roc{distances(StubModel{}, pairs), pairs.labels()};
  CHECK(midway_from(roc, roc.eer_threshold()) == calibration.threshold);
  CHECK(std::abs(calibration.far - calibration.frr) <= 0.01);
  CHECK(std::abs(calibration.far - roc.eer()) <= 0.01);
  CHECK(mentions(calibration.method, "equal error rate"));
}

TEST_CASE("there is no threshold at the EER where all distances are equal", "[calibration]") {
  CHECK_THROWS_AS(calibrate({0.5, 0.5, 0.5, 0.5}, {1, 0, 0, 1}, {.at_eer = true}), ValueError);
}

TEST_CASE("calibrate bootstraps by the given identities", "[calibration]") {
  const Pairs<float> pairs = noisy_pairs(60, 3);
  CalibrationOptions options{.far = 0.1};
  for (Index i = 0; i < pairs.size(); ++i) {
    options.interval.identities.push_back({i % 7, pairs.similar(i) ? i % 7 : (i + 1) % 7});
  }
  const Calibration calibration = calibrate(StubModel{}, pairs, options).calibration();
  CHECK(mentions(calibration.method, "bootstrap by identity, 1000 replicates of 7 identities"));
  CHECK(calibration.interval.low < calibration.far);
  CHECK(calibration.far < calibration.interval.high);
}

TEST_CASE("calibrate bootstraps by the classes that the pairs know, unless identities are given", "[calibration]") {
  Rng rng{9};
  std::vector<int> labels;
  for (int i = 0; i < 24; ++i) labels.push_back(i % 6);
  const Classes classes{labels};
  MatrixX<float> x = 0.4F * normal<float>(3, 24, rng);
  for (Index i = 0; i < 24; ++i) x(0, i) += static_cast<float>(labels[static_cast<std::size_t>(i)]);
  const Pairs<float> pairs = all_pairs(Samples<float>{x}, classes);
  CalibrationOptions by_hand{.far = 0.1};
  for (Index i = 0; i < 24; ++i) {
    for (Index j = i + 1; j < 24; ++j) by_hand.interval.identities.push_back({classes.of(i), classes.of(j)});
  }
  const Calibration known = calibrate(StubModel{}, pairs, {.far = 0.1}).calibration();
  const Calibration given = calibrate(StubModel{}, pairs, by_hand).calibration();
  CHECK(mentions(known.method, "bootstrap by identity, 1000 replicates of 6 identities"));
  CHECK(known.interval.low == given.interval.low);
  CHECK(known.interval.high == given.interval.high);
  CHECK(known.interval.low < known.interval.high);

  for (PairIdentity& pair : by_hand.interval.identities) pair = {pair.first == pair.second ? 0 : 1, 0};
  CHECK(mentions(calibrate(StubModel{}, pairs, by_hand).calibration().method, "Wilson"));  // only two identities
}

TEST_CASE("calibrate takes distances", "[calibration]") {
  const Calibration calibration = calibrate({1.0, 2.0, 3.0, 4.0}, {1, 0, 1, 0}, {.far = 0.5});
  CHECK(calibration.threshold == 3.5);
  CHECK(calibration.far == 0.5);
  CHECK(calibration.frr == 0);
}

TEST_CASE("the threshold lies midway between the last accepted distance and the first refused one", "[calibration]") {
  const auto threshold = [](double accepted, double refused) {
    const Calibration calibration = calibrate({accepted, refused}, {1, 0}, {.at_eer = true});
    CHECK(calibration.far == 0);
    CHECK(calibration.frr == 0);
    return calibration.threshold;
  };
  CHECK(threshold(0.5, 1.5) == 1);
  CHECK(threshold(0, 0x1p-1074) == 0);  // no double lies between
  CHECK(threshold(1, 1 + 0x1p-52) == 1);
  CHECK(threshold(1 + 0x1p-52, 1 + 0x1p-51) == 1 + 0x1p-52);  // the midpoint rounds to the refused distance
  CHECK(threshold(1.5e308, 1.7e308) == 1.6e308);
  CHECK(threshold(-1.5e308, 1.5e308) == 0);
  const float next = std::nextafter(1.0f, 2.0f);
  CHECK(calibrate(std::vector<float>{1, next}, {1, 0}, {.at_eer = true}).threshold == 1 + 0x1p-24);
}

TEST_CASE("new pairs of the same kind are refused no more often than the calibration says", "[calibration]") {
  // Similar distances within [0, 1], dissimilar ones within [3, 4]: any threshold between decides all of them
  // correctly.
  Rng rng{GENERATE(6u, 7u, 8u)};
  std::vector<double> distances;
  std::vector<int> labels;
  for (int i = 0; i < 400; ++i) {
    labels.push_back(i % 2);
    distances.push_back(rng.uniform<double>() + (i % 2 ? 0 : 3));
  }
  const std::vector<double> seen(distances.begin(), distances.begin() + 40);
  const double threshold =
      calibrate(seen, std::vector(labels.begin(), labels.begin() + 40), {.at_eer = true}).threshold;
  const Roc all{distances, labels};
  CHECK(all.frr(threshold) == 0);
  CHECK(all.far(threshold) == 0);
}

TEST_CASE("where similar pairs are farther apart, calibrate gives this reason and no other", "[calibration]") {
  const auto refused = [](const std::vector<double>& distances, const Labels& labels,
                          const CalibrationOptions& options) {
    try {
      calibrate(distances, labels, options);
      return std::string("no error");
    } catch (const ValueError& error) {
      return std::string(error.what());
    }
  };
  const std::vector<double> d{0.8, 0.9, 0.1, 0.2};
  const Labels reversed{1, 1, 0, 0};
  for (const std::string& text : {refused(d, reversed, {.at_eer = true}), refused(d, reversed, {.far = 0.5}),
                                  // a threshold exists but is useless: the AUC is 1/4
                                  refused({0.5, 0.95, 0.1, 0.9}, reversed, {.at_eer = true}),
                                  refused({0.25, 0.8, 0.2, 0.3}, reversed, {.far = 0.5})}) {
    CAPTURE(text);
    CHECK(mentions(text, "similar pairs are farther apart than dissimilar ones (AUC "));
    CHECK(mentions(text, "OneIsDissimilar"));
    CHECK_FALSE(mentions(text, "all distances are equal"));
  }
  CHECK(mentions(refused({0.5, 0.5, 0.5, 0.5}, reversed, {.at_eer = true}), "all distances are equal"));
  CHECK(calibrate(d, Labels({1, 1, 0, 0}, OneIsDissimilar), {.at_eer = true}).frr == 0);
}

TEST_CASE("a FAR that the pairs cannot show is refused", "[calibration]") {
  CHECK(dissimilar_pairs_needed(0.01) == 100);
  CHECK(dissimilar_pairs_needed(0.001) == 1000);
  CHECK(dissimilar_pairs_needed(0.3) == 4);
  CHECK(dissimilar_pairs_needed(1.0 / 49) == 49);
  for (int n = 2; n < 2000; ++n) CHECK(dissimilar_pairs_needed(1.0 / n) == n);
  // Just below 1 / n, one accepted pair of n is too many, as Roc finds; it takes one pair more.
  CHECK(dissimilar_pairs_needed(std::nextafter(0.1, 0)) == 11);
  CHECK(dissimilar_pairs_needed(std::nextafter(0.1, 1)) == 10);
  CHECK(dissimilar_pairs_needed(std::nextafter(1.0, 0)) == 2);
  CHECK(dissimilar_pairs_needed(5e-324) == Index{1} << 62);
  try {
    calibrate(StubModel{}, noisy_pairs(50, 4), {.far = 0.001});
    CHECK(false);
  } catch (const ValueError& error) {
    CHECK(mentions(error.what(), "at least 1000 dissimilar pairs"));
    CHECK(mentions(error.what(), "there are 50"));
  }
  CHECK(calibrate(StubModel{}, noisy_pairs(50, 4), {.far = 0.02}).calibration().far <= 0.02);
}

TEST_CASE("calibrate refuses bad options and pairs", "[calibration]") {
  const Pairs<float> pairs = noisy_pairs(50, 5);
  for (const double far : {0.0, 1.0, -0.1, 2.0, std::numeric_limits<double>::quiet_NaN()}) {
    CAPTURE(far);
    CHECK_THROWS_AS(calibrate(StubModel{}, pairs, {.far = far}), ValueError);
  }
  CHECK_THROWS_AS(calibrate(StubModel{}, pairs, {.far = 0.1, .interval = {.confidence = 2}}), ValueError);
  CHECK_THROWS_AS(calibrate(StubModel{}, pairs, {.far = 0.1, .interval = {.identities = {{1, 2}}}}), ValueError);
  CHECK_THROWS_AS(calibrate(StubModel{.features = 4}, pairs, {.far = 0.1}), ShapeError);
  CHECK_THROWS_AS(calibrate({1.0, 2.0}, {1, 1}), ValueError);
  CHECK_THROWS_AS(calibrate(std::vector<double>{}, Labels{}), ValueError);
  CHECK_THROWS_AS(calibrate({1.0, std::nan("")}, {1, 0}, {.far = 0.9}), NonFiniteError);
  // A collapsed model: all distances are equal.
  CHECK_THROWS_AS(calibrate(StubModel{.scale = 0}, pairs, {.far = 0.1}), ValueError);
}

TEST_CASE("calibrate sets the threshold at the best accuracy, midway", "[calibration]") {
  const Pairs<float> pairs = noisy_pairs(100, 12);
  const Calibration calibration = calibrate(StubModel{}, pairs, {.at_best_accuracy = true}).calibration();
  const Roc roc{distances(StubModel{}, pairs), pairs.labels()};
  CHECK(calibration.threshold == midway_from(roc, roc.best_threshold()));
  CHECK(roc.accuracy(calibration.threshold) == roc.best_accuracy());
  CHECK(calibration.frr == roc.frr(calibration.threshold));
  CHECK(mentions(calibration.method, "threshold at the best accuracy on 100 similar and 100 dissimilar pairs; 95 %"));
  // Unlike at the EER, accepting a dissimilar pair costs less than rejecting the similar pairs beyond it.
  const std::vector<double> d{1, 2, 3, 4, 5, 6};
  const Labels labels{1, 0, 1, 1, 1, 0};
  CHECK(calibrate(d, labels, {.at_best_accuracy = true}).threshold == 5.5);
  CHECK(calibrate(d, labels, {.at_eer = true}).threshold == 3.5);
  CHECK_THROWS_AS(calibrate(d, labels, {.at_eer = true, .at_best_accuracy = true}), ValueError);
}

TEST_CASE("where distances allow no threshold, calibrate refuses, or accepts nothing where that is requested",
          "[calibration]") {
  struct Case {
    std::vector<double> distances;
    Labels labels;
    CalibrationOptions options;
    std::string reason;
  };
  const std::vector<Case> cases{
      {{0.1, 0.1, 0.2, 0.9, 0.9, 0.9, 0.9},
       {0, 0, 1, 0, 0, 0, 0},
       {.far = 0.3},
       "the closest of all pairs are dissimilar"},
      {{0.1, 0.1, 0.1, 0.9, 0.9, 0.9},
       {1, 0, 0, 0, 0, 0},
       {.far = 0.3},
       "the smallest distance is that of similar and dissimilar pairs"},
      {{0.1, 0.1, 0.1, 0.1}, {1, 0, 1, 0}, {.far = 0.5}, "all distances are equal"},
      {{0.1, 0.1, 0.1, 0.1}, {1, 0, 1, 0}, {.at_eer = true}, "threshold at the equal error rate"},
      {{0.1, 0.2, 0.3, 0.4}, {0, 1, 0, 0}, {.at_best_accuracy = true}, "to accept nothing is most often right"},
      {{0.8, 0.9, 0.1, 0.2}, {1, 1, 0, 0}, {.far = 0.5}, "similar pairs are farther apart than dissimilar ones"},
      {{0.8, 0.9, 0.1, 0.2}, {1, 1, 0, 0}, {.at_eer = true}, "similar pairs are farther apart than dissimilar ones"},
      {{0.8, 0.9, 0.1, 0.2}, {1, 1, 0, 0}, {.at_best_accuracy = true}, "similar pairs are farther apart"},
  };
  for (Case with : cases) {
    CAPTURE(with.reason);
    try {
      calibrate(with.distances, with.labels, with.options);
      FAIL("it was not refused");
    } catch (const ValueError& error) {
      CHECK(mentions(error.what(), with.reason));
    }
    with.options.or_accept_nothing = true;
    const Calibration calibration = calibrate(with.distances, with.labels, with.options);
    CHECK(calibration.threshold == -std::numeric_limits<double>::infinity());
    CHECK(calibration.far == 0);
    CHECK(calibration.frr == 1);
    CHECK(calibration.interval.low == 0);
    CHECK(calibration.interval.high == 0);
    CHECK(mentions(calibration.method, ", nothing is accepted on "));
    CHECK(mentions(calibration.method, with.reason));
  }
  // A threshold that exists is used.
  const std::vector<double> d{0.1, 0.2, 0.3, 0.4};
  CHECK(calibrate(d, {1, 1, 0, 0}, {.at_eer = true, .or_accept_nothing = true}).threshold == std::midpoint(0.2, 0.3));
  // Wrong options and too few pairs are refused even so.
  const Labels reversed{0, 0, 1, 1};
  CHECK_THROWS_AS(calibrate(d, reversed, {.far = 2, .or_accept_nothing = true}), ValueError);
  CHECK_THROWS_AS(calibrate(d, reversed, {.or_accept_nothing = true, .interval = {.confidence = 2}}), ValueError);
  CHECK_THROWS_AS(calibrate(d, {1, 1, 0, 0}, {.far = 0.1, .or_accept_nothing = true}), ValueError);
  CHECK_THROWS_AS(calibrate(d, {1, 1, 1, 1}, {.or_accept_nothing = true}), ValueError);

  // A collapsed model's Verifier.
  const auto verifier = calibrate(StubModel{.scale = 0}, noisy_pairs(50, 5), {.far = 0.1, .or_accept_nothing = true});
  const VectorX<float> x{{1, 0, 0}};
  CHECK_FALSE(verifier.same(x, x));
}
