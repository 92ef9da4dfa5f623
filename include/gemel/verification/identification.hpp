#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/format.hpp"
#include "gemel/core/random.hpp"
#include "gemel/core/stop.hpp"
#include "gemel/core/types.hpp"
#include "gemel/metrics/interval.hpp"
#include "gemel/metrics/resampled_pairs.hpp"
#include "gemel/verification/calibration.hpp"
#include "gemel/verification/claims.hpp"

// Thresholds for 1:N identification. A stranger is compared with everyone in the gallery, and it is enough that one
// person matches by mistake: where a claim has a FAR of 1 %, 63 % of all strangers match someone among 100 persons. The
// rate that counts is the false positive identification rate (FPIR, ISO/IEC 19795-1): the share of the strangers who
// match anyone. It grows with the gallery, so the threshold depends on the gallery's size.

namespace gemel {

/// The threshold for galleries up to a size.
struct SizeThreshold {
  Index size = 0;          ///< The largest number of persons that it is for.
  double threshold = 0;    ///< Accepts scores up to this one; -infinity rejects everyone.
  double fpir = 0;         ///< The FPIR of a gallery of `size` persons on the trials, in [0, 1].
  Interval interval = {};  ///< A confidence interval of that rate for other strangers and persons.
};

/// Thresholds by the size of the gallery. `calibrate_identification` makes it.
class IdentificationCalibration {
 public:
  /// No thresholds: everyone is unknown.
  IdentificationCalibration() = default;
  /// Thresholds for ascending sizes, for a FPIR of at most `fpir`. Throws ValueError unless the sizes ascend from 1 or
  /// more, no threshold is NaN or +infinity or grows with the size, and all rates are in [0, 1] (an interval may be
  /// NaN).
  IdentificationCalibration(double fpir, std::vector<SizeThreshold> sizes, std::string method)
      : fpir_(fpir), sizes_(std::move(sizes)), method_(std::move(method)) {
    const auto is_rate = [](double rate) { return rate >= 0 && rate <= 1; };
    if (!is_rate(fpir)) throw ValueError({"a false positive identification rate of ", fpir, " is not in [0, 1]"});
    for (std::size_t i = 0; i < sizes_.size(); ++i) {
      const SizeThreshold& entry = sizes_[i];
      const Index before = i == 0 ? 0 : sizes_[i - 1].size;
      if (entry.size <= before) throw ValueError({"the gallery's size ", entry.size, " follows ", before});
      if (!(entry.threshold < std::numeric_limits<double>::infinity()) ||
          (i > 0 && entry.threshold > sizes_[i - 1].threshold)) {
        throw ValueError({"the threshold ", entry.threshold, " for a gallery of ", entry.size,
                          " is NaN, infinite or larger than that of a smaller gallery"});
      }
      const Interval& interval = entry.interval;
      if (!is_rate(entry.fpir) || (!std::isnan(interval.low) && !is_rate(interval.low)) ||
          (!std::isnan(interval.high) && !is_rate(interval.high))) {
        throw ValueError({"a rate for a gallery of ", entry.size, " is not in [0, 1]"});
      }
    }
  }

  /// Whether there are thresholds.
  explicit operator bool() const { return !sizes_.empty(); }
  /// The rate that the thresholds are for.
  double fpir() const { return fpir_; }
  /// The thresholds, by ascending size.
  const std::vector<SizeThreshold>& sizes() const { return sizes_; }
  /// Text that tells how the thresholds were set.
  const std::string& method() const { return method_; }

  /// The threshold for a gallery of this many persons: the one for the next larger size that is listed, which is at
  /// most slightly too strict. Throws ValueError if the size is larger than all that are listed.
  const SizeThreshold& at(Index size) const {
    for (const SizeThreshold& entry : sizes_) {
      if (entry.size >= size) return entry;
    }
    if (sizes_.empty()) throw ValueError("the identification is not calibrated: see calibrate_identification");
    throw ValueError({"the identification is calibrated for galleries of at most ", sizes_.back().size,
                      " persons, but this one has ", size, ": calibrate it for more"});
  }

