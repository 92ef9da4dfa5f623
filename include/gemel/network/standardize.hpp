#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "gemel/core/buffer.hpp"
#include "gemel/core/columns.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/extent.hpp"
#include "gemel/core/type_name.hpp"
#include "gemel/network/feature_scaling.hpp"

namespace gemel {

/// Options of a Standardize layer.
struct StandardizeOptions {
  std::optional<double> clip = {};  ///< if given, outputs are clipped to [-clip, clip]
};

/// Scales each feature i to mean 0 and standard deviation 1 over the samples that the layer is fitted to:
///
///   y(i) = (x(i) - mean(i)) / scale(i)
///
/// The scale is the standard deviation of the population (divided by n, not n - 1). The computation is in double, with
/// a multiplication by the rounded 1 / scale(i) instead of the division.
///
/// Keras' Normalization (with adapt) and scikit-learn's StandardScaler do the same, except for features that are
/// constant over these samples up to rounding. Here such a feature has the scale 0, and every finite value of it
/// becomes 0, because it carries no information. In scikit-learn its scale is 1, and in Keras a small number, so that a
/// new value of it may become large.
///
///   Standardize<100>{samples}, Standardize<>{samples, {.clip = 5}}    fitted to Samples or a matrix (features x n)
///   Standardize<>{mean, scale}                                        with known mean and scale: vectors or lists
///
/// The layer is fitted, not trained: mean and scale are not among a network's parameters. Fit it to the training
/// samples only.
template <Index N = Dynamic>
class Standardize : public FeatureScaling {
 public:
  /// @{
  /// The size if it is known at compile time, else Dynamic.
  static constexpr Index static_in = N;
  static constexpr Index static_out = N;
  /// @}

  /// A layer fitted to samples (features x n). Throws ShapeError if there is no sample, or the number of features is 0
  /// or differs from a static N; NonFiniteError, which names the sample and the feature, if a value is NaN or infinite;
  /// ValueError if all features are constant (as in a single sample), the values of a feature are too far apart for
  /// double or so close together that 1 / scale overflows, or clip is not positive and finite.
  template <SampleColumns X>
  explicit Standardize(const X& samples, StandardizeOptions options = {})
      : Standardize(detail::with_columns(samples, [](const auto& columns) { return fit(columns); }), options) {}

  /// @{
  /// A layer with the given mean and scale of each feature (both features x 1). Throws ShapeError if mean and scale are
  /// empty, differ in size from each other or from a static N, or are not one column each; ValueError if a mean is not
  /// finite, a scale is negative, not finite, or so small that its reciprocal is not finite, all scales are 0, or clip
  /// is not positive and finite.
  Standardize(std::span<const double> mean, std::span<const double> scale, StandardizeOptions options = {})
      : Standardize(State{buffer_of(mean), buffer_of(scale)}, options) {}
  Standardize(std::initializer_list<double> mean, std::initializer_list<double> scale, StandardizeOptions options = {})
      : Standardize(std::span(mean.begin(), mean.size()), std::span(scale.begin(), scale.size()), options) {}
  template <class Mean, class Scale>
  Standardize(const Eigen::MatrixBase<Mean>& mean, const Eigen::MatrixBase<Scale>& scale,
              StandardizeOptions options = {})
      : Standardize(State{buffer_of(mean), buffer_of(scale)}, options) {}
  /// @}

  /// The same layer as `other`, with its size given at run time.
  template <Index M>
  requires(N == Dynamic && M != Dynamic) Standardize(const Standardize<M>& other)
      : Standardize(other.mean(), other.scale(), {.clip = other.clip()}) {}

  /// @{
  /// The mean or the scale of each feature (features x 1): a view into the layer, or a copy if the layer is a
  /// temporary.
  ConstColumn<double> mean() const& { return {offsets().data(), offsets().size()}; }
  VectorX<double> mean() const&& { return mean(); }
  ConstColumn<double> scale() const& { return {scale_.data(), scale_.size()}; }
  VectorX<double> scale() const&& { return scale(); }
  /// @}
  /// The clip, if one was given.
  std::optional<double> clip() const { return clip_limit() == no_clip ? std::nullopt : std::optional(clip_limit()); }

  /// @{
  /// For files; see Layer (network/layer.hpp).
  template <class To>
  void save(To& to) const {
    to.vector("mean", offsets().span());
    to.vector("scale", scale_.span());
    to.optional_number("clip", clip());
  }
  template <class From>
  static Standardize load(const From& from) {
    return {from.vector("mean"), from.vector("scale"), {.clip = from.optional_number("clip")}};
  }
  /// @}

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
    Buffer<double> mean = detail::feature_means(samples);
    Buffer<double> scale(features), variance(features), unit(features);
    // Deviations are measured in units of a power of two near the feature's range, so that no square overflows or
    // becomes 0. Scaling by a power of two is exact.
    for (Index i = 0; i < features; ++i) {
      const double range = high[i] - low[i];
      if (!std::isfinite(range) || !std::isfinite(mean[i])) {
        throw ValueError({"feature ", i, " goes from ", low[i], " to ", high[i],
                          ", too far apart for a standard deviation; correct it or leave it out"});
      }
      unit[i] = range > 0 ? std::ldexp(1.0, std::ilogb(range)) : 1;
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
      scale[i] = constant ? 0 : std::sqrt(variance[i]) * unit[i];
      any = any || !constant;
    }
    if (!any) {
      throw ValueError({"every feature is the same in all ", samples.cols(),
                        " samples, up to rounding, so that nothing would be left of them; fit the layer to samples "
                        "that differ"});
    }
    return {std::move(mean), std::move(scale)};
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
      throw ValueError({"clip must be positive and finite, but is ", *options.clip, "; leave it out to clip nothing"});
    }
    return *options.clip;
  }

  Buffer<double> scale_;
};
/// @copydoc type_name
template <Index N>
inline constexpr std::string_view type_name<Standardize<N>> = "Standardize";

}  // namespace gemel
