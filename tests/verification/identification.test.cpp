#include "gemel/verification/identification.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "catch.hpp"
#include "error_text.hpp"
#include "gemel/core/random.hpp"
#include "gemel/core/stop.hpp"
#include "gemel/data/samples.hpp"
#include "gemel/verification/gallery.hpp"
#include "gemel/verification/raw_samples.hpp"
#include "mentions.hpp"

using namespace gemel;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// Trials of strangers, of whom each is another person and compared with every enrolled person. Column i of the scores
/// is stranger i, and row p is person p.
Trials strangers(const MatrixX<double>& scores) {
  Trials trials;
  for (Index i = 0; i < scores.cols(); ++i) {
    for (Index p = 0; p < scores.rows(); ++p) {
      trials.scores.push_back(scores(p, i));
      trials.identities.push_back({p, scores.rows() + i});
      trials.samples.push_back(i);
    }
  }
  trials.labels = Labels{std::vector<std::uint8_t>(trials.scores.size(), 0)};
  return trials;
}

/// The FPIR of a gallery of `size` of the persons at a threshold, by all choices of them.
double fpir_by_choices(const MatrixX<double>& scores, Index size, double threshold) {
  double choices = 0, matches = 0;
  for (unsigned chosen = 0; chosen < 1u << scores.rows(); ++chosen) {
    if (std::popcount(chosen) != size) continue;
    for (Index i = 0; i < scores.cols(); ++i, ++choices) {
      bool match = false;
      for (Index p = 0; p < scores.rows(); ++p) match = match || ((chosen >> p & 1) && scores(p, i) <= threshold);
      matches += match;
    }
  }
  return matches / choices;
}

SizeThreshold entry(Index size, double threshold, double fpir = 0.01, Interval interval = {}) {
  return {size, threshold, fpir, interval};
}

}  // namespace

TEST_CASE("thresholds for identification are the largest ones with the FPIR, by all choices of persons",
          "[identification]") {
  Rng rng{1};
  for (int round = 0; round < 5; ++round) {
    MatrixX<double> scores = uniform<double>(7, 20, rng);
    if (round == 4) scores = (scores * 12).array().floor();  // equal scores
    for (const double most : {0.05, 0.2, 0.4}) {
      const auto found = calibrate_identification(strangers(scores), {.fpir = most, .interval = {.replicates = 40}});
      std::vector<Index> sizes;
      for (const SizeThreshold& of : found.sizes()) {
        sizes.push_back(of.size);
        CAPTURE(round, most, of.size, of.threshold);
        CHECK(std::abs(of.fpir - (std::isinf(of.threshold) ? 0 : fpir_by_choices(scores, of.size, of.threshold))) <
              1e-12);
        CHECK(of.fpir <= most);
        double next = infinity;  // the smallest score that is rejected
        for (const double score : scores.reshaped()) {
          if (score > of.threshold) next = std::min(next, score);
        }
        CHECK(fpir_by_choices(scores, of.size, next) > most + 1e-12);
        // The threshold lies midway between scores, so that it decides scores alike that rounding may change.
        double accepted = -infinity;
        for (const double score : scores.reshaped()) {
          if (score <= of.threshold) accepted = std::max(accepted, score);
        }
        CHECK((of.threshold == -infinity || of.threshold == (accepted + next) / 2));
      }
      CHECK(sizes == std::vector<Index>{1, 2, 3, 5, 7});
      CHECK(found.fpir() == most);
    }
  }
}

TEST_CASE("a gallery's size takes the threshold for the next larger size", "[identification]") {
  const IdentificationCalibration some{0.01, {entry(1, 5), entry(3, 4), entry(10, 4)}, "by hand"};
  CHECK(some.at(0).threshold == 5);
  CHECK(some.at(1).threshold == 5);
  CHECK(some.at(2).threshold == 4);
  CHECK(some.at(2).size == 3);
  CHECK(some.at(10).size == 10);
  CHECK(some);
  CHECK(some.method() == "by hand");
  CHECK(mentions(error_text<ValueError>([&] { some.at(11); }),
                 "is calibrated for galleries of at most 10 persons, but this one has 11"));
  const IdentificationCalibration none;
  CHECK_FALSE(none);
  CHECK(mentions(error_text<ValueError>([&] { none.at(1); }), "the identification is not calibrated"));
}

