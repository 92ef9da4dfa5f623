#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/format.hpp"
#include "gemel/core/labels.hpp"
#include "gemel/core/types.hpp"

namespace gemel {

/// The error rates at a threshold.
struct RocPoint {
  double threshold;  ///< Pairs with a distance up to this one are accepted.
  double far;        ///< False accept rate: the fraction of the dissimilar pairs that is accepted, in [0, 1].
  double frr;        ///< False reject rate: the fraction of the similar pairs that is rejected, in [0, 1].
};

namespace detail {

/// The error rate at which the segment between two points of the curve meets FAR = FRR. At the first point far < frr,
/// and at the second one next_far >= next_frr.
inline double equal_error(double far, double frr, double next_far, double next_frr) {
  const double before = frr - far;
  const double beyond = next_far - next_frr;
  return std::fma(next_far - far, before / (before + beyond), far);
}

/// Throws NonFiniteError for the first distance that is NaN or infinite; ShapeError if there are not as many distances
/// as labels; ValueError if one of the two classes is missing, or there are more than 2^32 pairs.
inline void check_distances(std::span<const double> distances, const Labels& labels) {
  if (length(distances) != labels.size()) {
    throw ShapeError({"there are ", distances.size(), " distances, but ", labels.size(),
                      " labels: one label per distance is needed"});
  }
  if (distances.empty()) throw ValueError("there are no pairs: similar and dissimilar ones are needed");
  constexpr std::int64_t max_pairs = std::int64_t{1} << 32;  // so that products of their counts fit into 64 bits
  if (length(distances) > max_pairs) {
    throw ValueError({"there are ", distances.size(), " pairs, but a curve has ", max_pairs, " at most: take a part"});
  }
  for (std::size_t i = 0; i < distances.size(); ++i) {
    if (!std::isfinite(distances[i])) {
      throw NonFiniteError({"the distance is ", std::isnan(distances[i]) ? "NaN" : "infinite",
                            ": look for such values in the pair's samples and in the model's parameters"},
                           Place{.pair = static_cast<Index>(i)});
    }
  }
  const auto is_similar = labels.span();
  const Index similar = std::count(is_similar.begin(), is_similar.end(), 1);
  if (similar == 0 || similar == labels.size()) {
    throw ValueError({"all ", labels.size(), " pairs are ", similar == 0 ? "dissimilar" : "similar",
                      ": error rates need pairs of both classes"});
  }
}

template <class Distances>
std::vector<double> as_doubles(const Distances& distances) {
  return {std::begin(distances), std::end(distances)};
}

}  // namespace detail

/// The receiver operating characteristic (ROC) of pairs: their error rates at every threshold t, where a pair is
/// accepted as similar if its distance is at most t.
///
///   FAR(t)  false accept rate: accepted dissimilar pairs / dissimilar pairs, a fraction in [0, 1]
///   FRR(t)  false reject rate: rejected similar pairs / similar pairs, a fraction in [0, 1]
///
/// The distances are sorted once. Equal distances are one step of the curve, so that ties count correctly (if all
/// distances are equal, the AUC is 0.5). The EER and the best accuracy are found by comparing integer counts, so that
/// rounding breaks no ties; threshold_at_far compares rates in double. All thresholds found are distances of these
/// pairs, or -infinity, which rejects every pair. `midway` moves such a threshold to where it decides new pairs better.
class Roc {
 public:
  /// The ROC of pairs with the given distances (any range of float or double, or an Eigen vector) and labels, one per
  /// distance. Throws ShapeError if the numbers of distances and labels differ; NonFiniteError if a distance is NaN or
  /// infinite (`place().pair` is its index); ValueError if there are no pairs, pairs of only one class, or more than
  /// 2^32 pairs.
  template <class Distances = std::initializer_list<double>>
  Roc(const Distances& distances, const Labels& labels);

  Index similar() const { return steps_.back().similar; }        ///< The number of similar pairs.
  Index dissimilar() const { return steps_.back().dissimilar; }  ///< The number of dissimilar pairs.

  /// The false accept rate at this threshold, in [0, 1]. Throws ValueError if the threshold is NaN.
  double far(double threshold) const { return far(step_at(threshold)); }

  /// The false reject rate at this threshold, in [0, 1]. Throws ValueError if the threshold is NaN.
  double frr(double threshold) const { return frr(step_at(threshold)); }

  /// The fraction of all pairs that is decided correctly at this threshold, in [0, 1]. Throws ValueError if the
  /// threshold is NaN.
  double accuracy(double threshold) const { return accuracy(step_at(threshold)); }

  /// The highest accuracy that any threshold reaches, in [0, 1].
  double best_accuracy() const { return accuracy(*best()); }

  /// The smallest threshold that reaches the best accuracy: a distance, or -infinity, which rejects every pair.
  double best_threshold() const { return best()->threshold; }

  /// The area under the curve (AUC), in [0, 1]: the probability that a similar pair has a smaller distance than a
  /// dissimilar pair, where a tie counts one half (the Mann-Whitney statistic; Hanley and McNeil, Radiology 143, 1982).
  double auc() const {
    double twice = 0;
    for (auto step = steps_.begin() + 1; step != steps_.end(); ++step) {
      const auto before = step - 1;
      twice = std::fma(static_cast<double>(step->dissimilar - before->dissimilar),
                       static_cast<double>(step->similar + before->similar), twice);
    }
    return twice / 2 / (static_cast<double>(similar()) * static_cast<double>(dissimilar()));
  }

