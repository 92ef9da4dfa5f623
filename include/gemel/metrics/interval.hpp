#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/format.hpp"
#include "gemel/core/labels.hpp"
#include "gemel/core/pair_identity.hpp"
#include "gemel/core/random.hpp"
#include "gemel/core/stop.hpp"
#include "gemel/core/types.hpp"
#include "gemel/metrics/normal_deviate.hpp"
#include "gemel/metrics/roc.hpp"

namespace gemel {

/// A confidence interval of a rate.
struct Interval {
  double low = 0;           ///< Lower end, in [0, 1].
  double high = 0;          ///< Upper end, in [0, 1].
  std::string method = {};  ///< How the interval was computed, and what the method assumes.
};

/// Options of far_interval and eer_interval.
struct IntervalOptions {
  double confidence = 0.95;  ///< Probability that the interval covers the true rate, in (0, 1).
  Index replicates = 1000;   ///< Number of replicates of a bootstrap, at least 2 / (1 - confidence).
  std::uint64_t seed = 0;    ///< Seed of a bootstrap. The same seed gives the same interval.
  /// The two people of each pair, or empty if they are unknown. If they are unknown, the pairs are assumed to be
  /// independent; the interval is then too narrow if pairs share a person. The second person of a dissimilar pair may
  /// be PairIdentity::unknown.
  std::vector<PairIdentity> identities = {};
  /// If this flag is set, a bootstrap ends early and both ends of the interval are NaN.
  const StopFlag* stop = nullptr;
};

/// Wilson's score interval of the probability of an error, given the number of errors in a number of independent trials
/// (Wilson, Journal of the American Statistical Association 22, 1927). It is within [0, 1], and its width is positive
/// even if there were no errors. Throws ValueError unless 0 <= errors <= trials, trials > 0 and the confidence is in
/// (0, 1).
inline Interval wilson_interval(Index errors, Index trials, double confidence = 0.95);

/// The confidence interval of FAR(threshold), the false accept rate at a threshold. It is computed in one of two ways:
///
/// - With the identities of at least five people, it is the percentile interval of a bootstrap that draws people, not
///   pairs, with replacement. A pair of two people who are drawn m and n times counts m * n times; a pair of one person
///   who is drawn m times, or of that person and an unknown one, counts m times.
/// - Otherwise it is Wilson's interval, which assumes that the pairs are independent. It is used if there are no
///   identities or fewer than five people (most replicates would then consist of one or two of them), or if none or all
///   of the dissimilar pairs are accepted (all replicates would then have the same rate).
///
/// For the bootstrap of people see Bolle, Ratha and Pankanti, Computer Vision and Image Understanding 93, 2004; for the
/// products of both sides' counts see Owen and Eckles, Annals of Applied Statistics 6, 2012. Owen and Eckles draw the
/// two sides separately, while here both are drawn from the same people. They show that such an interval, if not exact,
/// is too wide rather than too narrow. With few people or few accepted pairs, it is too narrow all the same: on made-up
/// forgeries, ten for each person, 95 % intervals covered the true FAR in 93 to 95 % of 500 sets of 25 or more people,
/// but in 89 to 90 % of the sets of ten people, and of those of 40 people of whose 400 forgeries about four are
/// accepted.
///
/// The pairs are sorted once. The time of a replicate is then proportional to the number of pairs of people, which may
/// be much smaller than the number of pairs of samples: two million pairs of samples of a hundred people take one to
/// two seconds in total. Memory: about 150 bytes per pair of samples.
///
/// Throws what Roc throws, and ValueError if the threshold is NaN, an option is out of range, there is not one identity
/// per pair, or an identity contradicts a label.
template <class Distances = std::initializer_list<double>>
Interval far_interval(const Distances& distances, const Labels& labels, double threshold,
                      const IntervalOptions& options = {});

/// The confidence interval of the equal error rate (EER; see Roc::eer). It is computed in one of three ways:
///
/// - If the EER is 0, it is Wilson's interval of no error in the smaller one of the two classes, because all replicates
///   of a bootstrap would have the EER 0.
/// - Otherwise, with the identities of at least five people, it is the percentile interval of a bootstrap that draws
///   people, as in far_interval.
/// - Otherwise it is the percentile interval of a bootstrap that draws pairs with replacement, as many similar and as
///   many dissimilar ones as there are. It assumes that the pairs are independent.
///
/// The time of a replicate is proportional to the number of pairs of samples, because each distance is a step of the
/// curve. A thousand replicates of two million pairs take minutes; IntervalOptions::replicates lowers the number, and
/// IntervalOptions::stop ends the bootstrap early. Memory: about 150 bytes per pair.
///
/// Throws what Roc throws, and ValueError if an option is out of range, there is not one identity per pair, an identity
/// contradicts a label, or a replicate of a bootstrap of people counts so many pairs that the product of the numbers of
/// similar and dissimilar pairs exceeds 64 bits.
template <class Distances = std::initializer_list<double>>
Interval eer_interval(const Distances& distances, const Labels& labels, const IntervalOptions& options = {});

namespace detail {

inline void check(const IntervalOptions& options) {
  if (!(options.confidence > 0 && options.confidence < 1)) {
    throw ValueError({"a confidence lies between 0 and 1, but ", options.confidence, " was given"});
  }
  const double needed = std::ceil(2 / (1 - options.confidence) - 1e-6);
  if (static_cast<double>(options.replicates) < needed) {
    throw ValueError({"a bootstrap at confidence ", options.confidence, " needs at least ", static_cast<Index>(needed),
                      " replicates, but ", options.replicates, " were asked for"});
  }
}

/// The ends of the percentile interval of the rates of all replicates of a bootstrap (Efron and Tibshirani, An
/// Introduction to the Bootstrap, 1993, chapter 13).
inline Interval percentile_interval(std::vector<double> rates, double confidence, std::string method) {
  std::sort(rates.begin(), rates.end());
  const auto last = static_cast<double>(rates.size() - 1);
  const double tail = (1 - confidence) / 2;
  return {.low = rates[static_cast<std::size_t>(std::floor(tail * last))],
          .high = rates[static_cast<std::size_t>(std::ceil((1 - tail) * last))],
          .method = std::move(method)};
}

/// Pairs in ascending order of their distances, and how often each pair counts in the current replicate of a bootstrap.
/// In a bootstrap by identity, pairs of the same people with the same distance always count equally often, so they are
/// merged.
class Bootstrap {
 public:
  /// Takes the pairs; throws what far_interval throws for them. If a threshold is given, only FAR(threshold) can be
  /// computed: each distance is replaced with the threshold if the pair is accepted and with infinity if not, so that
  /// at most two merged pairs are left of any two people.
  Bootstrap(std::span<const double> distances, const Labels& labels, const IntervalOptions& options,
            std::optional<double> threshold = {})
      : options_(options) {
    check(options);
    check_distances(distances, labels);
    const std::vector<PairIdentity> people = numbered_people(labels);
    pairs_.reserve(distances.size());
    for (std::size_t i = 0; i < distances.size(); ++i) {
      double distance = distances[i];
      if (threshold) distance = distance <= *threshold ? *threshold : std::numeric_limits<double>::infinity();
      pairs_.push_back({distance, labels.span()[i] == 1, by_identity() ? people[i] : PairIdentity{}, 1, 1});
    }
    std::stable_sort(pairs_.begin(), pairs_.end(), [](const Pair& a, const Pair& b) { return a.key() < b.key(); });
    if (by_identity()) merge();
    for (std::size_t i = 0; i < pairs_.size(); ++i) (pairs_[i].similar ? similar_ : dissimilar_).push_back(i);
  }

