#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <string>

#include "gemel/core/columns.hpp"
#include "gemel/data/samples.hpp"
#include "options.hpp"

namespace train {

using gemel::MatrixX;
using gemel::VectorX;

/// Feature i becomes (x(i) - offset(i)) * factor(i): what `train` does to all samples, found from the training ones.
struct Scaling {
  VectorX<float> offset;
  VectorX<float> factor;
  std::string description;

  gemel::Samples<float> apply(const gemel::Samples<float>& samples) const {
    MatrixX<float> scaled = samples.matrix().colwise() - offset;
    scaled.array().colwise() *= factor.array();
    return scaled;
  }
};

namespace detail {

using Matrix = gemel::ConstColumns<float>;

inline bool is_on_one_scale(const Matrix& samples, std::span<const Index> training) {
  const auto holds_of_all = [&](auto property) {
    return std::all_of(training.begin(), training.end(), [&](Index j) { return property(samples.col(j).array()); });
  };
  return holds_of_all([](const auto& x) { return (x >= 0 && x <= 1).all(); }) ||
         holds_of_all([](const auto& x) { return (x >= 0 && x <= 255 && x == x.floor()).all(); });
}

inline Scaling to_unit_range(const Matrix& samples, std::span<const Index> training) {
  float low = samples(0, training.front()), high = low;
  for (const Index j : training) {
    low = std::min(low, samples.col(j).minCoeff());
    high = std::max(high, samples.col(j).maxCoeff());
  }
  const Index features = samples.rows();
  return {VectorX<float>::Constant(features, low),
          VectorX<float>::Constant(features, high > low ? 1 / (high - low) : 0), "scaled to 0..1"};
}

inline Scaling to_standard_deviation(const Matrix& samples, std::span<const Index> training) {
  const auto n = static_cast<double>(training.size());
  Eigen::VectorXd mean = Eigen::VectorXd::Zero(samples.rows());
  for (const Index j : training) mean += samples.col(j).cast<double>() / n;
  Eigen::VectorXd variance = Eigen::VectorXd::Zero(samples.rows());
  for (const Index j : training) variance += (samples.col(j).cast<double>() - mean).cwiseAbs2() / n;
  // What is constant in training tells nothing: it becomes 0 everywhere.
  const Eigen::VectorXd factor = variance.unaryExpr([](double v) { return v > 0 ? 1 / std::sqrt(v) : 0; });
  return {mean.cast<float>(), factor.cast<float>(), "standardised"};
}

}  // namespace detail

/// The scaling that was asked for, from the training samples (columns of `samples`) only.
inline Scaling find_scaling(Scale scale, const gemel::ConstColumns<float>& samples, std::span<const Index> training) {
  const bool automatic = scale == Scale::Auto;
  if (automatic) scale = detail::is_on_one_scale(samples, training) ? Scale::Unit : Scale::Standardise;
  Scaling scaling = {VectorX<float>::Zero(samples.rows()), VectorX<float>::Ones(samples.rows()), "not scaled"};
  if (scale == Scale::Unit) scaling = detail::to_unit_range(samples, training);
  if (scale == Scale::Standardise) scaling = detail::to_standard_deviation(samples, training);
  if (automatic) scaling.description += " (automatic)";
  return scaling;
}

}  // namespace train
