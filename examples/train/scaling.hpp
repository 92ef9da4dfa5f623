#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <utility>

#include "gemel/core/columns.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/message.hpp"
#include "gemel/data/samples.hpp"
#include "options.hpp"

namespace train {

using gemel::MatrixX;

/// Feature i becomes (x(i) - offset(i)) * factor(i): what `train` does to all samples, found from the training ones.
/// In double, where neither the range of floats nor a factor for it overflows.
struct Scaling {
  Eigen::VectorXd offset;
  Eigen::VectorXd factor;
  std::string description;

  /// Throws ValueError where a value is so far from the training samples' that its result is no float. `name` says of
  /// which samples.
  gemel::Samples<float> apply(const gemel::Samples<float>& samples, const std::string& name = "data") const {
    MatrixX<float> scaled =
        ((samples.matrix().cast<double>().colwise() - offset).array().colwise() * factor.array()).cast<float>();
    for (Index j = 0; j < scaled.cols(); ++j) {
      for (Index i = 0; i < scaled.rows(); ++i) {
        if (std::isfinite(scaled(i, j))) continue;
        throw gemel::ValueError({"feature ", i, " of sample ", j, " of the ", name, " (both counted from 0) is ",
                                 samples[j][i],
                                 ", so far from the training samples that scaling makes it infinite: correct it, leave "
                                 "the sample out, or use --scale none"});
      }
    }
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

/// The smallest and the largest value of each feature.
struct Range {
  Eigen::ArrayXd low, high;
};

inline Range range(const Matrix& samples, std::span<const Index> training) {
  Range all{samples.col(training.front()).cast<double>(), samples.col(training.front()).cast<double>()};
  for (const Index j : training) {
    all.low = all.low.min(samples.col(j).array().cast<double>());
    all.high = all.high.max(samples.col(j).array().cast<double>());
  }
  return all;
}

/// Whether values from `low` to `high` differ by no more than the rounding of floats does. A factor for that would make
/// large numbers of nothing.
inline bool is_constant(double low, double high) {
  constexpr double rounding = 2 * std::numeric_limits<float>::epsilon();
  return high - low <= rounding * std::max(std::abs(low), std::abs(high));
}

/// What is constant in training tells nothing: it becomes 0 everywhere.
inline double factor(double low, double high, double extent) { return is_constant(low, high) ? 0 : 1 / extent; }

inline Scaling to_unit_range(const Matrix& samples, std::span<const Index> training) {
  const Range all = range(samples, training);
  const double low = all.low.minCoeff(), high = all.high.maxCoeff();
  const Index features = samples.rows();
  return {Eigen::VectorXd::Constant(features, low), Eigen::VectorXd::Constant(features, factor(low, high, high - low)),
          "scaled to 0..1"};
}

inline Scaling to_standard_deviation(const Matrix& samples, std::span<const Index> training) {
  const auto n = static_cast<double>(training.size());
  Eigen::VectorXd mean = Eigen::VectorXd::Zero(samples.rows());
  for (const Index j : training) mean += samples.col(j).cast<double>() / n;
  Eigen::VectorXd variance = Eigen::VectorXd::Zero(samples.rows());
  for (const Index j : training) variance += (samples.col(j).cast<double>() - mean).cwiseAbs2() / n;
  const Range all = range(samples, training);
  Scaling scaling{mean, Eigen::VectorXd::Zero(samples.rows()), "standardised"};
  for (Index i = 0; i < samples.rows(); ++i)
    scaling.factor[i] = factor(all.low[i], all.high[i], std::sqrt(variance[i]));
  return scaling;
}

}  // namespace detail

/// The scaling that was asked for, from the training samples (columns of `samples`) only. Throws ValueError where it
/// would make all of them the same.
inline Scaling find_scaling(Scale scale, const gemel::ConstColumns<float>& samples, std::span<const Index> training) {
  const auto first = samples.col(training.front());
  if (std::all_of(training.begin(), training.end(), [&](Index j) { return samples.col(j) == first; })) {
    throw gemel::ValueError({"all ", training.size(),
                             " training samples have the same features: there is nothing to learn from; look at the "
                             "data"});
  }
  const bool automatic = scale == Scale::Auto;
  if (automatic) scale = detail::is_on_one_scale(samples, training) ? Scale::Unit : Scale::Standardise;
  Scaling scaling = {Eigen::VectorXd::Zero(samples.rows()), Eigen::VectorXd::Ones(samples.rows()), "not scaled"};
  if (scale == Scale::Unit) scaling = detail::to_unit_range(samples, training);
  if (scale == Scale::Standardise) scaling = detail::to_standard_deviation(samples, training);
  if (automatic) scaling.description += " (automatic)";
  const Index constant = (scaling.factor.array() == 0).count();
  if (constant == samples.rows()) {
    throw gemel::ValueError({"all ", training.size(),
                             " training samples have the same features, up to rounding: there "
                             "is nothing to learn from; look at the data"});
  }
  if (constant > 0) scaling.description += gemel::message({", ", constant, " of them constant and set to 0"});
  return scaling;
}

}  // namespace train
