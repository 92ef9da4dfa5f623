#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "gemel/core/buffer.hpp"
#include "gemel/core/columns.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/extent.hpp"
#include "gemel/core/kernel.hpp"
#include "gemel/core/type_name.hpp"
#include "gemel/network/feature_scaling.hpp"
#include "gemel/network/layer.hpp"
#include "gemel/network/parameterless.hpp"
#include "gemel/network/whitening_fit.hpp"

namespace gemel {

/// y = W (x - m), where the mean m (in x 1) and the matrix W (out x in) are fitted to samples so that the variances in
/// all directions become equal. A Network of such a layer alone is a verifier without training, and often a good one:
///
///   Siamese model{make_network<float>(rng, Whitening<>::within_class(x, classes, {.shrinkage = 0.1}))};
///   const Verifier verifier = calibrate(model, pairs);
///
///   Whitening<>::pca(samples, {.dimensions = 40})                  fitted to Samples or a matrix (features x n)
///   Whitening<>::within_class(samples, classes, {.shrinkage = 0.1})
///   Whitening<>{mean, matrix}                                      with known mean and matrix
///
/// **pca**: the covariance C = 1/n sum (x - m)(x - m)^T of all samples has the eigenvectors v_i with the eigenvalues
/// l_1 >= l_2 >= …. Row i of W is v_i^T / sqrt(l_i), so that the outputs have mean 0, variance 1 and no correlation
/// over the samples (Jolliffe, Principal Component Analysis, 2nd edition, 2002, section 3.7). scikit-learn's
/// PCA(whiten=True) divides the covariance by n - 1.
///
/// **within_class**: the covariance within the K classes, C_w = 1/(n - K) sum (x - m_c)(x - m_c)^T, where m_c is the
/// mean of the sample's class, becomes the identity: W C_w W^T = I. Directions in which samples of one class differ
/// much thereby count little (within-class covariance normalization, WCCN: Hatch, Kajarekar and Stolcke, Within-class
/// covariance normalization for SVM-based speaker recognition, Interspeech 2006, which weights the classes by their
/// frequency). All such W differ by a rotation, which changes no Euclidean distance or cosine. This one sorts the
/// directions by how far the class means lie apart, so that the first `dimensions` of them are those of linear
/// discriminant analysis (Fukunaga, Introduction to Statistical Pattern Recognition, 2nd edition, 1990, section 10.2).
///
/// **shrinkage** s replaces the covariance C of r directions by (1 - s) C + s trace(C) / r I (Ledoit and Wolf, A
/// well-conditioned estimator for large-dimensional covariance matrices, 2004, with a fixed s). It makes up for few
/// samples; within_class with fewer than about ten samples per feature needs it. Choose it with validation pairs.
///
/// Directions in which the samples do not vary are left out: those whose share of the largest variance is at most
/// max(features, n) * 2.2e-16, which is within the error of the computation. So there are at most n - 1 outputs. If the
/// features have different units, Standardize them first, because a feature whose variance is that small would be lost.
///
/// A fit computes in double. It takes seconds for 400 samples of 4,096 features (only the smaller one of the two
/// numbers counts, with its third power). On every run, a program gives the same result. The last bits may depend on
/// the compiler and its flags, because Eigen computes the eigenvectors; a saved layer has the same bits everywhere.
///
/// In a network, x - m is computed in double and rounded to its scalar S, and the product is computed in S. NaN stays
/// NaN, and infinite results become NaN, as in FeatureScaling. The gradient is dx = W^T dy. The layer is fitted, not
/// trained: m and W are not among a network's parameters. Fit it to the training samples only.
template <Index In = Dynamic, Index Out = Dynamic>
class Whitening : public Parameterless {
 public:
  /// @{
  /// The size if it is known at compile time, else Dynamic.
  static constexpr Index static_in = In;
  static constexpr Index static_out = Out;
  /// @}
  /// The layer is fitted before training; see Layer.
  static constexpr bool fitted = true;

