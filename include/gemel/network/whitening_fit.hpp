#pragma once

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <ranges>
#include <type_traits>
#include <utility>
#include <vector>

#include "gemel/core/buffer.hpp"
#include "gemel/core/columns.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/kernel.hpp"
#include "gemel/core/types.hpp"
#include "gemel/network/feature_scaling.hpp"

namespace gemel {

/// Options of Whitening's fits.
struct WhiteningOptions {
  Index dimensions = 0;  ///< the number of outputs; 0: all directions in which the samples vary
  double shrinkage = 0;  ///< in [0, 1]: how far the covariance is moved towards a multiple of the identity matrix
};

/// The class of each sample: Classes (data/classes.hpp), or a range of one integer per sample.
template <class C>
concept SampleClasses = requires(const C& classes) {
  { classes.of(Index{}) } -> std::convertible_to<Index>;
  { classes.count() } -> std::convertible_to<Index>;
  { classes.size() } -> std::convertible_to<Index>;
}
|| (std::ranges::input_range<const C&> && std::integral<std::ranges::range_value_t<const C&>>);

namespace detail {

/// The class of each sample as an index in 0, …, count - 1.
struct ClassIndices {
  std::vector<Index> of;
  Index count;
};

template <SampleClasses C>
[[gnu::cold]] ClassIndices class_indices(const C& classes) {
  std::vector<Index> of;
  if constexpr (requires { classes.of(Index{}); }) {
    for (Index i = 0; i < classes.size(); ++i) of.push_back(classes.of(i));
    return {std::move(of), classes.count()};
  } else {
    using Value = std::ranges::range_value_t<const C&>;
    std::vector<Value> labels;
    for (const Value value : classes) labels.push_back(value);
    std::vector<Value> values = labels;
    std::ranges::sort(values);
    values.erase(std::unique(values.begin(), values.end()), values.end());
    for (const Value label : labels) of.push_back(std::ranges::lower_bound(values, label) - values.begin());
    return {std::move(of), length(values)};
  }
}

/// The mean (features x 1) and the matrix (out x features) of a Whitening.
struct WhiteningState {
  VectorX<double> mean;
  MatrixX<double> matrix;
};

/// Eigenvalues in descending order, and the eigenvectors in the same order, one per column.
template <class Double>
struct EigenPairs {
  VectorX<Double> values;
  MatrixX<Double> vectors;

  /// The number of eigenvalues larger than the error with which they were computed, where `size` is the larger one of
  /// the numbers of features and samples.
  Index rank(Index size) const {
    return std::ranges::count_if(values, [least = bound(size)](double value) { return value > least; });
  }
  double bound(Index size) const {
    return static_cast<double>(size) * std::numeric_limits<double>::epsilon() * std::max(values[0], 0.0);
  }
};

/// Fits the matrix of a Whitening to samples of scalar S.
///
/// The sums of products are computed by the kernels, so they do not depend on the compiler. The eigenvectors are
/// computed by Eigen, whose last bits may depend on the compiler and its flags.
template <Scalar S>
class WhiteningFit {
  // A type that depends on S, but always is double. So the compiler looks at Eigen's expressions below only in programs
  // that fit a Whitening.
  using Double = std::conditional_t<std::same_as<S, float>, double, double>;
  using Matrix = MatrixX<Double>;
  using Vector = VectorX<Double>;
  using Directions = EigenPairs<Double>;

 public:
  /// Samples of classes that are given, or of one class if all numbers are 0. Throws as Whitening's fits do.
  [[gnu::cold]] WhiteningFit(const ColumnList<S>& samples, ClassIndices classes)
      : samples_(samples),
        classes_(std::move(classes)),
        mean_(samples.rows()),
        class_sizes_(Vector::Zero(classes_.count)) {
    if (length(classes_.of) != samples.cols()) {
      throw ShapeError({"there are ", samples.cols(), " samples, but the classes of ", length(classes_.of)});
    }
    measure();
    const Buffer<double> mean = feature_means(samples);
    mean_ = ConstColumn<double>(mean.data(), mean.size());
    class_means_ = Matrix::Zero(features(), classes_.count);
    for (const Index c : classes_.of) ++class_sizes_[c];
    for (Index j = 0; j < count(); ++j) {
      const Index c = class_of(j);
      for (Index i = 0; i < features(); ++i)
        class_means_(i, c) += static_cast<double>(samples_(i, j)) / class_sizes_[c];
    }
  }

  /// The matrix of PCA whitening: the rows v_i / sqrt(l_i), where l_i is the i-th largest shrunk variance.
  [[gnu::cold]] WhiteningState pca(const WhiteningOptions& options) {
    find_directions();
    const Index rank = directions_.values.size();
    const Index out = options.dimensions == 0 ? rank : options.dimensions;
    check_rank(out, rank);
    const Vector variances = directions_.values / static_cast<double>(count());
    Matrix matrix(out, features());
    for (Index k = 0; k < out; ++k) {
      const double variance = (1 - options.shrinkage) * variances[k] + options.shrinkage * variances.mean();
      matrix.row(k) = directions_.vectors.col(k).transpose() / std::sqrt(variance);
    }
    return finished(std::move(matrix));
  }

