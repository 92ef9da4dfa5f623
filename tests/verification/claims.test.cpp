#include "gemel/verification/claims.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "catch.hpp"
#include "error_text.hpp"
#include "gemel/core/random.hpp"
#include "gemel/metrics/interval.hpp"
#include "gemel/metrics/roc.hpp"
#include "gemel/verification/raw_samples.hpp"
#include "mentions.hpp"

using namespace gemel;

namespace {

// Persons on a line, `gap` apart, with k samples each, the first of the person's class `first`.
struct People {
  Samples<double> samples;
  Classes classes;
};
People people_on_a_line(Index persons, Index k, double gap, std::uint64_t seed, Index first = 0) {
  Rng rng{seed};
  MatrixX<double> x(1, persons * k);
  std::vector<Index> classes;
  for (Index i = 0; i < x.cols(); ++i) {
    classes.push_back(first + i / k);
    x(0, i) = gap * static_cast<double>(first + i / k) + rng.normal<double>();
  }
  return {Samples<double>(x), Classes(classes)};
}

// Made-up trials: each claimed person has an own difficulty, as well as each known impostor. Forgers are unknown.
Trials made_up_trials(Index persons, bool known_impostors, std::uint64_t seed) {
  Rng rng{seed};
  std::vector<double> wolf, lamb;
  for (Index p = 0; p < persons; ++p) {
    lamb.push_back(0.5 * rng.normal<double>());
    wolf.push_back(0.5 * rng.normal<double>());
  }
  Trials trials;
  std::vector<int> labels;
  const auto add = [&](double score, Index claimed, Index is) {
    trials.scores.push_back(score);
    labels.push_back(claimed == is);
    trials.identities.push_back({claimed, is});
    trials.samples.push_back(trials.size() - 1);
  };
  for (Index c = 0; c < persons; ++c) {
    add(rng.normal<double>() - 2, c, c);
    if (known_impostors) {
      for (Index i = 0; i < persons; ++i) {
        const double shift = lamb[static_cast<std::size_t>(c)] + wolf[static_cast<std::size_t>(i)];
        if (i != c) add(shift + rng.normal<double>(), c, i);
      }
    } else {
      for (int forgery = 0; forgery < 10; ++forgery) {
        add(lamb[static_cast<std::size_t>(c)] + rng.normal<double>(), c, PairIdentity::unknown);
      }
    }
  }
  trials.labels = Labels{labels};
  return trials;
}

// The FAR of made_up_trials at the threshold -1, over all persons.
double true_far(bool known_impostors) {
  const double spread = std::sqrt(1 + 0.25 * (known_impostors ? 2 : 1));
  return std::erfc(1 / (spread * std::sqrt(2.0))) / 2;
}

int covered_of_500(bool known_impostors, Index persons, bool by_identity) {
  int covered = 0;
  for (std::uint64_t set = 0; set < 500; ++set) {
    const Trials trials = made_up_trials(persons, known_impostors, 1000 + set);
    IntervalOptions options{.replicates = 100};
    if (by_identity) options.identities = trials.identities;
    const Interval interval = far_interval(trials.scores, trials.labels, -1, options);
    covered += interval.low <= true_far(known_impostors) && true_far(known_impostors) <= interval.high;
  }
  return covered;
}

// The EER of claims of 200 persons, whose samples scatter around their own centre. The logarithm of this scatter has
// the standard deviation `unsteady` among the persons. Each has five enrolled samples, ten of the person's own probes
// and ten probes of others.
double eer_of_claims(double power, double unsteady) {
  const Index persons = 200, features = 16, enrolled = 5, probes = 10;
  Rng rng{7};
  const MatrixX<double> centers = MatrixX<double>::NullaryExpr(features, persons, [&] { return rng.normal<double>(); });
  const VectorX<double> scatter =
      VectorX<double>::NullaryExpr(persons, [&] { return 0.5 * std::exp(unsteady * rng.normal<double>()); });
  const auto sample_of = [&](Index p) {
    VectorX<double> sample = centers.col(p);
    for (Index i = 0; i < features; ++i) sample[i] += scatter[p] * rng.normal<double>();
    return sample;
  };
  MatrixX<double> x(features, persons * enrolled), y(features, persons * 2 * probes);
  std::vector<Index> classes;
  std::vector<Claim> all;
  for (Index p = 0; p < persons; ++p) {
    for (Index j = 0; j < enrolled; ++j) {
      x.col(length(classes)) = sample_of(p);
      classes.push_back(p);
    }
    for (Index j = 0; j < probes; ++j) {
      const Index other = (p + 1 + rng.below(persons - 1)) % persons;
      for (const Index is : {p, other}) {
        const Index probe = length(all);
        y.col(probe) = sample_of(is);
        all.push_back({probe, p, is == p, is});
      }
    }
  }
  const ClaimVerifier verifier{RawSamples<double>{features}, MeanScore{power}};
  const auto templates = enrol_all(verifier, Samples<double>(x), Classes{classes});
  const Trials trials = claims(verifier, templates, Samples<double>(y), all);
  return Roc{trials.scores, trials.labels}.eer();
}

}  // namespace