  /// The equal error rate (EER), a fraction in [0, 1]: the rate at which the piecewise linear curve through the points
  /// (FAR, FRR), which begins at (0, 1), meets the line FAR = FRR.
  double eer() const {
    const auto step = crossing();
    return detail::equal_error(far(*(step - 1)), frr(*(step - 1)), far(*step), frr(*step));
  }

  /// The distance at which |FAR - FRR| is smallest; of two such distances, the smaller one.
  double eer_threshold() const {
    const auto step = crossing();
    const auto before = step - 1;
    return (before != steps_.begin() && -difference(*before) <= difference(*step) ? before : step)->threshold;
  }

  /// The largest distance with FAR <= x, or -infinity, which rejects every pair, if FAR > x even at the smallest
  /// distance. Throws ValueError unless x is in [0, 1].
  double threshold_at_far(double x) const {
    if (!(x >= 0 && x <= 1)) {
      throw ValueError({"a false accept rate lies within 0 and 1, but ", x, " was given"});
    }
    const auto above = std::find_if(steps_.begin(), steps_.end(), [&](const Step& step) { return far(step) > x; });
    return (above - 1)->threshold;
  }

  /// A threshold for new pairs of the same kind. It decides these pairs like the given one, but is midway between the
  /// largest accepted and the smallest rejected distance, because the largest accepted distance itself would reject a
  /// new similar pair that is only slightly farther apart. If no pair is rejected, or there is no double between the
  /// two distances, the result is the largest accepted distance; if no pair is accepted, it is -infinity. Throws
  /// ValueError if the threshold is NaN.
  double midway(double threshold) const {
    const Step& last_accepted = step_at(threshold);
    if (&last_accepted == &steps_.back()) return last_accepted.threshold;
    const double first_rejected = (&last_accepted + 1)->threshold;
    const double middle = std::midpoint(last_accepted.threshold, first_rejected);
    return middle < first_rejected ? middle : last_accepted.threshold;
  }

  /// The points of the curve, for plotting, in ascending order of their thresholds. The first point has the threshold
  /// -infinity, FAR 0 and FRR 1; then there is one point per distinct distance.
  std::vector<RocPoint> points() const {
    std::vector<RocPoint> points;
    points.reserve(steps_.size());
    for (const Step& step : steps_) points.push_back({step.threshold, far(step), frr(step)});
    return points;
  }

 private:
  /// The numbers of similar and dissimilar pairs with a distance of at most `threshold`.
  struct Step {
    double threshold;
    Index similar;
    Index dissimilar;
  };
  using Steps = std::vector<Step>;

  static double ratio(Index part, Index whole) { return static_cast<double>(part) / static_cast<double>(whole); }
  double far(const Step& step) const { return ratio(step.dissimilar, dissimilar()); }
  double frr(const Step& step) const { return ratio(similar() - step.similar, similar()); }
  Index correct(const Step& step) const { return step.similar + dissimilar() - step.dissimilar; }
  double accuracy(const Step& step) const { return ratio(correct(step), similar() + dissimilar()); }

  const Step& step_at(double threshold) const {
    if (std::isnan(threshold)) throw ValueError("the threshold is NaN");
    const auto below = [](double t, const Step& step) { return t < step.threshold; };
    return *(std::upper_bound(steps_.begin(), steps_.end(), threshold, below) - 1);
  }
  Steps::const_iterator best() const {
    const auto worse = [this](const Step& a, const Step& b) { return correct(a) < correct(b); };
    return std::max_element(steps_.begin(), steps_.end(), worse);
  }
  /// (FAR - FRR) * similar() * dissimilar(), which is an integer.
  std::int64_t difference(const Step& step) const {
    const std::int64_t all_similar = similar(), all_dissimilar = dissimilar();
    return step.dissimilar * all_similar - (all_similar - step.similar) * all_dissimilar;
  }
  /// The first step with FAR >= FRR. It is not steps_[0], where FAR = 0 and FRR = 1, and it exists, because FAR = 1 and
  /// FRR = 0 at the last step.
  Steps::const_iterator crossing() const {
    return std::find_if(steps_.begin(), steps_.end(), [this](const Step& step) { return difference(step) >= 0; });
  }

  Steps steps_;
};

template <class Distances>
Roc::Roc(const Distances& distances, const Labels& labels) {
  const std::vector<double> values = detail::as_doubles(distances);
  detail::check_distances(values, labels);
  std::vector<std::pair<double, std::uint8_t>> sorted(values.size());
  for (std::size_t i = 0; i < sorted.size(); ++i) sorted[i] = {values[i], labels.span()[i]};
  std::sort(sorted.begin(), sorted.end());

  steps_.push_back({-std::numeric_limits<double>::infinity(), 0, 0});
  for (const auto& [d, similar] : sorted) {
    if (d != steps_.back().threshold) steps_.push_back({d, steps_.back().similar, steps_.back().dissimilar});
    ++(similar ? steps_.back().similar : steps_.back().dissimilar);
  }
}

namespace detail {

/// A warning if the AUC is below 0.5, else an empty string. A small AUC means that the labels use the opposite
/// convention or that the model ranks the pairs in reverse.
[[gnu::cold]] inline std::string low_auc_warning(const Roc& roc) {
  const double auc = roc.auc();
  if (auc >= 0.5) return {};
  return format({"similar pairs are farther apart than dissimilar ones (AUC ", auc,
                 "): where a label of 1 means dissimilar, say so, Labels{y, OneIsDissimilar}; else the model has not "
                 "learned what these pairs have in common"});
}

}  // namespace detail
}  // namespace gemel