TEST_CASE("thresholds for identification must make sense", "[identification]") {
  const double nan = std::nan("");
  const auto refused = [](double fpir, const std::vector<SizeThreshold>& sizes) {
    return error_text<ValueError>([&] { IdentificationCalibration{fpir, sizes, ""}; });
  };
  CHECK(refused(0.01, {entry(1, -infinity), entry(2, -infinity)}) == "no error");
  CHECK(refused(0.01, {entry(1, 0.5, 0, {.low = nan, .high = nan})}) == "no error");
  CHECK(mentions(refused(nan, {}), "rate of nan is not in [0, 1]"));
  CHECK(mentions(refused(1.5, {}), "rate of 1.5"));
  CHECK(mentions(refused(0.01, {entry(0, 1)}), "the gallery's size 0 follows 0"));
  CHECK(mentions(refused(0.01, {entry(3, 1), entry(3, 1)}), "size 3 follows 3"));
  CHECK(mentions(refused(0.01, {entry(1, nan)}), "the threshold nan for a gallery of 1"));
  CHECK(mentions(refused(0.01, {entry(1, infinity)}), "the threshold inf"));
  CHECK(mentions(refused(0.01, {entry(1, 1), entry(2, 1.5)}), "larger than that of a smaller gallery"));
  CHECK(mentions(refused(0.01, {entry(1, 1), entry(2, nan)}), "the threshold nan for a gallery of 2"));
  CHECK(mentions(refused(0.01, {entry(1, 1, 1.5)}), "a rate for a gallery of 1"));
  CHECK(mentions(refused(0.01, {entry(1, 1, 0.5, {.low = -1, .high = 1})}), "a rate for a gallery of 1"));
  CHECK(mentions(refused(0.01, {entry(1, 1, 0.5, {.low = 0, .high = 2})}), "a rate for a gallery of 1"));
}

TEST_CASE("thresholds are set for sizes up to the number of persons, or the largest that is asked for",
          "[identification]") {
  Rng rng{2};
  const Trials trials = strangers(uniform<double>(40, 20, rng));
  const auto sizes = [&trials](Index largest) {
    std::vector<Index> list;
    const auto found =
        calibrate_identification(trials, {.fpir = 0.1, .largest = largest, .interval = {.replicates = 40}});
    for (const SizeThreshold& of : found.sizes()) list.push_back(of.size);
    return list;
  };
  CHECK(sizes(1000) == std::vector<Index>{1, 2, 3, 5, 7, 10, 15, 20, 30, 40});
  CHECK(sizes(30) == std::vector<Index>{1, 2, 3, 5, 7, 10, 15, 20, 30});
  CHECK(sizes(4) == std::vector<Index>{1, 2, 3, 4});
  CHECK(sizes(1) == std::vector<Index>{1});

  // One stranger who was compared with fewer persons limits the sizes.
  Trials fewer = trials;
  for (std::size_t i = 0; i < 35; ++i) fewer.samples[i] = 77;
  for (std::size_t i = 35; i < 40; ++i) fewer.samples[i] = 78;
  const auto found = calibrate_identification(fewer, {.fpir = 0.1, .interval = {.replicates = 40}});
  CHECK(found.sizes().back().size == 5);
  CHECK(mentions(found.method(), "on 21 strangers, each against 5 or more persons"));
}

TEST_CASE("genuine trials do not count for identification", "[identification]") {
  Rng rng{3};
  Trials trials = strangers(uniform<double>(10, 30, rng));
  const IdentificationOptions options{.fpir = 0.1, .interval = {.replicates = 40}};
  const auto before = calibrate_identification(trials, options);
  std::vector<std::uint8_t> labels(trials.scores.size(), 0);
  for (Index p = 0; p < 10; ++p) {
    trials.scores.push_back(0.001);
    trials.identities.push_back({p, p});
    trials.samples.push_back(p);
    labels.push_back(1);
  }
  trials.labels = Labels{labels};
  const auto after = calibrate_identification(trials, options);
  REQUIRE(after.sizes().size() == before.sizes().size());
  for (std::size_t i = 0; i < before.sizes().size(); ++i) {
    CHECK(after.sizes()[i].threshold == before.sizes()[i].threshold);
    CHECK(after.sizes()[i].interval.high == before.sizes()[i].interval.high);
  }
}