  /// The number of similar or of dissimilar pairs in the current replicate, or of all pairs before the first replicate.
  Index similar() const { return total(similar_); }
  Index dissimilar() const { return total(dissimilar_); }
  /// The number of merged pairs, all of which each replicate goes through.
  Index distinct() const { return length(pairs_); }
  /// The minimum number of people for a bootstrap by identity. With fewer, most replicates would consist of one or two
  /// of them, and the interval would have almost no width.
  static constexpr Index min_people = 5;
  /// Whether people are drawn, and not pairs.
  bool by_identity() const { return people_ >= min_people; }

  /// The number of dissimilar pairs accepted at the threshold in the current replicate, or of all pairs before the
  /// first.
  Index accepted(double threshold) const {
    Index sum = 0;
    for (const Pair& pair : pairs_) {
      if (!pair.similar && pair.distance <= threshold) sum += pair.count;
    }
    return sum;
  }
  /// FAR(threshold) in the current replicate, or of all pairs before the first.
  double far(double threshold) const {
    return static_cast<double>(accepted(threshold)) / static_cast<double>(dissimilar());
  }
  /// The EER in the current replicate, or of all pairs before the first. As in Roc, the crossing is found by comparing
  /// integers. Throws ValueError if their products exceed 64 bits, which can happen because a pair may count many times
  /// if people are drawn.
  double eer() const {
    const std::int64_t similar = this->similar(), dissimilar = this->dissimilar();
    if (similar > std::numeric_limits<std::int64_t>::max() / dissimilar) {
      throw ValueError({"a replicate of the bootstrap counts ", similar, " similar and ", dissimilar,
                        " dissimilar pairs, too many for its error rates: take a part of the pairs"});
    }
    double eer = 1;
    std::int64_t rejected = similar, accepted = 0;  // similar and dissimilar pairs at the current step of the curve
    walk([&](std::int64_t next_accepted, std::int64_t next_rejected) {
      if (next_accepted * similar < next_rejected * dissimilar) {
        accepted = next_accepted;
        rejected = next_rejected;
        return true;
      }
      eer = equal_error(ratio(accepted, dissimilar), ratio(rejected, similar), ratio(next_accepted, dissimilar),
                        ratio(next_rejected, similar));
      return false;
    });
    return eer;
  }

