#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
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
#include "gemel/metrics/jackknife.hpp"
#include "gemel/metrics/roc.hpp"
#include "gemel/metrics/wilson_interval.hpp"

namespace gemel {

/// Options of far_interval, eer_interval, far_prediction and curve_band.
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

namespace detail {

inline void check(const IntervalOptions& options) {
  check_confidence(options.confidence);
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

/// Pairs in ascending order of their distances, and how often each pair counts in the current replicate. The replicates
/// are those of a jackknife, each of which leaves out a person, or of a bootstrap, which draws people or pairs. Unless
/// pairs are drawn, those of the same people with the same distance always count equally often, so they are merged.
class ResampledPairs {
 public:
  /// Takes the pairs; throws what far_interval throws for them. If a threshold is given, only FAR(threshold) can be
  /// computed: each distance is replaced with the threshold if the pair is accepted and with infinity if not, so that
  /// at most two merged pairs are left of any two people.
  ResampledPairs(std::span<const double> distances, const Labels& labels, const IntervalOptions& options,
                 std::optional<double> threshold = {})
      : options_(options) {
    check(options);
    check_distances(distances, labels);
    const std::vector<PairIdentity> people = numbered_people(labels);
    can_leave_out_ = can_leave_out(people, threshold.has_value());
    pairs_.reserve(distances.size());
    for (std::size_t i = 0; i < distances.size(); ++i) {
      double distance = distances[i];
      if (threshold) distance = distance <= *threshold ? *threshold : std::numeric_limits<double>::infinity();
      pairs_.push_back({distance, labels.span()[i] == 1, by_identity() ? people[i] : PairIdentity{}, 1, 1});
    }
    std::sort(pairs_.begin(), pairs_.end(), [](const Pair& a, const Pair& b) { return a.key() < b.key(); });
    if (by_identity()) merge();
    for (std::size_t i = 0; i < pairs_.size(); ++i) (pairs_[i].similar ? similar_ : dissimilar_).push_back(i);
  }

  /// The number of similar or of dissimilar pairs in the current replicate, or of all pairs before the first replicate.
  Index similar() const { return total(similar_); }
  Index dissimilar() const { return total(dissimilar_); }
  /// The number of merged pairs, all of which each replicate goes through.
  Index distinct() const { return length(pairs_); }
  /// The number of different people, or 0 if they are unknown.
  Index people() const { return people_; }
  /// Whether people are drawn or left out, and not pairs.
  bool by_identity() const { return people_ >= least_drawn || leaves_out(); }
  /// Whether each replicate leaves out one person. With so few people, the draws of a bootstrap would often consist of
  /// two or three of them, and its intervals would be too narrow.
  bool leaves_out() const { return can_leave_out_ && people_ < least_drawn; }

  /// The number of similar or of dissimilar trials that count as independent where there is no error: all pairs, or
  /// with few people the different pairs of people.
  Index independent(bool similar) const {
    const std::vector<std::size_t>& of_kind = similar ? similar_ : dissimilar_;
    if (!leaves_out()) return total(of_kind);
    std::vector<std::pair<Index, Index>> people;
    people.reserve(of_kind.size());
    for (const std::size_t i : of_kind) people.emplace_back(pairs_[i].people.first, pairs_[i].people.second);
    std::sort(people.begin(), people.end());
    return std::unique(people.begin(), people.end()) - people.begin();
  }

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

  /// The interval of rate(*this), a rate of the current replicate. No replicate may have been made before.
  template <class Rate>
  Interval interval(const Rate& rate) {
    const double of_all = rate(*this);
    std::vector<double> rates;
    const auto add = [&] { rates.push_back(rate(*this)); };
    return each_replicate(add) ? interval_of(of_all, std::move(rates)) : stopped();
  }
  /// Calls visit() for each replicate. Returns false if it was stopped before the last one.
  template <class Visit>
  bool each_replicate(const Visit& visit) {
    const Index replicates = leaves_out() ? people_ : options_.replicates;
    for (Index replicate = 0; replicate < replicates; ++replicate) {
      if (stop_requested(options_.stop)) return false;
      if (leaves_out()) {
        leave_out(replicate);
      } else {
        draw(replicate);
      }
      visit();
    }
    return true;
  }
  /// The interval of a rate, given that of all pairs and those of all replicates.
  Interval interval_of(double of_all, std::vector<double> rates) const {
    if (leaves_out()) return Jackknife{of_all, rates}.interval(options_.confidence);
    return percentile_interval(
        std::move(rates), options_.confidence,
        by_identity()
            ? format({"bootstrap by identity, ", options_.replicates, " replicates of ", people_, " identities"})
            : format({"bootstrap by pair, ", options_.replicates, " replicates, pairs assumed independent"}));
  }
  /// What is returned instead if the bootstrap was stopped.
  static Interval stopped() {
    constexpr double none = std::numeric_limits<double>::quiet_NaN();
    return {.low = none, .high = none, .method = "none: the resampling was stopped"};
  }
  /// FAR(threshold) without the pairs of one person, for each person; NaN if all dissimilar pairs are of that person.
  /// It is found in one pass over all pairs, and needs people who are drawn or left out.
  std::vector<double> far_without_each(double threshold) const {
    std::vector<Index> all(static_cast<std::size_t>(people_), dissimilar());
    std::vector<Index> accepted(static_cast<std::size_t>(people_), this->accepted(threshold));
    for (const std::size_t i : dissimilar_) {
      const Pair& pair = pairs_[i];
      for (const Index person : {pair.people.first, pair.people.second}) {
        if (person == PairIdentity::unknown) continue;
        all[static_cast<std::size_t>(person)] -= pair.multiplicity;
        accepted[static_cast<std::size_t>(person)] -= pair.distance <= threshold ? pair.multiplicity : 0;
      }
    }
    std::vector<double> rates;
    rates.reserve(all.size());
    for (std::size_t person = 0; person < all.size(); ++person) rates.push_back(ratio(accepted[person], all[person]));
    return rates;
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

    // Pairs with the same key count alike.
    std::tuple<double, Index, Index, bool> key() const { return {distance, people.first, people.second, similar}; }
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

  /// Whether similar and dissimilar pairs remain without any one of the people; for a FAR, only dissimilar ones have
  /// to. Only tells for few people.
  bool can_leave_out(const std::vector<PairIdentity>& people, bool only_dissimilar) const {
    if (people_ < least_left_out || people_ >= least_drawn) return false;
    for (Index person = 0; person < people_; ++person) {
      bool remain[2] = {false, only_dissimilar};
      for (const PairIdentity& pair : people) {
        if (pair.first != person && pair.second != person) remain[pair.first == pair.second] = true;
      }
      if (!remain[0] || !remain[1]) return false;
    }
    return true;
  }

  void leave_out(Index person) {
    for (Pair& pair : pairs_) {
      pair.count = pair.people.first == person || pair.people.second == person ? 0 : pair.multiplicity;
    }
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

  static constexpr Index least_left_out = 3;  // people; of two, none could be left out
  static constexpr Index least_drawn = 10;

  const IntervalOptions& options_;
  Index people_ = 0;
  bool can_leave_out_ = false;
  std::vector<Pair> pairs_;
  std::vector<std::size_t> similar_;
  std::vector<std::size_t> dissimilar_;
};

}  // namespace detail

}  // namespace gemel