  /// @{
  /// A layer fitted to samples (features x n), and to the class of each sample. A static Out gives the dimensions if
  /// the options do not. Throws ShapeError if there is no sample or no feature, the sizes differ from static ones, or
  /// the numbers of samples and classes disagree; NonFiniteError, which names the sample and the feature, if a value is
  /// NaN or infinite; ValueError if an option is out of range, the values of a feature are too far apart for double,
  /// or the samples vary in fewer directions than `dimensions`; for within_class also if there are fewer than two
  /// classes, nothing varies within them, the samples of a class vary in fewer directions than all samples (give a
  /// shrinkage), or the class means do not span `dimensions`, at most the number of classes less one.
  template <SampleColumns X>
  [[gnu::cold]] static Whitening pca(const X& samples, WhiteningOptions options = {}) {
    return detail::with_columns(samples, [options]<Scalar S>(const ColumnList<S>& x) {
      const WhiteningOptions checked = check_options(x.rows(), options);
      return Whitening(
          detail::WhiteningFit<S>(x, {std::vector<Index>(static_cast<std::size_t>(x.cols())), 1}).pca(checked));
    });
  }
  template <SampleColumns X, SampleClasses C>
  [[gnu::cold]] static Whitening within_class(const X& samples, const C& classes, WhiteningOptions options = {}) {
    return detail::with_columns(samples, [&classes, options]<Scalar S>(const ColumnList<S>& x) {
      const WhiteningOptions checked = check_options(x.rows(), options);
      return Whitening(detail::WhiteningFit<S>(x, detail::class_indices(classes)).within_class(checked));
    });
  }
  /// @}

  /// A layer with the given mean (in x 1) and matrix (out x in). Throws ShapeError if one is empty, or the sizes differ
  /// from each other or from static ones; ValueError if a value is not finite, or the largest element of the matrix is
  /// beyond the range of normal floats.
  template <class Mean, class Matrix>
  [[gnu::cold]] Whitening(const Eigen::MatrixBase<Mean>& mean, const Eigen::MatrixBase<Matrix>& matrix)
      : Whitening(detail::WhiteningState{column(mean.template cast<double>()), matrix.template cast<double>()}) {}

  /// The same layer as `other`, with sizes given at run time.
  template <Index OtherIn, Index OtherOut>
  requires((In != OtherIn || Out != OtherOut) && (In == Dynamic || In == OtherIn) &&
           (Out == Dynamic || Out == OtherOut)) Whitening(const Whitening<OtherIn, OtherOut>& other)
      : Whitening(other.mean(), other.matrix()) {}

  /// @{
  /// The mean (in x 1) or the matrix (out x in): a view into the layer, or a copy if the layer is a temporary.
  ConstColumn<double> mean() const& { return {mean_.data(), mean_.size()}; }
  VectorX<double> mean() const&& { return mean(); }
  ConstColumns<double> matrix() const& { return {matrix_.data(), out(), in()}; }
  MatrixX<double> matrix() const&& { return matrix(); }
  /// @}

  /// The layer's output (out x n) for samples (in x n), bit-identical to its output in a network. Values are not
  /// checked. Throws ShapeError unless the samples have in() features.
  template <SampleColumns X>
  auto transform(const X& samples) const {
    return detail::output_of(*this, samples);
  }

  /// @{
  /// Required by the Layer concept (network/layer.hpp).
  Index in() const { return mean_.size(); }
  Index out() const { return mean_.empty() ? 0 : matrix_.size() / mean_.size(); }
  template <Scalar S>
  void forward(std::span<const S>, ColumnList<S> x, Columns<S> y, const Pass&) const {
    // The deviations x - m of a few features and columns at a time fit on the stack. Each element of y is nevertheless
    // one chain of multiply-adds: the sums so far are the biases of the next features.
    std::array<S, tile_features * tile_columns> deviations;
    std::array<const S*, tile_columns> columns;
    for (Index feature = 0; feature < in(); feature += tile_features) {
      const Index depth = std::min(tile_features, in() - feature);
      for (Index first = 0; first < x.cols(); first += tile_columns) {
        const Index count = std::min(tile_columns, x.cols() - first);
        for (Index j = 0; j < count; ++j) {
          const S* const from = x[first + j] + feature;
          const double* const mean = mean_.data() + feature;
          S* const to = deviations.data() + j * depth;
          for (Index i = 0; i < depth; ++i) to[i] = static_cast<S>(static_cast<double>(from[i]) - mean[i]);
          columns[static_cast<std::size_t>(j)] = to;
        }
        S* const sums = y.data() + first * out();
        kernel::kernels<S>().product({.rows = out(),
                                      .depth = depth,
                                      .cols = count,
                                      .a = matrix_in<S>() + feature * out(),
                                      .lda = out(),
                                      .b = columns.data(),
                                      .bias = feature == 0 ? nullptr : sums,
                                      .y = sums,
                                      .ldy = out(),
                                      .relu = false,
                                      .ldbias = out()});
      }
    }
    detail::turn_infinity_into_nan(y);
  }