 private:
  double fpir_ = 0;
  std::vector<SizeThreshold> sizes_ = {};
  std::string method_ = {};
};

/// Options of calibrate_identification.
struct IdentificationOptions {
  double fpir = 0.01;             ///< The maximum false positive identification rate, in (0, 1).
  Index largest = 1000;           ///< The largest gallery to set a threshold for, as far as there are persons.
  IntervalOptions interval = {};  ///< Options of the intervals; `identities` is not used.
};

namespace detail {

/// 1, 2, 3, 5, 7, 10, 15, 20, 30, … and, as the last one, `largest`.
inline std::vector<Index> gallery_sizes(Index largest) {
  std::vector<Index> sizes;
  for (Index unit = 1;; unit *= 10) {
    for (const Index step : {10, 15, 20, 30, 50, 70}) {
      const Index size = unit * step / 10;
      if (size >= largest || unit > largest) {
        sizes.push_back(largest);
        return sizes;
      }
      if (sizes.empty() || size > sizes.back()) sizes.push_back(size);
    }
  }
}

/// The probability that at least one of N persons, drawn from M without repetition, is one of `a` certain persons of
/// them: 1 - C(M - a, N) / C(M, N).
inline double probability_of_any(Index a, Index drawn, Index all) {
  double none = 1;
  for (Index j = 0; j < a && none > 0; ++j) {
    none *= std::max(0.0, static_cast<double>(all - drawn - j) / static_cast<double>(all - j));
  }
  return 1 - none;
}

/// Numbers values 0, 1, … in the order in which they are asked for.
class Numbering {
 public:
  /// Takes all values that will be asked for.
  explicit Numbering(std::vector<Index> values) : values_(std::move(values)) {
    std::sort(values_.begin(), values_.end());
    values_.erase(std::unique(values_.begin(), values_.end()), values_.end());
    numbers_.assign(values_.size(), -1);
  }

  /// The number of a value.
  Index of(Index value) {
    Index& number =
        numbers_[static_cast<std::size_t>(std::lower_bound(values_.begin(), values_.end(), value) - values_.begin())];
    if (number < 0) number = unused();
    return number;
  }
  /// A number that stands for no value.
  Index unused() { return count_++; }
  /// How many numbers there are.
  Index count() const { return count_; }

 private:
  std::vector<Index> values_;   // ascending
  std::vector<Index> numbers_;  // of these values; -1: not asked for yet
  Index count_ = 0;
};

/// The impostors' trials by probe. Only they say how often strangers match.
class Strangers {
 public:
  explicit Strangers(const Trials& trials) {
    if (length(trials.identities) != trials.size() || trials.labels.size() != trials.size() ||
        length(trials.samples) != trials.size()) {
      throw ShapeError({"there are ", trials.size(), " scores, ", trials.labels.size(), " labels, ",
                        trials.identities.size(), " identities and ", trials.samples.size(),
                        " samples: each trial needs one of each"});
    }
    std::vector<std::pair<Index, Index>> order;  // the probe and the index of each impostor's trial
    std::vector<Index> all_persons, all_claimed;
    for (Index i = 0; i < trials.size(); ++i) {
      const auto at = static_cast<std::size_t>(i);
      if (std::isnan(trials.scores[at])) throw NonFiniteError("a score is NaN", {.pair = i});
      if (trials.labels[i]) continue;
      order.emplace_back(trials.samples[at], i);
      all_claimed.push_back(trials.identities[at].first);
      all_persons.push_back(trials.identities[at].second);
    }
    if (order.empty()) throw ValueError("there is no impostor's trial, so nothing tells how often strangers match");
    std::sort(order.begin(), order.end());
    Numbering persons{std::move(all_persons)}, claimed{std::move(all_claimed)};
    for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
      const Index probe = order[begin].first;
      std::vector<Trial> its;
      std::vector<Index> with;
      for (; end < order.size() && order[end].first == probe; ++end) {
        const auto at = static_cast<std::size_t>(order[end].second);
        its.push_back({trials.scores[at], trials.identities[at].first});
        with.push_back(its.back().claimed);
      }
      std::sort(with.begin(), with.end());
      if (const auto twice = std::adjacent_find(with.begin(), with.end()); twice != with.end()) {
        throw ValueError({"the probe is compared more than once with person ", *twice}, {.sample = probe});
      }
      std::sort(its.begin(), its.end());
      for (Trial& trial : its) {
        trial.claimed = claimed.of(trial.claimed);
        scores_.push_back(trial.score);
      }
      fewest_ = probes_.empty() ? length(its) : std::min(fewest_, length(its));
      const Index person = trials.identities[static_cast<std::size_t>(order[end - 1].second)].second;
      // An unknown stranger is a person of its own.
      probes_.push_back({person == PairIdentity::unknown ? persons.unused() : persons.of(person), std::move(its)});
    }
    persons_ = persons.count();
    claimed_ = claimed.count();
    std::sort(scores_.begin(), scores_.end());
    scores_.erase(std::unique(scores_.begin(), scores_.end()), scores_.end());
  }