TEST_CASE("trials that cannot calibrate identification are refused", "[identification]") {
  Rng rng{4};
  const Trials good = strangers(uniform<double>(5, 20, rng));
  const auto refused = [&](const auto& change, const IdentificationOptions& options) {
    Trials trials = good;
    change(trials);
    return error_text([&] { calibrate_identification(trials, options); });
  };
  const auto nothing = [](Trials&) {};
  CHECK(refused(nothing, {.fpir = 0.05}) == "no error");
  CHECK(mentions(refused(nothing, {.fpir = 0.049}), "need at least 21 strangers, but the trials have 20"));
  CHECK(mentions(refused(nothing, {.fpir = 0}), "but 0 was"));
  CHECK(mentions(refused(nothing, {.fpir = std::nan("")}), "but nan was"));
  CHECK(mentions(refused(nothing, {.fpir = 0.1, .largest = 0}), "the largest gallery is 0"));
  CHECK(mentions(refused(nothing, {.fpir = 0.1, .interval = {.replicates = 3}}), "replicates"));
  CHECK(mentions(refused([](Trials& t) { t.samples.pop_back(); }, {.fpir = 0.1}), "100 identities and 99 samples"));
  CHECK(mentions(refused([](Trials& t) { t.scores.pop_back(); }, {.fpir = 0.1}), "99 scores, 100 labels"));
  CHECK(mentions(refused([](Trials& t) { t.identities.pop_back(); }, {.fpir = 0.1}), "99 identities"));
  CHECK(mentions(refused([](Trials& t) { t.scores[7] = std::nan(""); }, {.fpir = 0.1}), "pair 7"));
  CHECK(mentions(refused([](Trials& t) { t = {}; }, {.fpir = 0.1}), "there is no impostor's trial"));
  CHECK(mentions(refused([](Trials& t) { t.labels = Labels{std::vector<std::uint8_t>(100, 1)}; }, {.fpir = 0.1}),
                 "there is no impostor's trial"));
  CHECK(mentions(refused([](Trials& t) { t.identities[7] = t.identities[6]; }, {.fpir = 0.1}),
                 "sample 1: the probe is compared more than once with person 1"));
}

TEST_CASE("if strangers match even the strictest, everyone is unknown", "[identification]") {
  const auto found =
      calibrate_identification(strangers(MatrixX<double>::Zero(3, 20)), {.fpir = 0.1, .interval = {.replicates = 40}});
  for (const SizeThreshold& of : found.sizes()) {
    CHECK(of.threshold == -infinity);
    CHECK(of.fpir == 0);
    CHECK(of.interval.low == 0);
    CHECK(of.interval.high > 0);
  }
}

TEST_CASE("a stop flag ends the bootstrap of identification", "[identification]") {
  Rng rng{5};
  StopFlag stop{true};
  const auto found = calibrate_identification(strangers(uniform<double>(5, 20, rng)),
                                              {.fpir = 0.1, .interval = {.replicates = 100000, .stop = &stop}});
  CHECK(std::isnan(found.sizes().front().interval.high));
  CHECK(found.sizes().front().interval.method == "none: the resampling was stopped");
}

namespace {

/// Persons and strangers at random places on a circle of circumference 1; the score is the distance on the circle,
/// divided by 1 or 8: every fifth person is much more easily mistaken. So the FPIR is known.
Trials on_a_circle(Index persons, Index of_strangers, Rng& rng) {
  MatrixX<double> scores(persons, of_strangers);
  const MatrixX<double> places = uniform<double>(persons, 1, rng);
  for (Index i = 0; i < of_strangers; ++i) {
    const auto stranger = rng.uniform<double>();
    for (Index p = 0; p < persons; ++p) {
      const double apart = std::abs(places(p) - stranger);
      scores(p, i) = std::min(apart, 1 - apart) / (p % 5 == 0 ? 8 : 1);
    }
  }
  return strangers(scores);
}
double fpir_on_the_circle(Index size, double threshold) {
  const double far = 0.8 * std::min(1.0, 2 * threshold) + 0.2 * std::min(1.0, 16 * threshold);
  return 1 - std::pow(1 - far, static_cast<double>(size));
}

}  // namespace

