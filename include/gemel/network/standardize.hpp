#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <span>
#include <utility>

#include "gemel/core/buffer.hpp"
#include "gemel/core/columns.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/extent.hpp"
#include "gemel/network/feature_scaling.hpp"

namespace gemel {

struct StandardizeOptions {
  std::optional<double> clip = {};  ///< outputs are held to [-clip, clip]; none: they are not
};

/// Each feature to mean 0 and standard deviation 1, as in the samples that the layer is fitted to:
///
///   y(i) = (x(i) - mean(i)) / scale(i)
///
/// as Keras' Normalization with adapt and scikit-learn's StandardScaler do, but for features that are constant there,
/// up to the rounding of the samples. Here such a feature has the scale 0 and becomes 0 whatever its value: it tells
/// nothing. Scikit-learn takes the scale 1 for it and Keras a small number, so that a new value may become a large one.
/// The scale is the population's standard deviation, and all is in double; the quotient is a product with 1 / scale(i),
/// rounded.
///
///   Standardize<100>{samples}, Standardize<>{samples, {.clip = 5}}    fitted to samples, features x n: Samples, or a
///                                                                     matrix
///   Standardize<>{mean, scale}                                        of known figures: vectors or lists
///
/// It is fitted, not trained: its state is no part of a network's parameters. Fit it to the samples of the training
/// only.
template <Index N = Dynamic>
class Standardize : public FeatureScaling {
 public:
  static constexpr Index static_in = N;
  static constexpr Index static_out = N;

  /// Throws ShapeError where there is no sample, or there are not N features; NonFiniteError where a feature is NaN or
  /// infinite, with its sample; ValueError where all features are constant (as those of one sample are), where one
  /// spreads too far for double, or where clip is not a positive number.
  template <SampleColumns X>
  explicit Standardize(const X& samples, StandardizeOptions options = {})
      : Standardize(detail::with_columns(samples, [](const auto& columns) { return fit(columns); }), options) {}

  /// Throws ShapeError where there are not N of each, or not as many of one as of the other; ValueError where a mean
  /// is not finite, a scale is negative, not finite or so small that its reciprocal is not, where all scales are 0, or
  /// where clip is not a positive number.
  Standardize(std::span<const double> mean, std::span<const double> scale, StandardizeOptions options = {})
      : Standardize(State{buffer_of(mean), buffer_of(scale)}, options) {}
  Standardize(std::initializer_list<double> mean, std::initializer_list<double> scale, StandardizeOptions options = {})
      : Standardize(std::span(mean.begin(), mean.size()), std::span(scale.begin(), scale.size()), options) {}
  template <class Mean, class Scale>
  Standardize(const Eigen::MatrixBase<Mean>& mean, const Eigen::MatrixBase<Scale>& scale,
              StandardizeOptions options = {})
      : Standardize(State{buffer_of(mean), buffer_of(scale)}, options) {}

  /// The same layer with a size that is known at run time.
  template <Index M>
  requires(N == Dynamic && M != Dynamic) Standardize(const Standardize<M>& other)
      : Standardize(other.mean(), other.scale(), {.clip = other.clip()}) {}

  /// Views into the layer; of a layer that is about to end, `Standardize<>{samples}.mean()`, copies.
  ConstColumn<double> mean() const& { return {offsets().data(), offsets().size()}; }
  VectorX<double> mean() const&& { return mean(); }
  ConstColumn<double> scale() const& { return {scale_.data(), scale_.size()}; }
  VectorX<double> scale() const&& { return scale(); }
  std::optional<double> clip() const { return clip_limit() == no_clip ? std::nullopt : std::optional(clip_limit()); }

 private:
  struct State {
    Buffer<double> mean, scale;
  };

  [[gnu::cold]] Standardize(State state, StandardizeOptions options)
      : FeatureScaling(state.mean, checked_factors(state), checked_clip(options)), scale_(std::move(state.scale)) {}