  /// The percentile interval of rate(*this), a rate of the current replicate.
  template <class Rate>
  Interval interval(const Rate& rate) {
    std::vector<double> rates;
    const auto add = [&] { rates.push_back(rate(*this)); };
    return each_replicate(add) ? percentiles(std::move(rates)) : stopped();
  }
  /// Calls visit() for each replicate. Returns false if the bootstrap was stopped before the last one.
  template <class Visit>
  bool each_replicate(const Visit& visit) {
    for (Index replicate = 0; replicate < options_.replicates; ++replicate) {
      if (stop_requested(options_.stop)) return false;
      draw(replicate);
      visit();
    }
    return true;
  }
  /// The percentile interval of the rates of all replicates.
  Interval percentiles(std::vector<double> rates) const {
    return percentile_interval(
        std::move(rates), options_.confidence,
        by_identity()
            ? format({"bootstrap by identity, ", options_.replicates, " replicates of ", people_, " identities"})
            : format({"bootstrap by pair, ", options_.replicates, " replicates, pairs assumed independent"}));
  }
  /// What is returned instead if the bootstrap was stopped.
  static Interval stopped() {
    constexpr double none = std::numeric_limits<double>::quiet_NaN();
    return {.low = none, .high = none, .method = "none: the bootstrap was stopped"};
  }
  /// Calls visit(accepted, rejected) at each step of the curve of the current replicate, in ascending order of the
  /// distances, until it returns false. Its arguments are numbers of accepted dissimilar and rejected similar pairs.
  template <class Visit>
  void walk(const Visit& visit) const {
    std::int64_t accepted = 0, rejected = similar();
    for (auto pair = pairs_.begin(); pair != pairs_.end();) {
      const double distance = pair->distance;
      for (; pair != pairs_.end() && pair->distance == distance; ++pair) {
        (pair->similar ? rejected : accepted) += pair->similar ? -pair->count : pair->count;
      }
      if (!visit(accepted, rejected)) return;
    }
  }
  static double ratio(std::int64_t part, std::int64_t whole) {
    return static_cast<double>(part) / static_cast<double>(whole);
  }

 private:
  struct Pair {
    double distance;
    bool similar;
    PairIdentity people;  // the smaller number first; not used in a bootstrap by pair
    Index multiplicity;   // the number of pairs merged into this one
    Index count;          // how often the merged pairs count together in the current replicate

    std::tuple<double, Index, Index> key() const { return {distance, people.first, people.second}; }
  };

  /// Merges pairs of the same people with the same distance. These are adjacent after sorting.
  void merge() {
    std::vector<Pair> merged;
    for (const Pair& pair : pairs_) {
      if (merged.empty() || merged.back().key() != pair.key()) {
        merged.push_back(pair);
      } else {
        ++merged.back().multiplicity;
        ++merged.back().count;
      }
    }
    pairs_ = std::move(merged);
  }

  Index total(const std::vector<std::size_t>& pairs) const {
    Index sum = 0;
    for (const std::size_t i : pairs) sum += pairs_[i].count;
    return sum;
  }

