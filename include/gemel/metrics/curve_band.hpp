#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/labels.hpp"
#include "gemel/core/types.hpp"
#include "gemel/metrics/interval.hpp"
#include "gemel/metrics/normal_deviate.hpp"
#include "gemel/metrics/resampled_pairs.hpp"
#include "gemel/metrics/roc.hpp"

namespace gemel {

/// The curve of error rates with a pointwise confidence band: the false reject rate (FRR) at each false accept rate
/// (FAR) of a grid. All vectors have one element per point of the grid.
struct CurveBand {
  std::vector<double> far = {};   ///< The grid, ascending.
  std::vector<double> frr = {};   ///< The FRR of the pairs, on the piecewise linear curve that Roc::eer uses.
  std::vector<double> low = {};   ///< Lower ends of the intervals of the FRR.
  std::vector<double> high = {};  ///< Upper ends of the intervals of the FRR.
  std::string method = {};        ///< How the band was computed, and what the method assumes.
};

/// The curve of error rates and the confidence interval of its FRR at each of `points` FARs. These are spaced evenly on
/// a logarithmic scale, from the smallest FAR above 0 that the pairs can show, 1 / (dissimilar pairs), but at least
/// 1e-6, to 1.
///
/// Each interval is that of a bootstrap that draws people, of a jackknife that leaves out people, or, if fewer than
/// three people are known, of a bootstrap that draws pairs, as in `eer_interval`. It is about the FRR of the threshold
/// that has the given FAR, which each replicate finds anew. So it includes the uncertainty of both rates, and is wider
/// than the interval of the FRR at a fixed threshold. If no similar pair is rejected, or all of them are, all
/// replicates may have the same FRR. Therefore the band never ends below the upper end of Wilson's interval for no
/// error among the similar pairs, and never begins above the lower end of the interval for only errors.
///
/// The band is pointwise: each interval covers the true FRR at its FAR with the given confidence, but the whole true
/// curve lies within the band less often.
///
/// Time and memory are those of `eer_interval`, and those of replicates * points numbers. If the bootstrap is stopped
/// (IntervalOptions::stop), all elements of `low` and `high` are NaN. Throws what `eer_interval` throws, and ValueError
/// if there are fewer than two points.
template <class Distances = std::initializer_list<double>>
CurveBand curve_band(const Distances& distances, const Labels& labels, const IntervalOptions& options = {},
                     Index points = 100);

/// The curve and its band on the axes of a DET plot: each rate is replaced with its normal deviate. On these axes,
/// normally distributed distances give a straight line (Martin et al., "The DET curve in assessment of detection task
/// performance", Eurospeech 1997). A rate of 0 becomes -infinity, which is off any axis, and NaN stays NaN.
inline CurveBand det(CurveBand band) {
  for (std::vector<double>* rates : {&band.far, &band.frr, &band.low, &band.high}) {
    for (double& rate : *rates) {
      if (!std::isnan(rate)) rate = normal_deviate(rate);
    }
  }
  return band;
}

namespace detail {

/// The FRR of the current replicate at each FAR of an ascending grid.
inline std::vector<double> frr_at(const ResampledPairs& drawn, const std::vector<double>& grid) {
  std::vector<double> rates;
  rates.reserve(grid.size());
  const std::int64_t similar = drawn.similar(), dissimilar = drawn.dissimilar();
  double far = 0, frr = 1;
  drawn.walk([&](std::int64_t accepted, std::int64_t rejected) {
    const double next_far = ResampledPairs::ratio(accepted, dissimilar),
                 next_frr = ResampledPairs::ratio(rejected, similar);
    for (; rates.size() < grid.size() && grid[rates.size()] < next_far;) {
      rates.push_back(std::fma((grid[rates.size()] - far) / (next_far - far), next_frr - frr, frr));
    }
    far = next_far;
    frr = next_frr;
    return rates.size() < grid.size();
  });
  rates.resize(grid.size(), 0.0);  // the last step accepts all pairs
  return rates;
}

inline std::vector<double> far_grid(Index dissimilar, Index points) {
  const double lowest = std::max(1 / static_cast<double>(dissimilar), 1e-6);
  std::vector<double> grid;
  for (Index i = 0; i + 1 < points; ++i) {
    grid.push_back(std::pow(lowest, 1 - static_cast<double>(i) / static_cast<double>(points - 1)));
  }
  grid.push_back(1);
  return grid;
}

}  // namespace detail

template <class Distances>
CurveBand curve_band(const Distances& distances, const Labels& labels, const IntervalOptions& options, Index points) {
  if (points < 2) throw ValueError({"a curve has at least two points, but ", points, " were asked for"});
  detail::ResampledPairs pairs{detail::as_doubles(distances), labels, options};
  CurveBand band{.far = detail::far_grid(pairs.dissimilar(), points)};
  band.frr = detail::frr_at(pairs, band.far);
  const Index trials = pairs.independent(true);
  const Interval no_error = wilson_interval(0, trials, options.confidence);
  const Interval only_errors = wilson_interval(trials, trials, options.confidence);
  std::vector<std::vector<double>> rates(band.far.size());  // of all replicates at each point
  const bool complete = pairs.each_replicate([&] {
    const std::vector<double> drawn = detail::frr_at(pairs, band.far);
    for (std::size_t i = 0; i < drawn.size(); ++i) rates[i].push_back(drawn[i]);
  });
  for (std::size_t i = 0; i < rates.size(); ++i) {
    Interval interval = complete ? pairs.interval_of(band.frr[i], std::move(rates[i])) : pairs.stopped();
    if (complete) {
      interval.low = std::min(interval.low, only_errors.low);
      interval.high = std::max(interval.high, no_error.high);
    }
    band.low.push_back(interval.low);
    band.high.push_back(interval.high);
    band.method = std::move(interval.method);
  }
  return band;
}

}  // namespace gemel
