#pragma once

#include <algorithm>
#include <cmath>
#include <initializer_list>

#include "gemel/core/error.hpp"
#include "gemel/core/format.hpp"
#include "gemel/core/labels.hpp"
#include "gemel/core/types.hpp"
#include "gemel/metrics/resampled_pairs.hpp"
#include "gemel/metrics/roc.hpp"
#include "gemel/metrics/wilson_interval.hpp"

namespace gemel {

/// The confidence interval of FAR(threshold), the false accept rate at a threshold. It is computed in one of three
/// ways:
///
/// - With the identities of at least ten people, it is the percentile interval of a bootstrap that draws people, not
///   pairs, with replacement. A pair of two people who are drawn m and n times counts m * n times; a pair of one person
///   who is drawn m times, or of that person and an unknown one, counts m times.
/// - With three to nine people, it is the interval of a jackknife: the spread of the rates without each one of them, on
///   the scale 2 * asin(sqrt(rate)), times the quantile of Student's distribution. A bootstrap would often draw two or
///   three people only. The interval contains that of the next item. If none or all of the dissimilar pairs are
///   accepted, it is Wilson's interval with one trial for each pair of people.
/// - Otherwise it is Wilson's interval, which assumes that the pairs are independent. It is used if there are no
///   identities or fewer than three people, if one of three to nine people has all dissimilar pairs, or if none or all
///   of the dissimilar pairs of ten or more people are accepted (all replicates would then have the same rate).
///
/// For the bootstrap of people see Bolle, Ratha and Pankanti, Computer Vision and Image Understanding 93, 2004; for the
/// products of both sides' counts see Owen and Eckles, Annals of Applied Statistics 6, 2012. Owen and Eckles draw the
/// two sides separately, while here both are drawn from the same people. They show that such an interval, if not exact,
/// is too wide rather than too narrow. With few people or few accepted pairs, it is too narrow all the same: on made-up
/// forgeries, ten for each person, 95 % intervals covered the true FAR in 93 to 95 % of 500 sets of 25 or more people,
/// but in 89 to 90 % of the sets of ten people, and of those of 40 people of whose 400 forgeries about four are
/// accepted. For the jackknife see Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 11, and
/// Cameron and Miller, Journal of Human Resources 50, 2015. On made-up distances that depend on both people, its 95 %
/// intervals covered the true FAR in 86 to 100 %, and those of the EER the true EER in 98 to 100 % of 500 sets of three
/// to nine people; a bootstrap covered them in 42 to 91 % and in 61 to 100 %.
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
///   would have the EER 0. With three to nine people, a trial of it is a pair of people, as in far_interval.
/// - Otherwise, with the identities of at least ten people, it is the percentile interval of a bootstrap that draws
///   people, and with those of three to nine people the interval of a jackknife, both as in far_interval.
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

/// Wilson's interval of no error, or of only errors, which has a width although all replicates have the same rate.
inline Interval interval_without_spread(const ResampledPairs& pairs, Index errors, Index trials, double confidence) {
  Interval interval = wilson_interval(errors, trials, confidence);
  if (pairs.leaves_out()) interval.method = format({"Wilson score of ", trials, " pairs of people"});
  return interval;
}

/// The interval of a jackknife, made as wide as that of independent pairs where the rates without each person happen to
/// be nearly equal. The interval of a bootstrap stays as it is.
inline Interval at_least(const ResampledPairs& pairs, Interval interval, const Interval& independent) {
  if (pairs.leaves_out() && !std::isnan(interval.low)) {  // NaN: it was stopped
    interval.low = std::min(interval.low, independent.low);
    interval.high = std::max(interval.high, independent.high);
  }
  return interval;
}

}  // namespace detail

template <class Distances>
Interval far_interval(const Distances& distances, const Labels& labels, double threshold,
                      const IntervalOptions& options) {
  detail::ResampledPairs pairs{detail::as_doubles(distances), labels, options, threshold};
  if (std::isnan(threshold)) throw ValueError("the threshold is NaN");
  const Index accepted = pairs.accepted(threshold), dissimilar = pairs.dissimilar();
  if (accepted == 0 || accepted == dissimilar) {
    const Index trials = pairs.independent(false);
    return detail::interval_without_spread(pairs, accepted == 0 ? 0 : trials, trials, options.confidence);
  }
  Interval independent = wilson_interval(accepted, dissimilar, options.confidence);
  if (!pairs.by_identity()) return independent;
  const auto rate = [threshold](const detail::ResampledPairs& drawn) { return drawn.far(threshold); };
  return detail::at_least(pairs, pairs.interval(rate), independent);
}

template <class Distances>
Interval eer_interval(const Distances& distances, const Labels& labels, const IntervalOptions& options) {
  detail::ResampledPairs pairs{detail::as_doubles(distances), labels, options};
  const double eer = pairs.eer();
  if (eer == 0) {
    const Index trials = std::min(pairs.independent(true), pairs.independent(false));
    return detail::interval_without_spread(pairs, 0, trials, options.confidence);
  }
  const Index smaller = std::min(pairs.similar(), pairs.dissimilar());
  const auto errors = static_cast<Index>(std::llround(eer * static_cast<double>(smaller)));
  const Interval independent = wilson_interval(errors, smaller, options.confidence);
  const auto rate = [](const detail::ResampledPairs& drawn) { return drawn.eer(); };
  return detail::at_least(pairs, pairs.interval(rate), independent);
}

}  // namespace gemel