  /// Sets people_ and returns the identities, renumbered as 0, …, people_ - 1, with the smaller number of each pair
  /// first. Throws ValueError if there is not one identity per pair, or an identity contradicts a label.
  std::vector<PairIdentity> numbered_people(const Labels& labels) {
    std::vector<PairIdentity> people = options_.identities;
    if (people.empty()) return people;
    if (length(people) != labels.size()) {
      throw ValueError({"there are ", people.size(), " pairs of identities, but ", labels.size(), " pairs"});
    }
    std::vector<Index> all;
    for (std::size_t i = 0; i < people.size(); ++i) {
      if (people[i].first == PairIdentity::unknown) {
        throw ValueError("the first person is unknown: only the second one of a dissimilar pair may be",
                         Place{.pair = static_cast<Index>(i)});
      }
      if ((people[i].first == people[i].second) != (labels.span()[i] == 1)) {
        const Place place{.pair = static_cast<Index>(i)};
        if (people[i].second == PairIdentity::unknown) {
          throw ValueError({"the label says similar, but the second person is unknown, so not ", people[i].first},
                           place);
        }
        throw ValueError({"the label says ", labels.span()[i] ? "similar" : "dissimilar", ", but the identities are ",
                          people[i].first, " and ", people[i].second},
                         place);
      }
      all.push_back(people[i].first);
      if (people[i].second != PairIdentity::unknown) all.push_back(people[i].second);
    }
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    const auto number = [&all](Index person) { return std::lower_bound(all.begin(), all.end(), person) - all.begin(); };
    for (PairIdentity& pair : people) {
      if (pair.second == PairIdentity::unknown) {
        pair.first = number(pair.first);
        continue;
      }
      const auto [smaller, larger] = std::minmax({number(pair.first), number(pair.second)});
      pair = {smaller, larger};
    }
    people_ = length(all);
    return people;
  }

  /// Draws a replicate. The draw is repeated until the replicate has pairs of both classes, which with few people some
  /// draws do not have.
  void draw(Index replicate) {
    Rng rng{options_.seed, static_cast<std::uint64_t>(replicate)};
    do {
      if (by_identity()) {
        draw_people(rng);
      } else {
        draw_pairs(rng);
      }
    } while (similar() == 0 || dissimilar() == 0);
  }
  void draw_people(Rng& rng) {
    std::vector<Index> times(static_cast<std::size_t>(people_), 0);
    for (Index i = 0; i < people_; ++i) ++times[static_cast<std::size_t>(rng.below(people_))];
    for (Pair& pair : pairs_) {
      pair.count = pair.multiplicity * times[static_cast<std::size_t>(pair.people.first)];
      const bool is_other = !pair.similar && pair.people.second != PairIdentity::unknown;
      if (is_other) pair.count *= times[static_cast<std::size_t>(pair.people.second)];
    }
  }
  void draw_pairs(Rng& rng) {
    for (Pair& pair : pairs_) pair.count = 0;
    for (const auto* drawn : {&similar_, &dissimilar_}) {
      for (std::size_t i = 0; i < drawn->size(); ++i) {
        ++pairs_[(*drawn)[static_cast<std::size_t>(rng.below(length(*drawn)))]].count;
      }
    }
  }

  const IntervalOptions& options_;
  Index people_ = 0;
  std::vector<Pair> pairs_;
  std::vector<std::size_t> similar_;
  std::vector<std::size_t> dissimilar_;
};

}  // namespace detail

inline Interval wilson_interval(Index errors, Index trials, double confidence) {
  detail::check({.confidence = confidence, .replicates = std::numeric_limits<Index>::max()});
  if (trials <= 0 || errors < 0 || errors > trials) {
    throw ValueError({errors, " errors in ", trials, " trials are not possible"});
  }
  const auto n = static_cast<double>(trials);
  const double p = static_cast<double>(errors) / n;
  const double z = -normal_deviate((1 - confidence) / 2);
  const double centre = p + z * z / (2 * n);
  const double half = z * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  const double scale = 1 + z * z / n;
  // If none or all of the trials were errors, one end is exactly 0 or 1 in spite of rounding.
  return {.low = errors == 0 ? 0 : (centre - half) / scale,
          .high = errors == trials ? 1 : (centre + half) / scale,
          .method = "Wilson score, pairs assumed independent"};
}

template <class Distances>
Interval far_interval(const Distances& distances, const Labels& labels, double threshold,
                      const IntervalOptions& options) {
  detail::Bootstrap bootstrap{detail::as_doubles(distances), labels, options, threshold};
  if (std::isnan(threshold)) throw ValueError("the threshold is NaN");
  const Index accepted = bootstrap.accepted(threshold);
  if (!bootstrap.by_identity() || accepted == 0 || accepted == bootstrap.dissimilar()) {
    return wilson_interval(accepted, bootstrap.dissimilar(), options.confidence);
  }
  return bootstrap.interval([threshold](const detail::Bootstrap& drawn) { return drawn.far(threshold); });
}

template <class Distances>
Interval eer_interval(const Distances& distances, const Labels& labels, const IntervalOptions& options) {
  detail::Bootstrap bootstrap{detail::as_doubles(distances), labels, options};
  if (bootstrap.eer() == 0) {
    return wilson_interval(0, std::min(bootstrap.similar(), bootstrap.dissimilar()), options.confidence);
  }
  return bootstrap.interval([](const detail::Bootstrap& drawn) { return drawn.eer(); });
}

}  // namespace gemel