  template <Scalar S>
  void backward(std::span<const S>, ColumnList<S>, ColumnList<S>, Columns<S> dy, Columns<S> dx, const Pass&) const {
    if (dx.size() == 0) return;
    for_each_run<S>(ColumnList<S>(dy), [&](Index first, Index count, const S* const* columns) {
      kernel::kernels<S>().product({.rows = in(),
                                    .depth = out(),
                                    .cols = count,
                                    .a = matrix_in<S>(),
                                    .lda = out(),
                                    .b = columns,
                                    .bias = nullptr,
                                    .y = dx.data() + first * in(),
                                    .ldy = in(),
                                    .relu = false,
                                    .transposed = true});
    });
  }
  /// @}

  /// @{
  /// For files; see Layer (network/layer.hpp).
  template <class To>
  void save(To& to) const {
    to.vector("mean", mean_.span());
    to.matrix("matrix", matrix());
  }
  template <class From>
  static Whitening load(const From& from) {
    const std::vector<double> mean = from.vector("mean");
    return {ConstColumn<double>(mean.data(), length(mean)), from.matrix("matrix", from.out(), from.in())};
  }
  /// @}

 private:
  static constexpr Index tile_features = 128;
  static constexpr Index tile_columns = 32;

  [[gnu::cold]] explicit Whitening(const detail::WhiteningState& state)
      : mean_(state.mean.size()), matrix_(state.matrix.size()), single_(state.matrix.size()) {
    check(state);
    std::ranges::copy(state.mean, mean_.data());
    std::copy_n(state.matrix.data(), state.matrix.size(), matrix_.data());
    std::ranges::transform(matrix_, single_.begin(), [](double value) { return static_cast<float>(value); });
  }

  template <class Derived>
  static VectorX<double> column(const Eigen::MatrixBase<Derived>& mean) {
    if (mean.cols() != 1) {
      throw ShapeError({"the mean of Whitening is one column, but it is ", mean.rows(), " x ", mean.cols()});
    }
    return mean;
  }

  static WhiteningOptions check_options(Index features, WhiteningOptions options) {
    if (In != Dynamic && features != In) {
      throw ShapeError({"Whitening<", In, "> takes ", In, " features, but the samples have ", features,
                        " (rows are features, columns are samples)"});
    }
    if (options.dimensions < 0) {
      throw ValueError({"dimensions must be positive, or 0 for all, but ", options.dimensions, " was given"});
    }
    if (!(options.shrinkage >= 0 && options.shrinkage <= 1)) {
      throw ValueError({"shrinkage must be a number from 0 to 1, but ", options.shrinkage, " was given"});
    }
    if (Out != Dynamic && options.dimensions == 0) options.dimensions = Out;
    if (Out != Dynamic && options.dimensions != Out) {
      throw ShapeError({"Whitening has ", Out, " outputs by its type, but dimensions is ", options.dimensions});
    }
    return options;
  }

  static void check(const detail::WhiteningState& state) {
    const auto& [mean, matrix] = state;
    if (mean.size() == 0 || matrix.rows() == 0 || mean.size() != matrix.cols() ||
        (In != Dynamic && mean.size() != In) || (Out != Dynamic && matrix.rows() != Out)) {
      throw ShapeError({"Whitening needs a mean of in values and a matrix of out x in, but they have ", mean.size(),
                        " values and ", matrix.rows(), " x ", matrix.cols()});
    }
    if (!mean.allFinite()) throw ValueError("the mean of Whitening must be finite, but a value is NaN or infinite");
    if (!matrix.allFinite()) throw ValueError("the matrix of Whitening must be finite, but an element is not");
    const double largest = matrix.cwiseAbs().maxCoeff();
    if (!(largest >= double{std::numeric_limits<float>::min()} &&
          largest <= double{std::numeric_limits<float>::max()})) {
      throw ValueError({"the largest element of the matrix of Whitening is ", largest,
                        ", which a float cannot hold; scale the features (Standardize)"});
    }
  }

  template <Scalar S>
  const S* matrix_in() const {
    if constexpr (std::same_as<S, float>) {
      return single_.data();
    } else {
      return matrix_.data();
    }
  }

  Buffer<double> mean_,
      matrix_;            // the matrix is column-major; both are empty after a move, so that a network rejects it
  Buffer<float> single_;  // the matrix, rounded
};
/// @copydoc type_name
template <Index In, Index Out>
inline constexpr std::string_view type_name<Whitening<In, Out>> = "Whitening";

}  // namespace gemel