TEST_CASE("division by the spread helps if some persons are less steady than others", "[claims]") {
  const double plain = eer_of_claims(0, 0.6), root = eer_of_claims(0.5, 0.6), whole = eer_of_claims(1, 0.6);
  CAPTURE(plain, root, whole);
  CHECK(root < 0.6 * plain);
  CHECK(whole < plain);
  CHECK(root < whole);
}

TEST_CASE("each probe claims to be each enrolled person", "[claims]") {
  const Classes enrolled{7, 7, 3, 5}, probes{5, 9, 3};  // persons 0, 1, 2 are the classes 3, 5, 7
  const std::vector<Claim> all = all_claims(enrolled, probes);
  REQUIRE(all.size() == 9);
  const auto is = [&](std::size_t i, Index sample, Index claimed, bool genuine) {
    CHECK(all[i].sample == sample);
    CHECK(all[i].claimed == claimed);
    CHECK(all[i].genuine == genuine);
  };
  is(0, 0, 0, false);
  is(1, 0, 1, true);
  is(2, 0, 2, false);
  is(6, 2, 0, true);
  CHECK(all[0].impostor == 1);
  CHECK(all[3].impostor == all[4].impostor);  // the class 9 is not enrolled, but one person all the same
  CHECK(all[3].impostor >= 3);
}

TEST_CASE("trials have the scores, labels and persons of the claims, for any number of threads", "[claims]") {
  const People enrolled = people_on_a_line(6, 3, 5, 1), probes = people_on_a_line(7, 4, 5, 2);
  const ClaimVerifier verifier{RawSamples<double>{1}, MeanScore{.power = 0.5}};
  const auto persons = enrol_all(verifier, enrolled.samples, enrolled.classes);
  REQUIRE(persons.size() == 6);
  const std::vector<Claim> all = all_claims(enrolled.classes, probes.classes);
  const Trials trials = claims(verifier, persons, probes.samples, all);
  REQUIRE(trials.size() == 6 * 28);
  for (Index i = 0; i < trials.size(); ++i) {
    const auto at = static_cast<std::size_t>(i);
    const auto& person = persons[static_cast<std::size_t>(all[at].claimed)];
    CHECK(trials.scores[at] == verifier.score(person, probes.samples.matrix().col(all[at].sample)));
    CHECK(trials.labels[i] == (trials.identities[at].first == trials.identities[at].second));
    CHECK(trials.samples[at] == all[at].sample);
  }
  for (const Index threads : {2, 3, 8}) {
    CHECK(claims(verifier, persons, probes.samples, all, threads).scores == trials.scores);
  }
}

TEST_CASE("a threshold on trials is one of scores, and its interval is by claimed person", "[claims]") {
  const People enrolled = people_on_a_line(20, 5, 3, 1), probes = people_on_a_line(20, 5, 3, 2);
  const ClaimVerifier verifier{RawSamples<double>{1}, CentroidScore{}};
  const auto persons = enrol_all(verifier, enrolled.samples, enrolled.classes);
  const Trials trials = claims(verifier, persons, probes.samples, all_claims(enrolled.classes, probes.classes));
  const Calibration calibration = calibrate(trials, {.far = 0.05});
  CHECK(calibration.far <= 0.05);
  CHECK(calibration.far > 0.03);
  CHECK(mentions(calibration.method, "100 genuine and 1900 impostor trials"));
  CHECK(mentions(calibration.interval.method, "20 identities"));
  const ClaimVerifier calibrated = verifier.with(calibration);
  Index accepted = 0;
  for (Index i = 0; i < trials.size(); ++i) {
    const auto at = static_cast<std::size_t>(i);
    const auto& person = persons[static_cast<std::size_t>(trials.identities[at].first)];
    accepted += !trials.labels[i] && calibrated.accepts(person, trials.scores[at]);
  }
  CHECK(accepted == std::lround(calibration.far * 1900));
}

