#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>

#include "gemel/core/types.hpp"
#include "sample.hpp"

// What a query looks like beside a person's templates. A plain embedding describes a signature by itself, and so has to
// learn how much each person varies. Here that is taken from the templates, so what is learnt from some signers holds
// for others.

namespace signature_verification {

/// The means of warped distances, by set of channels: of two templates, and of a query and a template; and the smallest
/// one of the latter.
struct Warping {
  std::array<double, 3> spread = {}, mean = {}, least = {};
};

/// Collects the warped distances of a query and templates: `between(i, j)` are those of the templates i and j, and
/// `to(i)` those of the query and template i.
template <class Between, class To>
Warping warping_of(Index templates, const Between& between, const To& to) {
  Warping warping;
  warping.least.fill(std::numeric_limits<double>::infinity());
  const auto n = static_cast<double>(templates);
  for (Index i = 0; i < templates; ++i) {
    const std::array<double, 3> distances = to(i);
    for (std::size_t s = 0; s < 3; ++s) {
      warping.mean[s] += distances[s] / n;
      warping.least[s] = std::min(warping.least[s], distances[s]);
    }
    for (Index j = 0; j < i; ++j) {
      const std::array<double, 3> own = between(i, j);
      for (std::size_t s = 0; s < 3; ++s) warping.spread[s] += own[s] / (n * (n - 1) / 2);
    }
  }
  return warping;
}

/// The number of relative inputs for this many features.
inline Index relative_size(Index features) { return 2 * features + 9; }

/// The logarithm of a ratio of warped distances. It is bounded, because a copy of a template would otherwise be farther
/// from all that was learnt from than any forgery.
inline double bounded_log(double ratio) { return std::clamp(std::log(ratio), -1.0, 2.0); }

/// The relative inputs of a query (relative_size(features) x 1): for each feature, how far the query is from the mean
/// of the templates, in units of what is usual, with its sign and without; and the logarithms of the warped distances,
/// as ratios to those of the templates and these themselves.
///
/// `templates` (features x k, k >= 2) and `query` (features x 1) are the features. What is usual is a mixture of the
/// templates' own variance and `within`, the variance within a signer, because five templates tell little about a
/// variance.
template <class Templates, class Query>
gemel::VectorX<double> relative_inputs(const Templates& templates, const Query& query,
                                       const gemel::VectorX<double>& within, const Warping& warping) {
  constexpr double own_share = 0.3, most = 6;
  const gemel::MatrixX<double> own = templates.template cast<double>();
  const Index features = own.rows();
  const gemel::VectorX<double> mean = own.rowwise().mean();
  const gemel::VectorX<double> variance =
      (own.colwise() - mean).rowwise().squaredNorm() / static_cast<double>(own.cols() - 1);
  gemel::VectorX<double> inputs(relative_size(features));
  inputs.head(features) = ((query.template cast<double>() - mean).array() /
                           (own_share * variance + (1 - own_share) * within).array().sqrt())
                              .max(-most)
                              .min(most)
                              .matrix();
  inputs.segment(features, features) = inputs.head(features).cwiseAbs();
  for (std::size_t s = 0; s < 3; ++s) {
    const Index place = 2 * features + static_cast<Index>(s);
    inputs[place] = bounded_log(warping.mean[s] / warping.spread[s]);
    inputs[place + 3] = bounded_log(warping.least[s] / warping.spread[s]);
    inputs[place + 6] = std::log(warping.spread[s]);
  }
  return inputs;
}

/// The score without any training: the mean warped distance of the query and the templates, by place, velocity and
/// pressure, over the root of that of two templates. `inputs` are those of relative_inputs.
inline double untrained_score(const gemel::VectorX<double>& inputs) {
  const Index ratio = inputs.size() - 8, spread = inputs.size() - 2;
  return std::exp(inputs[ratio] + 0.5 * inputs[spread]);
}

}  // namespace signature_verification
