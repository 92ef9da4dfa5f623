#pragma once

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/format.hpp"
#include "gemel/core/labels.hpp"
#include "gemel/core/types.hpp"
#include "gemel/metrics/interval.hpp"
#include "gemel/metrics/jackknife.hpp"
#include "gemel/metrics/resampled_pairs.hpp"
#include "gemel/metrics/roc.hpp"
#include "gemel/metrics/wilson_interval.hpp"

namespace gemel {

/// The prediction interval of FAR(threshold) among `people` other people: where the rate of the pairs of so many new
/// people will lie with the probability IntervalOptions::confidence, as far as the given pairs and their people tell.
/// It is wider than the confidence interval, `far_interval`, which is about the rate among all people there are. Use it
/// before a test, to say what is to be expected of it, or after a test, to see whether its result agrees with that.
///
/// It adds the variance of the rate among the given people, by a jackknife that leaves out each of them in turn, to
/// that among the new ones, on the scale 2 * asin(sqrt(rate)), with Student's distribution. If none or all of the
/// dissimilar pairs are accepted, the jackknife has no spread, and the variance is that of Wilson's interval with one
/// trial per person. With fewer than three people, or if without one of them no dissimilar pair is left, the pairs tell
/// nothing about others, and the interval is [0, 1].
///
/// On made-up distances that depend on both people, on how alike they are, or only on the pair, 95 % intervals
/// contained the rate of the new people in 93 to 100 % of the sets, at FARs of 1 and 5 %, for 3 to 150 people and 3 to
/// 150 new ones. If the new people are fewer than the given ones, the interval is wider than necessary for most
/// distances.
///
/// Time: that of sorting the pairs. Throws what `far_interval` throws, and ValueError without
/// IntervalOptions::identities or with fewer than two new people.
template <class Distances = std::initializer_list<double>>
Interval far_prediction(const Distances& distances, const Labels& labels, double threshold, Index people,
                        IntervalOptions options) {
  options.replicates = std::numeric_limits<Index>::max();  // a jackknife needs none
  if (people < 2) throw ValueError({"a prediction is for at least 2 people, but ", people, " were asked for"});
  const detail::ResampledPairs pairs{detail::as_doubles(distances), labels, options, threshold};
  if (std::isnan(threshold)) throw ValueError("the threshold is NaN");
  if (options.identities.empty()) throw ValueError("a prediction for other people needs the identities of the pairs");
  const Index known = pairs.people(), accepted = pairs.accepted(threshold);
  const std::vector<double> without = pairs.by_identity() ? pairs.far_without_each(threshold) : std::vector<double>{};
  if (without.empty() || std::any_of(without.begin(), without.end(), [](double rate) { return std::isnan(rate); })) {
    return {.low = 0, .high = 1, .method = format({"none: ", known, " identities tell nothing about others"})};
  }
  const detail::Jackknife jackknife{pairs.far(threshold), without};
  if (accepted > 0 && accepted < pairs.dissimilar()) return jackknife.prediction(people, options.confidence);
  const double most = detail::to_angle(wilson_interval(0, known, options.confidence).high);
  const double end = detail::from_angle(most * detail::prediction_factor(known, people));
  return {.low = accepted == 0 ? 0 : 1 - end,
          .high = accepted == 0 ? end : 1,
          .method = format({"prediction for ", people, " people, Wilson score of ", known, " identities"})};
}

}  // namespace gemel