  /// The matrix that whitens the shrunk covariance within the classes, with the directions in which the classes lie
  /// farthest apart first.
  [[gnu::cold]] WhiteningState within_class(const WhiteningOptions& options) {
    if (classes_.count < 2) throw ValueError("within-class whitening needs samples of at least two classes");
    if (classes_.count == count()) {
      throw ValueError({"each of the ", classes_.count,
                        " classes has a single sample, so nothing varies within a class; give more samples per class"});
    }
    find_directions();
    const Index rank = directions_.values.size(), size = std::max(features(), count());
    check_rank(options.dimensions, rank);
    Matrix covariance = within();
    if (covariance.trace() <= directions_.bound(size) * static_cast<double>(rank)) {
      throw ValueError("the samples of each class are the same, up to rounding, so nothing varies within a class");
    }
    covariance /= static_cast<double>(count() - classes_.count);
    const double mean_variance = covariance.trace() / static_cast<double>(rank);
    covariance *= 1 - options.shrinkage;
    covariance.diagonal().array() += options.shrinkage * mean_variance;
    const Directions inner = solve(covariance);
    if (const Index varying = inner.rank(size); varying < rank) {
      throw ValueError({"the samples of a class vary in only ", varying, " of the ", rank,
                        " directions in which all samples vary; give more samples per class, or a shrinkage, for "
                        "example 0.1"});
    }
    const Matrix whitener = inner.vectors * inner.values.cwiseSqrt().cwiseInverse().asDiagonal();

    const Directions outer = solve(product(whitener, true, product(between(), false, whitener)));
    const Index apart = std::min(outer.rank(size), classes_.count - 1);
    if (options.dimensions > apart && options.dimensions < rank) {
      throw ValueError({"the ", classes_.count, " classes lie apart in ", apart,
                        " directions, so that the choice of more of them would be arbitrary, but dimensions is ",
                        options.dimensions, "; give at most ", apart, ", or 0 for all ", rank});
    }
    const Index out = options.dimensions == 0 ? rank : options.dimensions;
    const Matrix rotated = product(whitener, false, outer.vectors.leftCols(out));
    return finished(product(directions_.vectors, false, rotated).transpose());
  }

 private:
  Index features() const { return samples_.rows(); }
  Index count() const { return samples_.cols(); }
  /// Whether there are fewer samples than features.
  bool few() const { return count() < features(); }
  Index class_of(Index j) const { return classes_.of[static_cast<std::size_t>(j)]; }

  /// Finds the features that are constant up to rounding and the unit of all deviations, a power of two near the
  /// largest range, so that no square overflows or becomes 0. Scaling by a power of two is exact.
  void measure() {
    const FeatureRanges ranges = feature_ranges(samples_);
    double largest = 0;
    for (Index i = 0; i < features(); ++i) {
      const double low = ranges.low[i], high = ranges.high[i];
      if (!std::isfinite(high - low)) {
        throw ValueError({"feature ", i, " goes from ", low, " to ", high,
                          ", too far apart for a variance; correct it or leave it out"});
      }
      constant_.push_back(is_constant<S>(low, high));
      if (!constant_.back()) largest = std::max(largest, high - low);
    }
    if (largest == 0) {
      throw ValueError({"every feature is the same in all ", count(),
                        " samples, up to rounding, so that nothing would be left of them; fit the layer to samples "
                        "that differ"});
    }
    unit_ = std::ldexp(1.0, std::ilogb(largest));
  }

  /// The deviation of feature i from a mean, in units.
  double deviation(Index i, double value, double mean) const {
    return constant_[static_cast<std::size_t>(i)] ? 0 : (value - mean) / unit_;
  }

  /// Column c: the deviation of the mean of class c from the mean, times the root of the class's size.
  Matrix class_deviations() const {
    Matrix deviations(features(), classes_.count);
    for (Index c = 0; c < classes_.count; ++c) {
      const double weight = std::sqrt(class_sizes_[c]);
      for (Index i = 0; i < features(); ++i) deviations(i, c) = weight * deviation(i, class_means_(i, c), mean_[i]);
    }
    return deviations;
  }
  /// The deviations of `columns` samples from `first` on: from the means of their classes, or from the mean.
  Matrix sample_deviations(Index first, Index columns, bool within) const {
    Matrix deviations(features(), columns);
    for (Index j = 0; j < columns; ++j) {
      const S* const x = samples_[first + j];
      const double* const mean = within ? class_means_.col(class_of(first + j)).data() : mean_.data();
      for (Index i = 0; i < features(); ++i) deviations(i, j) = deviation(i, static_cast<double>(x[i]), mean[i]);
    }
    return deviations;
  }