TEST_CASE("intervals of the FPIR cover the rate of other strangers and persons", "[identification]") {
  Rng rng{6};
  int covered[3] = {};
  constexpr int rounds = 60;
  for (int round = 0; round < rounds; ++round) {
    const auto found =
        calibrate_identification(on_a_circle(60, 120, rng), {.fpir = 0.05, .interval = {.replicates = 100}});
    int* count = covered;
    for (const Index size : {1, 10, 60}) {
      const SizeThreshold& of = found.at(size);
      const double truth = fpir_on_the_circle(size, of.threshold);
      *count++ += of.interval.low <= truth && truth <= of.interval.high;
      CHECK(of.interval.low <= of.fpir);
      CHECK(of.fpir <= of.interval.high);
    }
  }
  for (const int count : covered) {
    CAPTURE(covered[0], covered[1], covered[2]);
    CHECK(count >= 0.9 * rounds);  // 95 % promised
  }
}

TEST_CASE("galleries of 10, 100 and 1,000 persons mistake strangers as often as calibrated", "[identification]") {
  Rng rng{7};
  constexpr Index features = 6, persons = 1000, of_strangers = 1000;
  const ClaimVerifier verifier{RawSamples<float>{features}, CentroidScore{}};
  std::vector<Template<float>> templates;
  for (Index p = 0; p < persons; ++p) templates.push_back(verifier.enrol(normal<float>(features, 2, rng)));
  std::vector<Claim> all;
  for (Index i = 0; i < of_strangers; ++i) {
    for (Index p = 0; p < persons; ++p) all.push_back({i, p, false, persons + i});
  }
  const MatrixX<float> probes = normal<float>(features, of_strangers, rng);
  const auto calibration = calibrate_identification(claims(verifier, templates, Samples<float>{probes}, all),
                                                    {.fpir = 0.02, .interval = {.replicates = 100}});

  // Other strangers and other persons: several galleries of each size, because galleries of few persons differ.
  for (const Index size : {10, 100, 1000}) {
    Index asked = 0, mistaken = 0;
    for (Index g = 0; g < 1 + 200 / size; ++g) {
      Gallery gallery{verifier, calibration};
      for (Index p = 0; p < size; ++p) gallery.add("person " + std::to_string(p), normal<float>(features, 2, rng));
      for (const Identified& found : gallery.identify_all(normal<float>(features, 4000, rng))) {
        ++asked;
        mistaken += found.person != Identified::unknown;
      }
    }
    const SizeThreshold& of = calibration.at(size);
    const double fpir = static_cast<double>(mistaken) / static_cast<double>(asked);
    CAPTURE(size, of.threshold, of.interval.low, fpir, of.interval.high);
    CHECK(of.interval.low <= fpir);
    CHECK(fpir <= of.interval.high);
    CHECK(of.interval.high < 0.06);
    // A threshold for the same FAR at every size would let most strangers match among 1,000 persons.
    CHECK(of.fpir <= 0.02);
    CHECK(of.fpir > 0.015);
  }
  CHECK(calibration.at(1).threshold > 1.5 * calibration.at(1000).threshold);
}

TEST_CASE("thresholds from pairs take the scores for independent", "[identification]") {
  std::vector<double> distances;
  std::vector<std::uint8_t> labels;
  for (int i = 0; i < 1000; ++i) {
    distances.push_back(i + 1);
    labels.push_back(0);
  }
  distances.push_back(0);
  labels.push_back(1);
  const Calibration pairs = calibrate(distances, Labels{labels}, {.far = 0.01});
  const auto found = identification_from(pairs, 0.1, 1000);
  CHECK(found.at(1).threshold == 100.5);  // FAR 0.1
  CHECK(found.at(1).fpir == 0.1);
  CHECK(found.at(10).threshold == 10.5);  // FAR 1 - 0.9^(1/10) = 0.01048
  CHECK(std::abs(found.at(10).fpir - (1 - std::pow(0.99, 10))) < 1e-12);
  CHECK(found.at(100).threshold == 1.5);  // 0.00105
  CHECK(found.at(1000).threshold < 1);    // 0.000105, which 1,000 pairs cannot show: none of them is accepted
  CHECK(found.at(1000).threshold > 0.999);
  CHECK(found.at(1000).fpir == 0);
  CHECK(std::isnan(found.at(1).interval.low));
  CHECK(mentions(found.method(), "scores of one stranger taken for independent"));
  CHECK_THROWS_AS(identification_from(pairs, 0), ValueError);
  CHECK_THROWS_AS(identification_from(pairs, 1), ValueError);
  CHECK_THROWS_AS(identification_from(pairs, std::nan("")), ValueError);
  CHECK_THROWS_AS(identification_from(pairs, 0.1, 0), ValueError);
  CHECK_THROWS_AS(identification_from(Calibration{.threshold = 1}, 0.1), ValueError);
}