  static Buffer<double> buffer_of(std::span<const double> values) {
    Buffer<double> buffer(length(values));
    std::ranges::copy(values, buffer.data());
    return buffer;
  }
  template <class Derived>
  static Buffer<double> buffer_of(const Eigen::MatrixBase<Derived>& values) {
    if (values.cols() != 1) {
      throw ShapeError(
          {"mean and scale are one column each, but one of them is ", values.rows(), " x ", values.cols()});
    }
    const VectorX<double> column = values.template cast<double>();
    return buffer_of(std::span(column.data(), static_cast<std::size_t>(column.size())));
  }

  template <Scalar S>
  [[gnu::cold]] static State fit(const ColumnList<S>& samples) {
    if (N != Dynamic && samples.rows() != N) {
      throw ShapeError({"Standardize<", N, "> takes ", N, " features, but the samples have ", samples.rows(),
                        " (rows are features, columns are samples)"});
    }
    const auto [low, high] = detail::feature_ranges(samples);
    const Index features = samples.rows();
    const auto n = static_cast<double>(samples.cols());
    Buffer<double> mean(features), variance(features), unit(features);
    for (Index j = 0; j < samples.cols(); ++j) {
      const S* const x = samples[j];
      for (Index i = 0; i < features; ++i) mean[i] += static_cast<double>(x[i]) / n;
    }
    // In units of a power of two near the feature's extent, so that no square overflows or vanishes. That leaves all
    // other bits as they are.
    for (Index i = 0; i < features; ++i) {
      const double extent = high[i] - low[i];
      if (!std::isfinite(extent) || !std::isfinite(mean[i])) {
        throw ValueError({"feature ", i, " goes from ", low[i], " to ", high[i],
                          ", too far apart for a standard deviation; correct it or leave it out"});
      }
      unit[i] = extent > 0 ? std::ldexp(1.0, std::ilogb(extent)) : 1;
    }
    for (Index j = 0; j < samples.cols(); ++j) {
      const S* const x = samples[j];
      for (Index i = 0; i < features; ++i) {
        const double deviation = (static_cast<double>(x[i]) - mean[i]) / unit[i];
        variance[i] += deviation * deviation / n;
      }
    }
    bool any = false;
    for (Index i = 0; i < features; ++i) {
      const bool constant = detail::is_constant<S>(low[i], high[i]);
      variance[i] = constant ? 0 : std::sqrt(variance[i]) * unit[i];
      any = any || !constant;
    }
    if (!any) {
      throw ValueError({"every feature is the same in all ", samples.cols(),
                        " samples, up to rounding, so that nothing would be left of them; fit the layer to samples "
                        "that differ"});
    }
    return {std::move(mean), std::move(variance)};
  }

  [[gnu::cold]] static Buffer<double> checked_factors(const State& state) {
    const auto& [mean, scale] = state;
    const Index features = N == Dynamic ? std::max<Index>(mean.size(), 1) : N;
    if (mean.size() != features || scale.size() != features) {
      throw ShapeError({"Standardize needs a mean and a scale for each of ", features, " features, but there are ",
                        mean.size(), " means and ", scale.size(), " scales"});
    }
    Buffer<double> factors(scale.size());
    bool any = false;
    for (Index i = 0; i < scale.size(); ++i) {
      if (!std::isfinite(mean[i])) {
        throw ValueError({"the mean of feature ", i, " must be finite, but is ", mean[i]});
      }
      if (!(scale[i] >= 0 && std::isfinite(scale[i]))) {
        throw ValueError({"the scale of feature ", i, " must be a finite number of at least 0, but is ", scale[i]});
      }
      factors[i] = scale[i] == 0 ? 0 : 1 / scale[i];
      if (!std::isfinite(factors[i])) {
        throw ValueError({"the scale of feature ", i, " is ", scale[i],
                          ", whose reciprocal overflows; give 0 for a feature that is constant"});
      }
      any = any || factors[i] != 0;
    }
    if (!any) throw ValueError("the scale of every feature is 0, so that all samples would become the same");
    return factors;
  }

  [[gnu::cold]] static double checked_clip(StandardizeOptions options) {
    if (!options.clip) return no_clip;
    if (!(*options.clip > 0 && std::isfinite(*options.clip))) {
      throw ValueError({"clip must be positive and finite, but is ", *options.clip, "; leave it out to hold nothing"});
    }
    return *options.clip;
  }

  Buffer<double> scale_;
};

}  // namespace gemel
