#include "gemel/verification/calibration.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "catch.hpp"
#include "error_text.hpp"
#include "gemel/core/random.hpp"
#include "gemel/data/all_pairs.hpp"
#include "mentions.hpp"
#include "verification/stub_model.hpp"

using namespace gemel;

namespace {

// 2 * n pairs of 3 features. StubModel's distances are about 1 for similar and about 2 for dissimilar pairs.
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

// The midpoint of a distance and the next larger distance of the curve.
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

TEST_CASE("there is no threshold at the EER if all distances are equal", "[calibration]") {
  CHECK_THROWS_AS(calibrate({0.5, 0.5, 0.5, 0.5}, {1, 0, 0, 1}, {.at_eer = true}), ValueError);
}

TEST_CASE("calibrate uses the given identities for a bootstrap by identity", "[calibration]") {
  const Pairs<float> pairs = noisy_pairs(60, 3);
  CalibrationOptions options{.far = 0.1};
  for (Index i = 0; i < pairs.size(); ++i) {
    options.interval.identities.push_back({i % 12, pairs.similar(i) ? i % 12 : (i + 1) % 12});
  }
  const Calibration calibration = calibrate(StubModel{}, pairs, options).calibration();
  CHECK(mentions(calibration.method, "bootstrap by identity, 1000 replicates of 12 identities"));
  CHECK(calibration.interval.low < calibration.far);
  CHECK(calibration.far < calibration.interval.high);
}

TEST_CASE("calibrate uses the classes that the pairs know, unless identities are given", "[calibration]") {
  Rng rng{9};
  std::vector<int> labels;
  for (int i = 0; i < 24; ++i) labels.push_back(i % 6);
  const Classes classes{labels};
  MatrixX<float> x = 0.4F * normal<float>(3, 24, rng);
  for (Index i = 0; i < 24; ++i) x(0, i) += static_cast<float>(labels[static_cast<std::size_t>(i)]);
  const Pairs<float> pairs = all_pairs(Samples<float>{x}, classes);
  CalibrationOptions with_identities{.far = 0.1};
  for (Index i = 0; i < 24; ++i) {
    for (Index j = i + 1; j < 24; ++j) with_identities.interval.identities.push_back({classes.of(i), classes.of(j)});
  }
  const Calibration known = calibrate(StubModel{}, pairs, {.far = 0.1}).calibration();
  const Calibration given = calibrate(StubModel{}, pairs, with_identities).calibration();
  CHECK(mentions(known.method, "jackknife by identity, of 6 identities"));
  CHECK(known.interval.low == given.interval.low);
  CHECK(known.interval.high == given.interval.high);
  CHECK(known.interval.low < known.interval.high);

  for (PairIdentity& pair : with_identities.interval.identities) pair = {pair.first == pair.second ? 0 : 1, 0};
  CHECK(
      mentions(calibrate(StubModel{}, pairs, with_identities).calibration().method, "Wilson"));  // only two identities
}

TEST_CASE("calibrate accepts distances", "[calibration]") {
  const Calibration calibration = calibrate({1.0, 2.0, 3.0, 4.0}, {1, 0, 1, 0}, {.far = 0.5});
  CHECK(calibration.threshold == 3.5);
  CHECK(calibration.far == 0.5);
  CHECK(calibration.frr == 0);
}

TEST_CASE("the threshold is midway between the largest accepted and the smallest rejected distance", "[calibration]") {
  const auto threshold = [](double accepted, double rejected) {
    const Calibration calibration = calibrate({accepted, rejected}, {1, 0}, {.at_eer = true});
    CHECK(calibration.far == 0);
    CHECK(calibration.frr == 0);
    return calibration.threshold;
  };
  CHECK(threshold(0.5, 1.5) == 1);
  CHECK(threshold(0, 0x1p-1074) == 0);  // there is no double between the two
  CHECK(threshold(1, 1 + 0x1p-52) == 1);
  CHECK(threshold(1 + 0x1p-52, 1 + 0x1p-51) == 1 + 0x1p-52);  // the midpoint rounds to the rejected distance
  CHECK(threshold(1.5e308, 1.7e308) == 1.6e308);
  CHECK(threshold(-1.5e308, 1.5e308) == 0);
  const float next = std::nextafter(1.0f, 2.0f);
  CHECK(calibrate(std::vector<float>{1, next}, {1, 0}, {.at_eer = true}).threshold == 1 + 0x1p-24);
}

TEST_CASE("a threshold from 40 separable pairs also decides 360 later pairs correctly", "[calibration]") {
  // Similar pairs have distances in [0, 1) and dissimilar ones in [3, 4), so that every threshold between decides all
  // of them correctly.
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

TEST_CASE("if similar pairs are farther apart, calibrate gives this reason and no other", "[calibration]") {
  const auto error_of = [](const std::vector<double>& distances, const Labels& labels,
                           const CalibrationOptions& options) {
    return error_text<ValueError>([&] { calibrate(distances, labels, options); });
  };
  const std::vector<double> d{0.8, 0.9, 0.1, 0.2};
  const Labels reversed{1, 1, 0, 0};
  for (const std::string& text : {error_of(d, reversed, {.at_eer = true}), error_of(d, reversed, {.far = 0.5}),
                                  // a threshold exists, but the AUC is 1/4
                                  error_of({0.5, 0.95, 0.1, 0.9}, reversed, {.at_eer = true}),
                                  error_of({0.25, 0.8, 0.2, 0.3}, reversed, {.far = 0.5})}) {
    CAPTURE(text);
    CHECK(mentions(text, "similar pairs are farther apart than dissimilar ones (AUC "));
    CHECK(mentions(text, "OneIsDissimilar"));
    CHECK_FALSE(mentions(text, "all distances are equal"));
  }
  CHECK(mentions(error_of({0.5, 0.5, 0.5, 0.5}, reversed, {.at_eer = true}), "all distances are equal"));
  CHECK(calibrate(d, Labels({1, 1, 0, 0}, OneIsDissimilar), {.at_eer = true}).frr == 0);
}

TEST_CASE("calibrate rejects too few dissimilar pairs for a FAR", "[calibration]") {
  CHECK(dissimilar_pairs_needed(0.01) == 100);
  CHECK(dissimilar_pairs_needed(0.001) == 1000);
  CHECK(dissimilar_pairs_needed(0.3) == 4);
  CHECK(dissimilar_pairs_needed(1.0 / 49) == 49);
  for (int n = 2; n < 2000; ++n) CHECK(dissimilar_pairs_needed(1.0 / n) == n);
  // For a FAR just below 1 / n, one accepted pair of n is too many, so that n + 1 pairs are needed.
  CHECK(dissimilar_pairs_needed(std::nextafter(0.1, 0)) == 11);
  CHECK(dissimilar_pairs_needed(std::nextafter(0.1, 1)) == 10);
  CHECK(dissimilar_pairs_needed(std::nextafter(1.0, 0)) == 2);
  CHECK(dissimilar_pairs_needed(5e-324) == Index{1} << 62);
  const std::string text = error_text<ValueError>([] { calibrate(StubModel{}, noisy_pairs(50, 4), {.far = 0.001}); });
  CHECK(mentions(text, "at least 1000 dissimilar pairs"));
  CHECK(mentions(text, "there are 50"));
  CHECK(calibrate(StubModel{}, noisy_pairs(50, 4), {.far = 0.02}).calibration().far <= 0.02);
}

TEST_CASE("calibrate rejects invalid options and pairs", "[calibration]") {
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
  // The distances of a collapsed model are all equal.
  CHECK_THROWS_AS(calibrate(StubModel{.scale = 0}, pairs, {.far = 0.1}), ValueError);
}

TEST_CASE("calibrate sets the threshold midway at the best accuracy", "[calibration]") {
  const Pairs<float> pairs = noisy_pairs(100, 12);
  const Calibration calibration = calibrate(StubModel{}, pairs, {.at_best_accuracy = true}).calibration();
  const Roc roc{distances(StubModel{}, pairs), pairs.labels()};
  CHECK(calibration.threshold == midway_from(roc, roc.best_threshold()));
  CHECK(roc.accuracy(calibration.threshold) == roc.best_accuracy());
  CHECK(calibration.frr == roc.frr(calibration.threshold));
  CHECK(mentions(calibration.method, "threshold at the best accuracy on 100 similar and 100 dissimilar pairs; 95 %"));
  // At the best accuracy, unlike at the EER, a dissimilar pair is accepted so that two similar pairs farther apart are
  // too.
  const std::vector<double> d{1, 2, 3, 4, 5, 6};
  const Labels labels{1, 0, 1, 1, 1, 0};
  CHECK(calibrate(d, labels, {.at_best_accuracy = true}).threshold == 5.5);
  CHECK(calibrate(d, labels, {.at_eer = true}).threshold == 3.5);
  CHECK_THROWS_AS(calibrate(d, labels, {.at_eer = true, .at_best_accuracy = true}), ValueError);
}

TEST_CASE("if no threshold is of use, calibrate throws, or rejects every pair if or_accept_nothing is set",
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
      {{0.1, 0.2, 0.3, 0.4}, {0, 1, 0, 0}, {.at_best_accuracy = true}, "rejecting every pair is the most accurate"},
      {{0.8, 0.9, 0.1, 0.2}, {1, 1, 0, 0}, {.far = 0.5}, "similar pairs are farther apart than dissimilar ones"},
      {{0.8, 0.9, 0.1, 0.2}, {1, 1, 0, 0}, {.at_eer = true}, "similar pairs are farther apart than dissimilar ones"},
      {{0.8, 0.9, 0.1, 0.2}, {1, 1, 0, 0}, {.at_best_accuracy = true}, "similar pairs are farther apart"},
  };
  for (Case with : cases) {
    CAPTURE(with.reason);
    CHECK(mentions(error_text<ValueError>([&] { calibrate(with.distances, with.labels, with.options); }), with.reason));
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
  // or_accept_nothing does not change a threshold that is of use.
  const std::vector<double> d{0.1, 0.2, 0.3, 0.4};
  CHECK(calibrate(d, {1, 1, 0, 0}, {.at_eer = true, .or_accept_nothing = true}).threshold == std::midpoint(0.2, 0.3));
  // Invalid options and too few pairs are rejected also with or_accept_nothing.
  const Labels reversed{0, 0, 1, 1};
  CHECK_THROWS_AS(calibrate(d, reversed, {.far = 2, .or_accept_nothing = true}), ValueError);
  CHECK_THROWS_AS(calibrate(d, reversed, {.or_accept_nothing = true, .interval = {.confidence = 2}}), ValueError);
  CHECK_THROWS_AS(calibrate(d, {1, 1, 0, 0}, {.far = 0.1, .or_accept_nothing = true}), ValueError);
  CHECK_THROWS_AS(calibrate(d, {1, 1, 1, 1}, {.or_accept_nothing = true}), ValueError);

  // A Verifier with a collapsed model rejects every pair.
  const auto verifier = calibrate(StubModel{.scale = 0}, noisy_pairs(50, 5), {.far = 0.1, .or_accept_nothing = true});
  const VectorX<float> x{{1, 0, 0}};
  CHECK_FALSE(verifier.same(x, x));
}
