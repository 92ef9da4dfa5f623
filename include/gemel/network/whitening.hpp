#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <limits>
#include <span>
#include <string_view>

#include "gemel/core/buffer.hpp"
#include "gemel/core/columns.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/extent.hpp"
#include "gemel/core/kernel.hpp"
#include "gemel/core/reduce.hpp"
#include "gemel/core/type_name.hpp"
#include "gemel/network/feature_scaling.hpp"
#include "gemel/network/parameterless.hpp"
#include "gemel/network/whitening_fit.hpp"

namespace gemel {

/// A linear map that is fitted to samples before the training, so that Euclidean distances of its outputs compare
/// samples well even without a network:
///
///   y = matrix (x - mean),   matrix: out x in
///
/// `Whitening<>::pca(samples)`: principal component analysis. With the covariance C = V diag(v) V^T of the samples
/// (divided by n), matrix = diag(v)^(-1/2) V^T: the outputs are uncorrelated and have variance 1, and the first ones
/// are those of the largest variance (Bishop, Pattern Recognition and Machine Learning, 12.1.3). scikit-learn's
/// PCA(whiten=True) does the same, but divides by n - 1.
///
/// `Whitening<>::within_class(samples, classes)`: within-class covariance normalization (Hatch, Kajarekar and Stolcke:
/// Within-class covariance normalization for SVM-based speaker recognition, Interspeech 2006). With the covariance W of
/// the samples around the means of their classes, matrix W matrix^T = I: directions in which samples of one class
/// differ count little. Here W is of all samples together, so that large classes count more. The first outputs are
/// those in which the means of the classes lie farthest apart; with fewer `dimensions` than classes, this is linear
/// discriminant analysis (Fisher 1936; Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, 4.3.3).
/// The sum of the outputs' variances within the classes is then the number of dimensions.
///
/// With WhiteningOptions::shrinkage s, each variance v (eigenvalue of C or W) becomes (1 - s) v + s times the mean of
/// all. Directions with less than 1e-10 of the largest variance are left out, so scale features of very different sizes
/// first, with Standardize. The time grows with features^3, or samples^3 if there are fewer samples than features. The
/// same samples give the same matrix; compilers and instruction sets may give others in the last bits.
///
///   Whitening<>::pca(samples, {.dimensions = 150, .shrinkage = 0.05})
///   Whitening<>::within_class(samples, classes, {.shrinkage = 0.1})    Whitening<>{mean, matrix}
///
/// The layer is fitted, not trained: mean and matrix are not among a network's parameters. Alone in a network it makes
/// a verifier without any training: `calibrate(Siamese{Network<float, Whitening<>>{rng, whitening}}, pairs)`.
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

  /// Fitted to samples (features x n). Throws ShapeError if there is no sample, or the numbers of features or
  /// dimensions differ from static sizes; NonFiniteError, which names the sample and the feature, if a value is NaN or
  /// infinite; ValueError if all samples are equal, values are too far apart for double, an option is out of range, or
  /// there are fewer directions with variance than dimensions.
  template <SampleColumns X>
  static Whitening pca(const X& samples, WhiteningOptions options = {}) {
    settle(options);
    return Whitening(
        detail::with_columns(samples, [&](const auto& columns) { return detail::fit_pca(columns, options); }));
  }

  /// Fitted to samples (features x n) and their classes, such as Classes. Throws as `pca` does; ShapeError also if
  /// there is not one class per sample; ValueError also if there are not two classes, and two samples of one of them,
  /// or if there is no shrinkage and the samples do not vary within their classes in all directions in which they vary.
  template <SampleColumns X, SampleClasses C>
  static Whitening within_class(const X& samples, const C& classes, WhiteningOptions options = {}) {
    settle(options);
    return Whitening(detail::with_columns(
        samples, [&](const auto& columns) { return detail::fit_within_class(columns, classes, options); }));
  }

  /// A layer with the given mean (in) and matrix (out x in). Throws ShapeError if their sizes disagree, are 0 or differ
  /// from static sizes; ValueError if a value is not finite, or an element of the matrix is beyond float.
  template <class Mean, class Matrix>
  Whitening(const Eigen::MatrixBase<Mean>& mean, const Eigen::MatrixBase<Matrix>& matrix)
      : Whitening(detail::WhiteningState{mean.template cast<double>(), matrix.template cast<double>()}) {}

  /// The same layer as `other`, with its sizes given at run time.
  template <Index I, Index O>
  requires(In == Dynamic && Out == Dynamic && (I != Dynamic || O != Dynamic)) Whitening(const Whitening<I, O>& other)
      : Whitening(other.mean(), other.matrix()) {}

  /// @{
  /// The mean (in) and the matrix (out x in): views into the layer, or copies if the layer is a temporary.
  ConstColumn<double> mean() const& { return {mean_.data(), mean_.size()}; }
  VectorX<double> mean() const&& { return mean(); }
  ConstColumns<double> matrix() const& { return {wide_.data(), out(), in()}; }
  MatrixX<double> matrix() const&& { return matrix(); }
  /// @}

