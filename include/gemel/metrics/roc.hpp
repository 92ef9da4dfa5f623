#pragma once

#include <algorithm>
#include <cmath>
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

/// What a threshold costs: of the dissimilar pairs the share it accepts, of the similar ones the share it rejects.
struct RocPoint {
  double threshold;
  double far;
  double frr;
};

namespace detail {

/// Where the segment between two points of the curve meets FAR = FRR. The first lies before it (far < frr), the second
/// on it or beyond.
inline double equal_error(double far, double frr, double next_far, double next_frr) {
  const double before = frr - far;
  const double beyond = next_far - next_frr;
  return std::fma(next_far - far, before / (before + beyond), far);
}

/// Throws NonFiniteError for the first distance that is NaN or infinite, ShapeError where there are not as many
/// distances as labels, ValueError where one of the two classes is missing.
inline void check_distances(std::span<const double> distances, const Labels& labels) {
  if (length(distances) != labels.size()) {
    throw ShapeError(
        {"there are ", distances.size(), " distances, but ", labels.size(), " labels: one label a distance is needed"});
  }
  if (distances.empty()) throw ValueError("there are no pairs: similar and dissimilar ones are needed");
  constexpr std::int64_t most_pairs = std::int64_t{1} << 32;  // so that their counts' products fit 64 bits
  if (length(distances) > most_pairs) {
    throw ValueError({"there are ", distances.size(), " pairs, but a curve has ", most_pairs, " at most: take a part"});
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

/// The receiver operating characteristic of a verification by distance: a pair is accepted as similar where its
/// distance d <= t, the threshold.
///
///   FAR(t)  false accept rate: accepted dissimilar pairs / dissimilar pairs
///   FRR(t)  false reject rate: rejected similar pairs / similar pairs
///
/// The distances are sorted once; equal ones are one step of the curve, so that ties count exactly (all equal: AUC
/// 0.5). Rates are compared as the counts that they are made of, so that rounding breaks no tie. Thresholds that are
/// found are distances that occur, or -infinity: accept nothing; `midway` moves one to where other pairs are decided
/// better.
class Roc {
 public:
  /// `distances`: any range of float or double, or an Eigen vector; one label a distance, 1 = similar.
  /// Throws ShapeError where their numbers differ, NonFiniteError for a distance that is NaN or infinite
  /// (`place().pair` is its number), ValueError where there are no pairs, pairs of one class only, or more than 2^32.
  template <class Distances = std::initializer_list<double>>
  Roc(const Distances& distances, const Labels& labels) {
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

  Index similar() const { return steps_.back().similar; }        ///< the number of similar pairs
  Index dissimilar() const { return steps_.back().dissimilar; }  ///< the number of dissimilar pairs

  double far(double threshold) const { return far(step_at(threshold)); }
  double frr(double threshold) const { return frr(step_at(threshold)); }

  /// The share of all pairs that are decided rightly.
  double accuracy(double threshold) const { return accuracy(step_at(threshold)); }
  double best_accuracy() const { return accuracy(*best()); }

  /// The smallest threshold that reaches the best accuracy.
  double best_threshold() const { return best()->threshold; }

  /// The area under the curve: the probability that a similar pair is closer than a dissimilar one, a tie counted as
  /// one half (the Mann-Whitney statistic; Hanley and McNeil, Radiology 143, 1982).
  double auc() const {
    double twice = 0;
    for (auto step = steps_.begin() + 1; step != steps_.end(); ++step) {
      const auto before = step - 1;
      twice = std::fma(static_cast<double>(step->dissimilar - before->dissimilar),
                       static_cast<double>(step->similar + before->similar), twice);
    }
    return twice / 2 / (static_cast<double>(similar()) * static_cast<double>(dissimilar()));
  }

  /// The equal error rate: where the piecewise linear curve through the points (FAR, FRR), which starts at (0, 1),
  /// meets FAR = FRR.
  double eer() const {
    const auto step = crossing();
    return detail::equal_error(far(*(step - 1)), frr(*(step - 1)), far(*step), frr(*step));
  }

  /// The distance whose FAR and FRR are closest to each other; of two that are equally so, the smaller.
  double eer_threshold() const {
    const auto step = crossing();
    const auto before = step - 1;
    return (before != steps_.begin() && -lead(*before) <= lead(*step) ? before : step)->threshold;
  }

  /// The largest distance with FAR <= x, or -infinity, which accepts nothing, where the smallest one has more already.
  /// Throws ValueError where x is not within 0 and 1.
  double threshold_at_far(double x) const {
    if (!(x >= 0 && x <= 1)) {
      throw ValueError({"a false accept rate lies within 0 and 1, but ", x, " was given"});
    }
    const auto above = std::find_if(steps_.begin(), steps_.end(), [&](const Step& step) { return far(step) > x; });
    return (above - 1)->threshold;
  }

  /// The threshold to decide other pairs of the same kind by: it decides these pairs as the given one does, and lies
  /// midway between the largest distance that it accepts and the smallest that it refuses. With the largest accepted
  /// one itself, every new similar pair that is only a little farther apart would be refused. Where nothing is refused,
  /// or no number lies between the two, it is the largest accepted distance; where nothing is accepted, -infinity.
  /// Throws ValueError where the threshold is NaN.
  double midway(double threshold) const {
    const Step& last_accepted = step_at(threshold);
    if (&last_accepted == &steps_.back()) return last_accepted.threshold;
    const double first_rejected = (&last_accepted + 1)->threshold;
    const double middle = std::midpoint(last_accepted.threshold, first_rejected);
    return middle < first_rejected ? middle : last_accepted.threshold;
  }

  /// The curve's points for plotting, by rising threshold: the first is (-infinity, 0, 1), which accepts nothing, then
  /// one a distinct distance.
  std::vector<RocPoint> points() const {
    std::vector<RocPoint> points;
    points.reserve(steps_.size());
    for (const Step& step : steps_) points.push_back({step.threshold, far(step), frr(step)});
    return points;
  }

 private:
  /// How many pairs have a distance of at most `threshold`.
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
  /// FAR - FRR, in units of 1 / (similar dissimilar): a whole number.
  std::int64_t lead(const Step& step) const {
    const std::int64_t all_similar = similar(), all_dissimilar = dissimilar();
    return step.dissimilar * all_similar - (all_similar - step.similar) * all_dissimilar;
  }
  /// The first step with FAR >= FRR; never the first of all, and the last one has it.
  Steps::const_iterator crossing() const {
    return std::find_if(steps_.begin(), steps_.end(), [this](const Step& step) { return lead(step) >= 0; });
  }

  Steps steps_;
};

namespace detail {

/// What to tell of a curve with an AUC below 0.5, where a model, or labels, tell the wrong way round; else empty.
[[gnu::cold]] inline std::string low_auc_warning(const Roc& roc) {
  const double auc = roc.auc();
  if (auc >= 0.5) return {};
  return format({"similar pairs are farther apart than dissimilar ones (AUC ", auc,
                 "): where a label of 1 means dissimilar, say so, Labels{y, OneIsDissimilar}; else the model has not "
                 "learned what these pairs have in common"});
}

}  // namespace detail
}  // namespace gemel