  /// The number of probes, and the number of persons whom each of them was compared with, at least.
  Index probes() const { return length(probes_); }
  Index fewest_persons() const { return fewest_; }

  /// The FPIR of a gallery of `size` persons at a threshold.
  double fpir(Index size, double threshold) const {
    double sum = 0;
    for (const Probe& probe : probes_) {
      const auto end = std::upper_bound(probe.trials.begin(), probe.trials.end(), threshold,
                                        [](double t, const Trial& trial) { return t < trial.score; });
      sum += probability_of_any(end - probe.trials.begin(), size, length(probe.trials));
    }
    return sum / static_cast<double>(probes_.size());
  }

  /// The largest threshold with a FPIR of at most the given one, midway to the next score; -infinity if there is none.
  double threshold(Index size, double most) const {
    std::size_t low = 0, high = scores_.size();  // the number of distinct scores that are accepted
    while (low < high) {
      const std::size_t middle = low + (high - low + 1) / 2;
      if (fpir(size, scores_[middle - 1]) <= most * (1 + 1e-12)) {  // rounding must not decide where both are equal
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    if (low == 0) return -std::numeric_limits<double>::infinity();
    if (low == scores_.size()) return scores_.back();
    const double middle = std::midpoint(scores_[low - 1], scores_[low]);
    return middle < scores_[low] ? middle : scores_[low - 1];
  }

  /// The percentile interval of the FPIR by a bootstrap that draws the strangers and, independently, the persons whom
  /// they are compared with (Owen and Eckles, Annals of Applied Statistics 6, 2012). For galleries of almost all of the
  /// persons, it is wider than necessary.
  Interval interval(Index size, double threshold, const IntervalOptions& options) const {
    check(options);
    const double estimate = fpir(size, threshold);
    if (estimate == 0) {
      Interval none = wilson_interval(0, persons_, options.confidence);
      none.method = format({"Wilson score of no match of ", persons_, " strangers"});
      return none;
    }
    std::vector<double> rates;
    std::vector<Index> times_stranger(static_cast<std::size_t>(persons_)),
        times_claimed(static_cast<std::size_t>(claimed_));
    for (Index replicate = 0; replicate < options.replicates; ++replicate) {
      if (stop_requested(options.stop)) return ResampledPairs::stopped();
      Rng rng{options.seed, static_cast<std::uint64_t>(replicate)};
      const auto draw = [&rng](std::vector<Index>& times) {
        std::fill(times.begin(), times.end(), 0);
        for (std::size_t i = 0; i < times.size(); ++i) ++times[static_cast<std::size_t>(rng.below(length(times)))];
      };
      draw(times_stranger);
      draw(times_claimed);
      double sum = 0, count = 0;
      for (const Probe& probe : probes_) {
        const Index times = times_stranger[static_cast<std::size_t>(probe.person)];
        if (times == 0) continue;
        Index accepted = 0;
        for (const Trial& trial : probe.trials) {
          if (!(trial.score <= threshold)) break;
          accepted += times_claimed[static_cast<std::size_t>(trial.claimed)];
        }
        // The persons are drawn with repetition, so that more than all could be accepted.
        accepted = std::min(accepted, length(probe.trials));
        sum += static_cast<double>(times) * probability_of_any(accepted, size, length(probe.trials));
        count += static_cast<double>(times);
      }
      rates.push_back(count == 0 ? 0 : sum / count);
    }
    // A replicate lacks a third of the persons, so a large gallery has fewer matches in it than among the trials. The
    // rates are scaled so that their mean is the FPIR of the trials.
    const double mean = std::accumulate(rates.begin(), rates.end(), 0.0) / static_cast<double>(rates.size());
    const double scale = mean > 0 ? estimate / mean : 1;
    for (double& rate : rates) rate = std::min(1.0, scale * rate);
    return percentile_interval(std::move(rates), options.confidence,
                               format({"bootstrap over ", persons_, " strangers and ", claimed_, " enrolled persons, ",
                                       options.replicates, " replicates"}));
  }

 private:
  struct Trial {
    double score;
    Index claimed;
    bool operator<(const Trial& other) const {
      return score != other.score ? score < other.score : claimed < other.claimed;
    }
  };
  struct Probe {
    Index person;
    std::vector<Trial> trials;  // ascending scores
  };

  std::vector<Probe> probes_;
  std::vector<double> scores_;  // distinct, ascending
  Index fewest_ = 0, persons_ = 0, claimed_ = 0;
};

}  // namespace detail

/// Sets thresholds for galleries of 1, 2, 3, 5, … persons, up to IdentificationOptions::largest or, if they are fewer,
/// the number of persons with whom each stranger was compared. Each is the largest threshold with an estimated FPIR of
/// at most IdentificationOptions::fpir. Only impostors' trials count: compare each stranger with as many enrolled
/// persons as possible (`all_claims`). For a gallery of N of the M persons with whom a stranger was compared, `a` of
/// them with scores up to the threshold, the probability of a match is
///
///   1 - C(M - a, N) / C(M, N)
///
/// and the FPIR is its mean over the strangers. No independence of one stranger's scores is assumed.
///
/// Throws ValueError if `fpir` is not in (0, 1), there are fewer strangers than 1 / fpir or no impostor's trial, a
/// stranger is compared twice with the same person, or an option is out of range; ShapeError if the trials' lists
/// differ in length; NonFiniteError if a score is NaN.
[[gnu::cold]] inline IdentificationCalibration calibrate_identification(const Trials& trials,
                                                                        const IdentificationOptions& options = {}) {
  const Index needed = dissimilar_pairs_needed(options.fpir);
  if (options.largest < 1) throw ValueError({"the largest gallery is ", options.largest, ", but must be at least 1"});
  const detail::Strangers strangers{trials};
  if (strangers.probes() < needed) {
    throw ValueError({"thresholds for a false positive identification rate of ", options.fpir, " need at least ",
                      needed, " strangers, but the trials have ", strangers.probes()});
  }
  std::vector<SizeThreshold> sizes;
  for (const Index size : detail::gallery_sizes(std::min(options.largest, strangers.fewest_persons()))) {
    const double threshold = strangers.threshold(size, options.fpir);
    sizes.push_back({size, threshold, std::min(options.fpir, strangers.fpir(size, threshold)),
                     strangers.interval(size, threshold, options.interval)});
  }
  return {options.fpir, std::move(sizes),
          format({"thresholds for a FPIR of at most ", options.fpir, " on ", strangers.probes(),
                  " strangers, each against ", strangers.fewest_persons(), " or more persons"})};
}

/// Thresholds for identification from a calibration of pairs or claims, if no trials of strangers are at hand. It takes
/// the scores of one stranger for independent, so that the FPIR of N persons is 1 - (1 - FAR)^N, which is usually too
/// large, and so the threshold too strict. Where the calibration cannot show as small a FAR, the threshold is the
/// strictest that it knows, which accepts none of its dissimilar pairs. There are no intervals. Throws ValueError if
/// `fpir` is not in (0, 1), `largest` is less than 1, or the calibration has no `far_points`.
[[gnu::cold]] inline IdentificationCalibration identification_from(const Calibration& calibration, double fpir = 0.01,
                                                                   Index largest = 1000) {
  if (!(fpir > 0 && fpir < 1)) {
    throw ValueError({"a false positive identification rate lies between 0 and 1, but ", fpir, " was given"});
  }
  if (largest < 1) throw ValueError({"the largest gallery is ", largest, ", but must be at least 1"});
  constexpr double none = std::numeric_limits<double>::quiet_NaN();
  std::vector<SizeThreshold> sizes;
  for (const Index size : detail::gallery_sizes(largest)) {
    const FarPoint& point = calibration.point_at(-std::expm1(std::log1p(-fpir) / static_cast<double>(size)));
    sizes.push_back({size,
                     point.threshold,
                     -std::expm1(std::log1p(-point.far) * static_cast<double>(size)),
                     {none, none, "none: scores taken for independent"}});
  }
  return {fpir, std::move(sizes),
          format({"thresholds for a FPIR of at most ", fpir, " from the calibration of pairs (", calibration.method,
                  "), scores of one stranger taken for independent"})};
}

}  // namespace gemel