  /// The layer's output (out x n) for samples (in x n), bit-identical to its output in a network. Values are not
  /// checked. Throws ShapeError unless the samples have in() features.
  template <SampleColumns X>
  auto transform(const X& samples) const {
    return detail::transform_samples(*this, samples);
  }

  /// @{
  /// Required by the Layer concept (network/layer.hpp).
  Index in() const { return mean_.size(); }
  Index out() const { return mean_.size() == 0 ? 0 : wide_.size() / mean_.size(); }

  /// Subtracts the mean in double and rounds, so that no digits are lost if the mean is large; then multiplies in S.
  template <Scalar S>
  void forward(std::span<const S>, ColumnList<S> x, Columns<S> y, const Pass&) const {
    constexpr Index block = 96;
    thread_local Buffer<S> centred;
    centred.reserve(in() * std::min(block, x.cols()));
    for_each_run(x, [&](Index begin, Index all, const S* const* columns) {
      for (Index first = 0; first < all; first += block) {
        const Index count = std::min(block, all - first);
        kernel::kernels<S>().scale({.rows = in(),
                                    .cols = count,
                                    .x = columns + first,
                                    .offset = mean_.data(),
                                    .factor = ones_.data(),
                                    .clip = std::numeric_limits<double>::infinity(),
                                    .y = centred.data()});
        multiply(ColumnList<S>(centred.data(), in(), in(), count), y.data() + (begin + first) * out(), false);
      }
    });
    if (!std::isfinite(max_abs(y.data(), y.size()))) {
      std::replace_if(
          y.data(), y.data() + y.size(), [](S value) { return std::isinf(value); },
          std::numeric_limits<S>::quiet_NaN());
    }
  }

  template <Scalar S>
  void backward(std::span<const S>, ColumnList<S>, ColumnList<S>, Columns<S> dy, Columns<S> dx, const Pass&) const {
    if (dx.size() > 0) multiply(ColumnList<S>(dy), dx.data(), true);
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
    const auto mean = from.vector("mean");
    return Whitening(detail::WhiteningState{ConstColumn<double>(mean.data(), length(mean)), from.matrix("matrix")});
  }
  /// @}

 private:
  [[gnu::cold]] explicit Whitening(const detail::WhiteningState& state)
      : mean_(state.mean.size()), ones_(state.mean.size()), wide_(state.matrix.size()), narrow_(state.matrix.size()) {
    const Index in = state.mean.size(), out = state.matrix.rows();
    if (in == 0 || out == 0 || state.matrix.cols() != in) {
      throw ShapeError(
          {"a whitening's mean is one column and its matrix has one column per element of the mean, but "
           "the mean has ",
           in, " elements and the matrix is ", out, " x ", state.matrix.cols()});
    }
    if ((In != Dynamic && in != In) || (Out != Dynamic && out != Out)) {
      throw ShapeError(
          {"the whitening is ", out, " x ", in, " (out x in), but the type's static sizes are ", Out, " x ", In});
    }
    constexpr double most = std::numeric_limits<float>::max();
    if (!state.mean.allFinite() || !(state.matrix.array().abs() <= most).all()) {
      throw ValueError(
          "a whitening's mean must be finite, and the elements of its matrix within the range of float: "
          "scale the features first, with Standardize");
    }
    std::copy_n(state.mean.data(), in, mean_.data());
    std::fill_n(ones_.data(), in, 1.0);
    std::copy_n(state.matrix.data(), state.matrix.size(), wide_.data());
    for (Index i = 0; i < wide_.size(); ++i) narrow_[i] = static_cast<float>(wide_[i]);
  }

  /// Takes a static number of outputs for the number of dimensions if none is given.
  static void settle(WhiteningOptions& options) {
    if (Out != Dynamic && options.dimensions == 0) options.dimensions = Out;
  }

  template <Scalar S>
  const S* values() const {
    if constexpr (std::same_as<S, float>) {
      return narrow_.data();
    } else {
      return wide_.data();
    }
  }

  /// y = matrix x, or matrix^T x if `transposed`.
  template <Scalar S>
  void multiply(const ColumnList<S>& x, S* y, bool transposed) const {
    const Index rows = transposed ? in() : out();
    for_each_run(x, [&](Index first, Index count, const S* const* columns) {
      kernel::kernels<S>().product({.rows = rows,
                                    .depth = transposed ? out() : in(),
                                    .cols = count,
                                    .a = values<S>(),
                                    .lda = out(),
                                    .b = columns,
                                    .bias = nullptr,
                                    .y = y + first * rows,
                                    .ldy = rows,
                                    .relu = false,
                                    .transposed = transposed});
    });
  }

  Buffer<double> mean_, ones_;  // empty after a move, so that a network rejects the layer
  Buffer<double> wide_;         // the matrix
  Buffer<float> narrow_;        // the matrix, rounded
};
/// @copydoc type_name
template <Index In, Index Out>
inline constexpr std::string_view type_name<Whitening<In, Out>> = "Whitening";

}  // namespace gemel
