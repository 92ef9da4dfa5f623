#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <limits>
#include <span>
#include <utility>

#include "gemel/core/buffer.hpp"
#include "gemel/core/columns.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/kernel.hpp"
#include "gemel/core/reduce.hpp"
#include "gemel/network/layer.hpp"
#include "gemel/network/parameterless.hpp"

namespace gemel {

/// Samples that a fitted layer can be fitted to or can transform: a matrix of float or double (features x n, one sample
/// per column), or a type such as Samples, whose `columns()` returns a list of such columns.
template <class X>
concept SampleColumns = requires(const X& samples) {
  { samples.columns()(0, 0) } -> Scalar;
}
|| (std::derived_from<X, Eigen::MatrixBase<X>> && Scalar<typename X::Scalar>);

namespace detail {

/// Calls f with the samples' ColumnList. A matrix is copied only if it is an expression or its columns are not
/// contiguous.
template <SampleColumns X, class F>
auto with_columns(const X& samples, const F& f) {
  if constexpr (requires { samples.columns(); }) {
    return f(samples.columns());
  } else {
    using S = typename X::Scalar;
    const Eigen::Ref<const MatrixX<S>> matrix = samples;
    return f(ColumnList<S>(matrix.data(), matrix.outerStride(), matrix.rows(), matrix.cols()));
  }
}

/// The smallest (`low`) and the largest value (`high`) of each feature.
struct FeatureRanges {
  Buffer<double> low, high;
};

/// The ranges of the features over all samples. Throws ShapeError if there is no sample or no feature; NonFiniteError
/// if a value is NaN or infinite.
template <Scalar S>
[[gnu::cold]] FeatureRanges feature_ranges(const ColumnList<S>& samples) {
  if (samples.rows() <= 0 || samples.cols() <= 0) {
    throw ShapeError({"a layer is fitted to samples, features x n with at least one of each, but these are ",
                      samples.rows(), " x ", samples.cols()});
  }
  FeatureRanges ranges{Buffer<double>(samples.rows()), Buffer<double>(samples.rows())};
  for (Index j = 0; j < samples.cols(); ++j) {
    const S* const x = samples[j];
    for (Index i = 0; i < samples.rows(); ++i) {
      if (!std::isfinite(x[i])) {
        throw NonFiniteError("a layer cannot be fitted to NaN or infinity; clean the data or leave the sample out",
                             {.sample = j, .feature = i});
      }
      const auto value = static_cast<double>(x[i]);
      ranges.low[i] = j == 0 ? value : std::min(ranges.low[i], value);
      ranges.high[i] = j == 0 ? value : std::max(ranges.high[i], value);
    }
  }
  return ranges;
}

/// The mean of each feature over all samples, of which there is at least one.
template <Scalar S>
[[gnu::cold]] Buffer<double> feature_means(const ColumnList<S>& samples) {
  const auto n = static_cast<double>(samples.cols());
  Buffer<double> mean(samples.rows());
  for (Index j = 0; j < samples.cols(); ++j) {
    const S* const x = samples[j];
    for (Index i = 0; i < samples.rows(); ++i) mean[i] += static_cast<double>(x[i]) / n;
  }
  return mean;
}

/// Whether values from `low` to `high` differ only by rounding to S. Scaling such a feature would turn rounding errors
/// into large numbers.
template <Scalar S>
bool is_constant(double low, double high) {
  constexpr double rounding = 2 * static_cast<double>(std::numeric_limits<S>::epsilon());
  return high - low <= rounding * std::max(std::abs(low), std::abs(high));
}

/// Replaces infinite values by NaN, because a later ReLU could turn an infinite value into 0 and so hide it in a finite
/// distance.
template <Scalar S>
void turn_infinity_into_nan(Columns<S> y) {
  if (std::isfinite(max_abs(y.data(), y.size()))) return;
  std::replace_if(
      y.data(), y.data() + y.size(), [](S value) { return std::isinf(value); }, std::numeric_limits<S>::quiet_NaN());
}

/// The output (out x n) of a layer without parameters for samples (in x n), bit-identical to its output in a network.
/// Throws ShapeError unless the samples have in() features.
template <class L, SampleColumns X>
auto output_of(const L& layer, const X& samples) {
  return with_columns(samples, [&layer]<Scalar S>(const ColumnList<S>& x) {
    if (x.rows() != layer.in()) {
      throw ShapeError({"the layer takes ", layer.in(), " features, but the samples have ", x.rows(),
                        " (rows are features, columns are samples)"});
    }
    MatrixX<S> y(layer.out(), x.cols());
    layer.forward(std::span<const S>(), x, Columns<S>(y.data(), y.rows(), y.cols()), Pass{});
    return y;
  });
}

}  // namespace detail

/// The base class of the fitted layers Standardize, Rescale and Centering: y(i) = (x(i) - offset(i)) * factor(i) for
/// each feature i, clipped to [-clip, clip]. The result is computed in double, where differences and reciprocals of
/// floats do not overflow, and then rounded once.
///
/// NaN stays NaN. Without a clip, infinite values and results beyond the range of S also become NaN, because a later
/// ReLU could turn an infinite value into 0 and so hide it in a finite distance. With a clip, both are clipped; only an
/// infinite value of a feature with the factor 0 becomes NaN.
///
/// The gradient is dx(i) = factor(i) * dy(i), or 0 if y(i) is clipped.
class FeatureScaling : public Parameterless {
 public:
  /// The layer is fitted before training; see Layer.
  static constexpr bool fitted = true;