TEST_CASE("intervals by claimed person cover the truth in 90 to 98 % of 500 sets of trials", "[claims]") {
  const int forgeries = covered_of_500(false, 40, true), impostors = covered_of_500(true, 25, true);
  const int naive = covered_of_500(false, 40, false);
  CAPTURE(forgeries, impostors, naive);
  CHECK(forgeries >= 450);
  CHECK(forgeries <= 490);
  CHECK(impostors >= 450);
  CHECK(impostors <= 490);
  CHECK(naive < 450);
}

TEST_CASE("persons get their own threshold where their trials suffice", "[claims]") {
  // Person 0 has 20 impostors' trials, person 1 has three, person 2 no genuine one, and person 3 only far genuine ones.
  Trials trials;
  std::vector<int> labels;
  const auto add = [&](double score, Index claimed, bool genuine) {
    trials.scores.push_back(score);
    labels.push_back(genuine);
    trials.identities.push_back({claimed, genuine ? claimed : PairIdentity::unknown});
    trials.samples.push_back(trials.size() - 1);
  };
  for (int i = 0; i < 20; ++i) {
    add(1 + 0.1 * i, 0, false);
    if (i < 3) add(1 + i, 1, false);
    add(2, 2, false);
    add(1 + 0.1 * i, 3, false);
  }
  add(0.5, 0, true);
  add(0.5, 1, true);
  add(5, 3, true);
  trials.labels = Labels{labels};
  const std::vector<std::optional<Calibration>> own = calibrate_each(trials, {.far = 0.1});
  REQUIRE(own.size() == 4);
  REQUIRE(own[0]);
  CHECK(own[0]->threshold > 1.1);
  CHECK(own[0]->threshold < 1.2);
  CHECK(own[0]->far == 0.1);
  CHECK_FALSE(own[1]);
  CHECK_FALSE(own[2]);
  CHECK_FALSE(own[3]);
  CHECK(calibrate_each(trials, {.far = 0.1, .or_accept_nothing = true})[3]->threshold ==
        -std::numeric_limits<double>::infinity());
  const Trials one = made_up_trials(8, true, 3);
  CHECK(calibrate_each(one, {.at_eer = true}).size() == 8);
}

TEST_CASE("claims that contradict themselves or lead nowhere are refused", "[claims]") {
  const People enrolled = people_on_a_line(2, 2, 5, 1);
  const ClaimVerifier verifier{RawSamples<double>{1}};
  const auto persons = enrol_all(verifier, enrolled.samples, enrolled.classes);
  const auto refused = [&](const Claim& claim) {
    return error_text<ValueError>([&] { claims(verifier, persons, enrolled.samples, {{0, 0, true}, claim}); });
  };
  CHECK(mentions(refused({4, 0, true}), "sample 4"));
  CHECK(mentions(refused({-1, 0, true}), "sample -1"));
  CHECK(mentions(refused({0, 2, true}), "the templates are 0 to 1"));
  CHECK(mentions(refused({0, 0, true, 1}), "of person 1, not 0"));
  CHECK(mentions(refused({0, 0, false, 0}), "is of the claimed person"));
  CHECK(mentions(refused({0, 0, false, 0}), "pair 1"));
  CHECK_THROWS_AS(enrol_all(verifier, enrolled.samples, Classes{0, 1}), ShapeError);
  MatrixX<double> damaged = enrolled.samples.matrix();
  damaged(0, 3) = std::nan("");
  CHECK_THROWS_AS(claims(verifier, persons, Samples<double>(damaged), {{0, 0, true}}), NonFiniteError);
  CHECK_THROWS_AS(calibrate(claims(verifier, persons, enrolled.samples, {})), ValueError);
  const ClaimVerifier other{RawSamples<double>{1}};
  CHECK(mentions(error_text<ValueError>([&] {
                   claims(other, persons, enrolled.samples, {{0, 0, true}}, 2);
                 }),
                 "template 0 was made by another ClaimVerifier"));
}

TEST_CASE("the first claim whose score is not finite is named, for any number of threads", "[claims]") {
  const People enrolled = people_on_a_line(2, 2, 5, 1);
  const ClaimVerifier verifier{RawSamples<double>{1}};
  const auto persons = enrol_all(verifier, enrolled.samples, enrolled.classes);
  MatrixX<double> probes = MatrixX<double>::Ones(1, 40);
  probes(0, 7) = probes(0, 35) = 1e300;
  std::vector<Claim> all;
  for (Index i = 0; i < 40; ++i) all.push_back({39 - i, 0, i % 2 == 0});
  for (const Index threads : {1, 2, 3}) {
    try {
      claims(verifier, persons, Samples<double>(probes), all, threads);
      FAIL("an infinite score was returned");
    } catch (const NonFiniteError& error) {
      CHECK(error.place().pair == 4);
      CHECK(error.place().sample == 35);
    }
  }
}