  /// Finds the directions in which the samples vary: the eigenvectors of their scatter, the sum of d d^T over all
  /// deviations d from the mean. It is the sum of the scatter within and that between the classes.
  void find_directions() {
    if (few()) {
      // The deviations are the columns of D. If u is an eigenvector of D^T D, which is smaller than D D^T, with the
      // eigenvalue l, then D u / sqrt(l) is one of D D^T with the same eigenvalue.
      const Matrix deviations = sample_deviations(0, count(), false);
      directions_ = solve(product(deviations, true, deviations));
      keep_varying();
      directions_.vectors =
          product(deviations, false, directions_.vectors * directions_.values.cwiseSqrt().cwiseInverse().asDiagonal());
    } else {
      within_ = Matrix::Zero(features(), features());
      for (Index first = 0; first < count(); first += block) {
        add_scatter(sample_deviations(first, std::min(block, count() - first), true), within_);
      }
      Matrix all = within_;
      add_scatter(class_deviations(), all);
      directions_ = solve(all);
      keep_varying();
    }
  }

  /// @{
  /// The scatter within or between the classes, in the coordinates of the directions.
  Matrix within() const {
    if (few()) return along_directions(sample_deviations(0, count(), true));
    return product(directions_.vectors, true, product(within_, false, directions_.vectors));
  }
  Matrix between() const { return along_directions(class_deviations()); }
  Matrix along_directions(const Matrix& deviations) const {
    const Index rank = directions_.values.size();
    Matrix scatter = Matrix::Zero(rank, rank);
    add_scatter(product(directions_.vectors, true, deviations), scatter);
    return scatter;
  }
  /// @}

  void keep_varying() {
    const Index rank = directions_.rank(std::max(features(), count()));
    directions_ = {Vector(directions_.values.head(rank)), Matrix(directions_.vectors.leftCols(rank))};
  }

  static void check_rank(Index dimensions, Index rank) {
    if (dimensions > rank) {
      throw ValueError({"the samples vary in ", rank, " directions, but dimensions is ", dimensions, "; give at most ",
                        rank, ", or 0 for all, or fit the layer to more samples"});
    }
  }

  /// The state with the rows' signs fixed: the largest element of each row is positive, because an eigenvector with
  /// the opposite sign is one too, and files would not be reproducible.
  WhiteningState finished(Matrix matrix) const {
    for (Index i = 0; i < features(); ++i) {
      if (constant_[static_cast<std::size_t>(i)]) matrix.col(i).setZero();  // instead of a rounding error
    }
    for (Index k = 0; k < matrix.rows(); ++k) {
      Index largest = 0;
      matrix.row(k).cwiseAbs().maxCoeff(&largest);
      if (matrix(k, largest) < 0) matrix.row(k) *= -1;
    }
    return {mean_, matrix / unit_};
  }

  /// Eigen's solver, with the order reversed.
  static Directions solve(const Matrix& symmetric) {
    const Eigen::SelfAdjointEigenSolver<Matrix> solver(symmetric);
    if (solver.info() != Eigen::Success) {
      throw ValueError("the eigenvectors of the samples' covariance were not found; scale the features (Standardize)");
    }
    return {solver.eigenvalues().reverse(), solver.eigenvectors().rowwise().reverse()};
  }

  static std::vector<const double*> pointers(const Matrix& matrix) {
    std::vector<const double*> columns;
    for (Index j = 0; j < matrix.cols(); ++j) columns.push_back(matrix.data() + j * matrix.rows());
    return columns;
  }

  /// scatter += D D^T
  static void add_scatter(const Matrix& deviations, Matrix& scatter) {
    const std::vector<const double*> columns = pointers(deviations);
    kernel::kernels<double>().add_gradient({.rows = scatter.rows(),
                                            .cols = scatter.cols(),
                                            .depth = deviations.cols(),
                                            .d = columns.data(),
                                            .x = columns.data(),
                                            .first = 0,
                                            .g = scatter.data()});
  }

  /// A B, or A^T B.
  static Matrix product(const Matrix& a, bool transposed, const Matrix& b) {
    Matrix y(transposed ? a.cols() : a.rows(), b.cols());
    const std::vector<const double*> columns = pointers(b);
    kernel::kernels<double>().product({.rows = y.rows(),
                                       .depth = b.rows(),
                                       .cols = b.cols(),
                                       .a = a.data(),
                                       .lda = a.rows(),
                                       .b = columns.data(),
                                       .bias = nullptr,
                                       .y = y.data(),
                                       .ldy = y.rows(),
                                       .relu = false,
                                       .transposed = transposed});
    return y;
  }

  static constexpr Index block = 96;

  ColumnList<S> samples_;
  ClassIndices classes_;
  Vector mean_;
  Vector class_sizes_;
  Matrix class_means_ = {};  // features x classes
  std::vector<bool> constant_ = {};
  double unit_ = 1;
  Matrix within_ = {};  // the scatter within the classes, unless there are few samples
  Directions directions_ = {};
};

}  // namespace detail
}  // namespace gemel
