#include "gemel/metrics/interval.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "catch.hpp"
#include "metrics/made_up_pairs.hpp"

using namespace gemel;

namespace {

// Pairs of people, of whose distances this share depends on the people.
MadeUpPairs scores_of_people(Index people, std::uint64_t seed, double persons_share) {
  return made_up_pairs(people, seed, persons_share, 1 - persons_share);
}

double width(const Interval& interval) { return interval.high - interval.low; }

bool mentions(const Interval& interval, const std::string& text) {
  return interval.method.find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("wilson_interval matches published values", "[interval]") {
  // Newcombe, Statistics in Medicine 17 (1998), table I, method 3, has these values to four digits.
  const auto is = [](const Interval& interval, double low, double high) {
    return std::abs(interval.low - low) <= 5e-5 && std::abs(interval.high - high) <= 5e-5;
  };
  CHECK(is(wilson_interval(81, 263), 0.2553, 0.3662));
  CHECK(is(wilson_interval(15, 148), 0.0624, 0.1605));
  CHECK(is(wilson_interval(0, 20), 0.0000, 0.1611));
  CHECK(is(wilson_interval(1, 29), 0.0061, 0.1718));
  CHECK(is(wilson_interval(29, 29), 0.8830, 1.0000));
  CHECK(wilson_interval(0, 20).low == 0);
  CHECK(wilson_interval(29, 29).high == 1);
  CHECK(width(wilson_interval(15, 148, 0.99)) > width(wilson_interval(15, 148, 0.9)));
  CHECK(mentions(wilson_interval(1, 2), "independent"));

  CHECK_THROWS_AS(wilson_interval(1, 0), ValueError);
  CHECK_THROWS_AS(wilson_interval(3, 2), ValueError);
  CHECK_THROWS_AS(wilson_interval(-1, 2), ValueError);
  CHECK_THROWS_AS(wilson_interval(1, 2, 1.0), ValueError);
  CHECK_THROWS_AS(wilson_interval(1, 2, 0.0), ValueError);
}

TEST_CASE("far_interval is Wilson's interval if no identities are given", "[interval]") {
  const std::vector<double> distances{1, 2, 3, 4, 5, 6, 7, 8};
  const Labels labels{1, 0, 1, 0, 1, 0, 0, 0};
  const Interval interval = far_interval(distances, labels, 4.0);
  CHECK(interval.low == wilson_interval(2, 5).low);
  CHECK(interval.high == wilson_interval(2, 5).high);
  CHECK(mentions(interval, "Wilson"));
  CHECK(far_interval(distances, labels, 0.0).high == wilson_interval(0, 5).high);
  CHECK(far_interval(distances, labels, 9.0).low == wilson_interval(5, 5).low);
}

TEST_CASE("a bootstrap by identity is wider than one by pair if distances depend on people", "[interval]") {
  const MadeUpPairs scores = scores_of_people(30, 5, 0.7);
  const IntervalOptions by_identity{.identities = scores.identities};

  const Interval people = far_interval(scores.distances, scores.labels, 1.0, by_identity);
  const Interval pairs = far_interval(scores.distances, scores.labels, 1.0);
  CHECK(mentions(people, "bootstrap by identity, 1000 replicates of 30 identities"));
  const double far = Roc{scores.distances, scores.labels}.far(1.0);
  CHECK(people.low < far);
  CHECK(far < people.high);
  CHECK(width(people) > 2 * width(pairs));

  const Interval eer_people = eer_interval(scores.distances, scores.labels, by_identity);
  const Interval eer_pairs = eer_interval(scores.distances, scores.labels);
  CHECK(mentions(eer_people, "by identity"));
  CHECK(mentions(eer_pairs, "independent"));
  const double eer = Roc{scores.distances, scores.labels}.eer();
  CHECK(eer_people.low < eer);
  CHECK(eer < eer_people.high);
  CHECK(eer_pairs.low < eer);
  CHECK(eer < eer_pairs.high);
  CHECK(width(eer_people) > width(eer_pairs));
}

TEST_CASE("an interval by identity covers the true rate about as often as its confidence says", "[interval]") {
  // Over all people, FAR(1) = Phi((1 - 2) / s) with s^2 = 2 * share^2 + (1 - share)^2.
  const double share = 0.5;
  const double spread = std::sqrt(2 * share * share + (1 - share) * (1 - share));
  const double truth = std::erfc(1 / (spread * std::sqrt(2.0))) / 2;
  int people_cover = 0;
  int pairs_cover = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const MadeUpPairs scores = scores_of_people(25, seed, share);
    const auto covers = [&](const IntervalOptions& options) {
      const Interval interval = far_interval(scores.distances, scores.labels, 1.0, options);
      return interval.low <= truth && truth <= interval.high;
    };
    people_cover += covers({.confidence = 0.9, .replicates = 200, .identities = scores.identities});
    pairs_cover += covers({.confidence = 0.9});
  }
  CAPTURE(people_cover, pairs_cover);
  CHECK(people_cover >= 80);
  CHECK(pairs_cover <= 60);
}

TEST_CASE("a bootstrap is a function of its seed", "[interval]") {
  const MadeUpPairs scores = scores_of_people(12, 3, 0.6);
  IntervalOptions options{.seed = 1, .identities = scores.identities};
  const Interval first = eer_interval(scores.distances, scores.labels, options);
  const Interval again = eer_interval(scores.distances, scores.labels, options);
  options.seed = 2;
  const Interval other = eer_interval(scores.distances, scores.labels, options);
  CHECK(first.low == again.low);
  CHECK(first.high == again.high);
  CHECK((first.low != other.low || first.high != other.high));
}

TEST_CASE("without errors, an interval has a width", "[interval]") {
  const std::vector<double> distances{1, 1, 1, 5, 5, 5, 5};
  const Labels labels{1, 1, 1, 0, 0, 0, 0};
  const std::vector<PairIdentity> people{{1, 1}, {2, 2}, {3, 3}, {1, 2}, {2, 3}, {3, 1}, {1, 2}};
  const Interval eer = eer_interval(distances, labels);
  CHECK(eer.low == 0);
  CHECK(eer.high == wilson_interval(0, 3).high);
  CHECK(mentions(eer, "Wilson"));
  CHECK(far_interval(distances, labels, 2.0).high == wilson_interval(0, 4).high);

  // Of the four dissimilar pairs, two are of the same people.
  const Interval of_people = far_interval(distances, labels, 2.0, {.identities = people});
  CHECK(of_people.low == 0);
  CHECK(of_people.high == wilson_interval(0, 3).high);
  CHECK(of_people.method == "Wilson score of 3 pairs of people");
  const Interval all = far_interval(distances, labels, 9.0, {.identities = people});
  CHECK(all.low == wilson_interval(3, 3).low);
  CHECK(all.high == 1);
  CHECK(eer_interval(distances, labels, {.identities = people}).method == "Wilson score of 3 pairs of people");
}

TEST_CASE("with three to nine people, an interval is that of a jackknife", "[interval]") {
  // By the definition: the rates without each person, on the scale 2 asin(sqrt(rate)); 3.18244631 is the quantile 0.975
  // of Student's distribution with three degrees of freedom.
  const MadeUpPairs scores = scores_of_people(4, 11, 0.4);
  const double threshold = 1.5;
  const auto angle_without = [&](Index without) {
    double accepted = 0, all = 0;
    for (std::size_t i = 0; i < scores.distances.size(); ++i) {
      const PairIdentity& people = scores.identities[i];
      if (scores.labels[i] || people.first == without || people.second == without) continue;
      ++all;
      accepted += scores.distances[i] <= threshold;
    }
    return 2 * std::asin(std::sqrt(accepted / all));
  };
  double mean = 0, squares = 0;
  for (const Index person : {100, 93, 86, 79}) mean += angle_without(person) / 4;
  for (const Index person : {100, 93, 86, 79}) squares += std::pow(angle_without(person) - mean, 2);
  const double half = 3.18244631 * std::sqrt(squares * 3 / 4);
  const double low = std::max(angle_without(-1) - half, 0.0), high = angle_without(-1) + half;
  REQUIRE(high < 3.14);
  const Interval interval = far_interval(scores.distances, scores.labels, threshold, {.identities = scores.identities});
  CHECK(interval.method == "jackknife by identity, of 4 identities");
  CHECK(std::abs(interval.low - std::pow(std::sin(low / 2), 2)) < 1e-8);
  CHECK(std::abs(interval.high - std::pow(std::sin(high / 2), 2)) < 1e-8);
}

TEST_CASE("with few people, intervals by identity cover the true rates, and those by pair do not", "[interval]") {
  // Over all people, distances are normal around 0 and 2 with these deviations.
  const double share = 0.5;
  const double similar = std::sqrt(4 * share * share + (1 - share) * (1 - share));
  const double dissimilar = std::sqrt(2 * share * share + (1 - share) * (1 - share));
  const auto above = [](double z) { return std::erfc(z / std::sqrt(2.0)) / 2; };
  const double far = above(1 / dissimilar), eer = above(2 / (similar + dissimilar));
  const auto covers = [](const Interval& interval, double truth) {
    return interval.low <= truth && truth <= interval.high;
  };
  constexpr int sets = 200;
  for (const Index people : {3, 5, 9}) {
    int far_covered = 0, eer_covered = 0, by_pair = 0;
    for (int set = 0; set < sets; ++set) {
      const MadeUpPairs scores = scores_of_people(people, 500 + static_cast<std::uint64_t>(set), share);
      const IntervalOptions options{.identities = scores.identities};
      far_covered += covers(far_interval(scores.distances, scores.labels, 1.0, options), far);
      eer_covered += covers(eer_interval(scores.distances, scores.labels, options), eer);
      by_pair += covers(far_interval(scores.distances, scores.labels, 1.0), far);
    }
    CAPTURE(people, far_covered, eer_covered, by_pair);
    CHECK(far_covered >= 0.87 * sets);
    CHECK(eer_covered >= 0.95 * sets);
    CHECK(by_pair < far_covered);
    CHECK(by_pair < 0.9 * sets);
  }
}

TEST_CASE("a jackknife needs pairs without each person, for a FAR only dissimilar ones", "[interval]") {
  // All similar pairs are of person 0.
  const std::vector<double> distances{1, 2, 3, 4, 2.5};
  const Labels labels{1, 0, 0, 0, 1};
  const IntervalOptions options{.identities = {{0, 0}, {0, 1}, {1, 2}, {2, 0}, {0, 0}}};
  CHECK(mentions(far_interval(distances, labels, 2.5, options), "jackknife"));
  CHECK(mentions(eer_interval(distances, labels, options), "independent"));
  // All dissimilar pairs are of person 0.
  const IntervalOptions star{.identities = {{0, 0}, {0, 1}, {0, 2}, {0, 3}, {1, 1}}};
  CHECK(mentions(far_interval(distances, labels, 2.5, star), "independent"));
}

TEST_CASE("an interval has a width although the rate is the same without each person", "[interval]") {
  std::vector<double> distances;
  std::vector<int> labels;
  std::vector<PairIdentity> identities;
  for (Index i = 0; i < 3; ++i) {
    for (const Index j : {i, (i + 1) % 3}) {
      for (const double distance : {1.0, 2.0, 3.0, 4.0}) {
        distances.push_back(distance + (i == j ? 0 : 1.5));
        labels.push_back(i == j);
        identities.push_back({i, j});
      }
    }
  }
  const Interval far = far_interval(distances, labels, 3.0, {.identities = identities});
  CHECK(far.low == wilson_interval(3, 12).low);
  CHECK(far.high == wilson_interval(3, 12).high);
  CHECK(width(eer_interval(distances, labels, {.identities = identities})) > 0.3);
}

TEST_CASE("before the first draw, the bootstrap's EER is that of Roc, also with ties", "[interval]") {
  Rng rng{9};
  for (Index trial = 0; trial < 300; ++trial) {
    const Index n = 2 + rng.below(20);
    std::vector<double> distances;
    std::vector<int> labels = {1, 0};
    for (Index i = 0; i < n; ++i) {
      distances.push_back(static_cast<double>(rng.below(6)));
      if (i > 1) labels.push_back(static_cast<int>(rng.below(2)));
    }
    CAPTURE(distances, labels);
    const IntervalOptions options;
    CHECK(detail::ResampledPairs{distances, Labels{labels}, options}.eer() == Roc{distances, Labels{labels}}.eer());
  }
}

TEST_CASE("merging pairs does not change a bootstrap by identity", "[interval]") {
  // Computes the replicates from their definition: each pair of samples is weighted separately, in the order given.
  const auto expected = [](const MadeUpPairs& scores, Index people, double threshold, const IntervalOptions& options) {
    std::vector<double> rates;
    for (Index replicate = 0; replicate < options.replicates; ++replicate) {
      Rng rng{options.seed, static_cast<std::uint64_t>(replicate)};
      Index similar = 0, dissimilar = 0, accepted = 0;
      while (similar == 0 || dissimilar == 0) {
        similar = dissimilar = accepted = 0;
        std::vector<Index> times(static_cast<std::size_t>(people), 0);
        for (Index i = 0; i < people; ++i) ++times[static_cast<std::size_t>(rng.below(people))];
        for (std::size_t i = 0; i < scores.distances.size(); ++i) {
          const Index first = times[static_cast<std::size_t>(scores.identities[i].first)];
          const Index second = times[static_cast<std::size_t>(scores.identities[i].second)];
          if (scores.labels[i]) {
            similar += first;
          } else {
            dissimilar += first * second;
            accepted += scores.distances[i] <= threshold ? first * second : 0;
          }
        }
      }
      rates.push_back(static_cast<double>(accepted) / static_cast<double>(dissimilar));
    }
    std::sort(rates.begin(), rates.end());
    const double last = static_cast<double>(rates.size() - 1), tail = (1 - options.confidence) / 2;
    return std::vector{rates[static_cast<std::size_t>(std::floor(tail * last))],
                       rates[static_cast<std::size_t>(std::ceil((1 - tail) * last))]};
  };
  Rng rng{21};
  for (Index trial = 0; trial < 100; ++trial) {
    const Index people = 10 + rng.below(6);
    MadeUpPairs scores;
    const auto add = [&](Index first, Index second) {
      scores.identities.push_back({first, second});
      scores.labels.push_back(first == second);
      scores.distances.push_back(static_cast<double>(rng.below(6)));
    };
    for (Index person = 0; person < people; ++person) add(person, (person + 1) % people);
    for (Index i = rng.below(150); i >= 0; --i) add(rng.below(people), rng.below(people));
    add(rng.below(3), 3);
    add(0, 0);
    scores.distances[0] = 2;  // with the next one, so that some pairs are accepted, but not all
    scores.distances[1] = 3;
    const IntervalOptions options{
        .replicates = 60, .seed = static_cast<std::uint64_t>(trial), .identities = scores.identities};
    const Interval interval = far_interval(scores.distances, scores.labels, 2.0, options);
    CAPTURE(trial, people);
    CHECK(mentions(interval, "by identity"));
    CHECK(std::vector{interval.low, interval.high} == expected(scores, people, 2, options));
  }
}

TEST_CASE("for FAR, a bootstrap merges the pairs of samples of the same people", "[interval]") {
  MadeUpPairs scores;
  Rng rng{4};
  for (Index i = 0; i < 60; ++i) {
    for (Index j = 0; j < i; ++j) {
      scores.identities.push_back({i % 12, j % 12});
      scores.labels.push_back(i % 12 == j % 12);
      scores.distances.push_back(rng.uniform<double>());
    }
  }
  const IntervalOptions options{.identities = scores.identities};
  const Labels labels{scores.labels};
  CHECK(detail::ResampledPairs{scores.distances, labels, options}.distinct() == 60 * 59 / 2);
  const detail::ResampledPairs far{scores.distances, labels, options, 0.5};
  CHECK(far.distinct() == 2 * 12 * 13 / 2);  // an accepted and a rejected pair for each of 78 pairs of people
  CHECK(far.similar() + far.dissimilar() == 60 * 59 / 2);
}

TEST_CASE("of two people, the EER's bootstrap draws pairs", "[interval]") {
  const std::vector<double> distances{1, 2, 3, 4};
  const Interval interval =
      eer_interval(distances, Labels{1, 0, 1, 0}, {.identities = {{0, 0}, {0, 1}, {1, 1}, {1, 0}}});
  CHECK(interval.low <= interval.high);
  CHECK(mentions(interval, "by pair"));
}

TEST_CASE("intervals reject invalid options and identities", "[interval]") {
  const std::vector<double> d{1, 2};
  const Labels labels{1, 0};
  CHECK_THROWS_AS(eer_interval(d, labels, {.confidence = 1.0}), ValueError);
  CHECK_THROWS_AS(eer_interval(d, labels, {.confidence = std::numeric_limits<double>::quiet_NaN()}), ValueError);
  CHECK_THROWS_AS(eer_interval(d, labels, {.replicates = 39}), ValueError);
  CHECK_THROWS_AS(far_interval(d, labels, 1.0, {.replicates = 0}), ValueError);
  CHECK_THROWS_AS(eer_interval(d, labels, {.identities = {{1, 1}}}), ValueError);
  CHECK_THROWS_AS(eer_interval(d, Labels{1, 1}), ValueError);
  CHECK_THROWS_AS(eer_interval(std::vector<double>{1, std::nan("")}, labels), NonFiniteError);
  for (const std::vector<PairIdentity>& people :
       {std::vector<PairIdentity>{{1, 1}, {2, 2}}, std::vector<PairIdentity>{{1, 1}, {1, 1}}}) {
    try {
      far_interval(d, labels, 1.0, {.identities = people});
      CHECK(false);
    } catch (const ValueError& error) {
      CHECK(error.place().pair == 1);
    }
  }
}

TEST_CASE("with fewer than three people, the EER's bootstrap draws pairs, and its interval has a width", "[interval]") {
  std::vector<double> distances;
  std::vector<int> labels;
  std::vector<PairIdentity> identities;
  Rng rng{3};
  for (Index i = 0; i < 200; ++i) {
    identities.push_back({i % 2, i / 2 % 2});
    labels.push_back(identities.back().first == identities.back().second);
    distances.push_back(rng.uniform<double>() + (labels.back() ? 0 : 0.4));
  }
  const Interval interval = eer_interval(distances, labels, {.identities = identities});
  CHECK(interval.high - interval.low > 0.05);
  CHECK(mentions(interval, "by pair"));
}

TEST_CASE("a stopped bootstrap gives NaN for both ends", "[interval]") {
  const MadeUpPairs scores = scores_of_people(8, 3, 0.5);
  StopFlag stop = true;
  const Interval interval =
      eer_interval(scores.distances, scores.labels, {.identities = scores.identities, .stop = &stop});
  CHECK(std::isnan(interval.low));
  CHECK(std::isnan(interval.high));
  stop = false;
  CHECK(eer_interval(scores.distances, scores.labels, {.identities = scores.identities, .stop = &stop}).high ==
        eer_interval(scores.distances, scores.labels, {.identities = scores.identities}).high);
  stop = true;
  CHECK(std::isnan(
      far_interval(scores.distances, scores.labels, 1.0, {.identities = scores.identities, .stop = &stop}).low));
}