  /// The layer's output (out x n) for samples (in x n), bit-identical to its output in a network. Values are not
  /// checked. Throws ShapeError unless the samples have in() features.
  template <SampleColumns X>
  auto transform(const X& samples) const {
    return detail::output_of(*this, samples);
  }

  /// @{
  /// Required by the Layer concept (network/layer.hpp).
  Index in() const { return offset_.size(); }
  Index out() const { return offset_.size(); }
  template <Scalar S>
  void forward(std::span<const S>, ColumnList<S> x, Columns<S> y, const Pass&) const {
    for_each_run(x, [&](Index first, Index count, const S* const* columns) {
      kernel::scale_kernel<S>()({.rows = out(),
                                 .cols = count,
                                 .x = columns,
                                 .offset = offset_.data(),
                                 .factor = factor_.data(),
                                 .clip = clip_,
                                 .y = y.data() + first * out()});
    });
    detail::turn_infinity_into_nan(y);
  }

  template <Scalar S>
  void backward(std::span<const S>, ColumnList<S> x, ColumnList<S>, Columns<S> dy, Columns<S> dx, const Pass&) const {
    for (Index j = 0; j < dx.cols(); ++j) {
      for (Index i = 0; i < in(); ++i) {
        const double scaled = (static_cast<double>(x(i, j)) - offset_[i]) * factor_[i];
        const bool clipped = std::abs(scaled) > clip_;
        dx(i, j) = clipped ? S{0} : static_cast<S>(factor_[i] * static_cast<double>(dy(i, j)));
      }
    }
  }
  /// @}

 protected:
  static constexpr double no_clip = std::numeric_limits<double>::infinity();  ///< the clip value that clips nothing

  /// A layer with the given offset and factor of each feature, and one clip for all.
  FeatureScaling(Buffer<double> offset, Buffer<double> factor, double clip)
      : offset_(std::move(offset)), factor_(std::move(factor)), clip_(clip) {}

  /// @{
  /// The constructor's arguments.
  const Buffer<double>& offsets() const { return offset_; }
  const Buffer<double>& factors() const { return factor_; }
  double clip_limit() const { return clip_; }
  /// @}

 private:
  Buffer<double> offset_, factor_;  // empty after a move, so that a network rejects the layer
  double clip_;
};

}  // namespace gemel
