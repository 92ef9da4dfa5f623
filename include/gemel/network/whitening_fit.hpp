#pragma once

#include <Eigen/Eigenvalues>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "gemel/core/columns.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/kernel.hpp"
#include "gemel/core/types.hpp"
#include "gemel/network/feature_scaling.hpp"

namespace gemel {

/// Options of Whitening::pca and Whitening::within_class.
struct WhiteningOptions {
  Index dimensions = 0;  ///< number of outputs; 0: as many as there are directions with variance
  /// Share in [0, 1) of each direction's variance that is replaced with the mean variance of all directions. A
  /// direction in which few samples happen to differ little is then stretched less.
  double shrinkage = 0;
};

/// The class of each of n samples, such as Classes (data/classes.hpp): classes.of(i) is the class of sample i, in
/// 0, …, classes.count() - 1.
template <class C>
concept SampleClasses = requires(const C& classes, Index i) {
  { classes.size() } -> std::convertible_to<Index>;
  { classes.count() } -> std::convertible_to<Index>;
  { classes.of(i) } -> std::convertible_to<Index>;
};

namespace detail {

/// The map y = matrix (x - mean) of a whitening.
struct WhiteningState {
  VectorX<double> mean;    // in
  MatrixX<double> matrix;  // out x in
};

/// A direction is left out if its variance is below this share of the largest: such a variance is mostly rounding
/// errors.
inline constexpr double least_variance = 1e-10;

/// Sum of c c^T over the columns c = x_j - centre_of(j) of samples, where centre_of(j) points to one double per
/// feature.
template <Scalar S, class CentreOf>
[[gnu::cold]] MatrixX<double> scatter(const ColumnList<S>& samples, const CentreOf& centre_of) {
  constexpr Index block = 128;
  const Index features = samples.rows();
  MatrixX<double> sum = MatrixX<double>::Zero(features, features), centred(features, block), rows(block, features);
  std::vector<const double*> columns(static_cast<std::size_t>(features));
  for (Index i = 0; i < features; ++i) columns[static_cast<std::size_t>(i)] = rows.data() + i * block;
  for (Index first = 0; first < samples.cols(); first += block) {
    const Index count = std::min(block, samples.cols() - first);
    for (Index j = 0; j < count; ++j) {
      centred.col(j) =
          samples.column(first + j).template cast<double>() - ConstColumn<double>(centre_of(first + j), features);
    }
    rows.topRows(count) = centred.leftCols(count).transpose();
    kernel::kernels<double>().product({.rows = features,
                                       .depth = count,
                                       .cols = features,
                                       .a = centred.data(),
                                       .lda = features,
                                       .b = columns.data(),
                                       .bias = sum.data(),
                                       .y = sum.data(),
                                       .ldy = features,
                                       .relu = false,
                                       .ldbias = features});
  }
  return sum;
}

/// Eigenvectors (columns) and eigenvalues, largest first.
struct EigenPairs {
  VectorX<double> values;
  MatrixX<double> vectors;
};

// Functions of the matrices are templates only so that programs without a whitening do not compile Eigen's solver.
template <class Matrix>
[[gnu::cold]] EigenPairs eigenvectors_of(const Matrix& symmetric) {
  const Eigen::SelfAdjointEigenSolver<MatrixX<double>> solver(symmetric);
  if (solver.info() != Eigen::Success) throw ValueError("the eigenvectors of the samples' covariance were not found");
  return {solver.eigenvalues().reverse(), solver.eigenvectors().rowwise().reverse()};
}

/// The directions in which samples vary: the orthonormal eigenvectors of their covariance with a variance that is not
/// negligible, largest variance first.
struct Directions {
  VectorX<double> mean;      // features
  VectorX<double> variance;  // one per direction
  MatrixX<double> basis;     // features x directions
};

template <Scalar S>
[[gnu::cold]] Directions directions_of(const ColumnList<S>& samples) {
  const Index features = samples.rows(), n = samples.cols();
  const FeatureRanges ranges = feature_ranges(samples);
  bool varies = false;
  for (Index i = 0; i < features && !varies; ++i) varies = !is_constant<S>(ranges.low[i], ranges.high[i]);
  if (!varies) {
    throw ValueError(
        {"the samples that the layer is fitted to (", n, ") are all equal, so there is no variance to whiten"});
  }
  Directions found;
  found.mean = VectorX<double>::Zero(features);
  for (Index j = 0; j < n; ++j) found.mean += samples.column(j).template cast<double>() / static_cast<double>(n);
  EigenPairs eigen;
  MatrixX<double> centred;
  if (features <= n) {
    eigen = eigenvectors_of(scatter(samples, [&](Index) { return found.mean.data(); }) / static_cast<double>(n));
  } else {  // the matrix of inner products of the samples is smaller and has the same eigenvalues
    centred.resize(features, n);
    for (Index j = 0; j < n; ++j) centred.col(j) = samples.column(j).template cast<double>() - found.mean;
    eigen = eigenvectors_of(centred.transpose() * centred / static_cast<double>(n));
  }
  const double largest = eigen.values[0];
  if (!std::isfinite(eigen.values.sum())) {
    throw ValueError("the values of a feature are too far apart for a variance; correct it or leave it out");
  }
  const Index count = (eigen.values.array() > least_variance * largest).count();
  found.variance = eigen.values.head(count);
  if (features <= n) {
    found.basis = eigen.vectors.leftCols(count);
  } else {
    found.basis = centred * eigen.vectors.leftCols(count);
    found.basis.colwise().normalize();
  }
  return found;
}

/// `variance` with the shrinkage of the options. Throws ValueError if the shrinkage is out of range.
template <class Vector>
[[gnu::cold]] VectorX<double> shrunk(const Vector& variance, double shrinkage) {
  if (!(shrinkage >= 0 && shrinkage < 1)) {
    throw ValueError({"shrinkage is ", shrinkage, ", but it must be at least 0 and less than 1"});
  }
  return ((1 - shrinkage) * variance.array() + shrinkage * variance.mean()).matrix();
}

/// Throws ValueError unless so many of the directions can be kept. Returns how many are kept.
[[gnu::cold]] inline Index checked_dimensions(Index dimensions, Index most) {
  if (dimensions >= 0 && dimensions <= most) return dimensions == 0 ? most : dimensions;
  throw ValueError({"dimensions is ", dimensions, ", but the samples vary in ", most, " directions: give 1 to ", most,
                    ", or 0 for all"});
}

/// An eigenvector may have either sign; here the largest element of each row becomes positive, so that the same samples
/// always give the same matrix.
template <class Matrix>
[[gnu::cold]] void fix_signs(Matrix& matrix) {
  for (Index i = 0; i < matrix.rows(); ++i) {
    Index largest = 0;
    matrix.row(i).cwiseAbs().maxCoeff(&largest);
    if (matrix(i, largest) < 0) matrix.row(i) = -matrix.row(i);
  }
}

template <Scalar S>
[[gnu::cold]] WhiteningState fit_pca(const ColumnList<S>& samples, const WhiteningOptions& options) {
  const Directions found = directions_of(samples);
  const Index out = checked_dimensions(options.dimensions, found.variance.size());
  const VectorX<double> scale = shrunk(found.variance, options.shrinkage).head(out).cwiseSqrt().cwiseInverse();
  WhiteningState state{found.mean, scale.asDiagonal() * found.basis.leftCols(out).transpose()};
  fix_signs(state.matrix);
  return state;
}

template <Scalar S, SampleClasses C>
[[gnu::cold]] WhiteningState fit_within_class(const ColumnList<S>& samples, const C& classes,
                                              const WhiteningOptions& options) {
  const Index n = samples.cols(), features = samples.rows(), count = classes.count();
  if (classes.size() != n) {
    throw ShapeError(
        {"there are ", n, " samples, but ", Index{classes.size()}, " class labels: one per sample is needed"});
  }
  if (count == n || count < 2) {
    throw ValueError({"the samples (", n, ") are of ", count, count == 1 ? " class" : " classes",
                      ": a within-class whitening needs two classes, and two samples of one of them"});
  }
  const Directions found = directions_of(samples);
  const Index directions = found.variance.size();
  const Index out = checked_dimensions(options.dimensions, directions);

  MatrixX<double> means = MatrixX<double>::Zero(features, count);
  VectorX<double> sizes = VectorX<double>::Zero(count);
  for (Index j = 0; j < n; ++j) {
    means.col(classes.of(j)) += samples.column(j).template cast<double>() - found.mean;
    sizes[classes.of(j)] += 1;
  }
  means.array().rowwise() /= sizes.transpose().array();
  const MatrixX<double> centres = means.colwise() + found.mean;

  // The within-class covariance, in the coordinates of the directions.
  MatrixX<double> within;
  if (features <= n) {
    const MatrixX<double> sum = scatter(samples, [&](Index j) { return centres.col(classes.of(j)).data(); });
    within = found.basis.transpose() * (sum * found.basis) / static_cast<double>(n);
  } else {
    MatrixX<double> centred(features, n);
    for (Index j = 0; j < n; ++j)
      centred.col(j) = samples.column(j).template cast<double>() - centres.col(classes.of(j));
    const MatrixX<double> coordinates = found.basis.transpose() * centred;
    within = coordinates * coordinates.transpose() / static_cast<double>(n);
  }
  const EigenPairs eigen = eigenvectors_of(within);
  const VectorX<double> variance = shrunk(eigen.values, options.shrinkage);
  if (!(variance[directions - 1] > least_variance * variance[0])) {
    throw ValueError({"within their classes, the samples (", n, ") do not vary in all of the ", directions,
                      " directions in which they vary as a whole: give a shrinkage above 0, such as 0.1, or more "
                      "samples of each class"});
  }
  const MatrixX<double> whiten = variance.cwiseSqrt().cwiseInverse().asDiagonal() * eigen.vectors.transpose();

  // The directions in which the classes lie farthest apart come first.
  const MatrixX<double> class_means = whiten * (found.basis.transpose() * means);
  const MatrixX<double> between = class_means * sizes.asDiagonal() * class_means.transpose() / static_cast<double>(n);
  const MatrixX<double> rotate = eigenvectors_of(between).vectors.leftCols(out).transpose();
  WhiteningState state{found.mean, rotate * whiten * found.basis.transpose()};
  fix_signs(state.matrix);
  return state;
}

}  // namespace detail
}  // namespace gemel
