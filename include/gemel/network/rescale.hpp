#pragma once

#include <algorithm>
#include <cmath>
#include <string_view>

#include "gemel/core/buffer.hpp"
#include "gemel/core/columns.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/extent.hpp"
#include "gemel/core/type_name.hpp"
#include "gemel/network/feature_scaling.hpp"

namespace gemel {

/// Options of a Rescale layer.
struct RescaleOptions {
  double offset = 0;  ///< what is subtracted from each value first
  double factor = 1;  ///< what the difference is then multiplied by
};

/// y = (x - offset) * factor, with the same offset and factor for all features, computed in double and rounded once.
/// Note that Keras' Rescaling adds its offset after the product.
///
///   Rescale<784>{{.factor = 1 / 255.0}}, Rescale<>{784, {.factor = 1 / 255.0}}    scales pixels to [0, 1]
///   Rescale<784>::to_unit_range(samples), Rescale<>::to_unit_range(samples)       fitted to samples
///
/// The layer is fitted, not trained: offset and factor are not among a network's parameters.
template <Index N = Dynamic>
class Rescale : public FeatureScaling {
 public:
  /// @{
  /// The size if it is known at compile time, else Dynamic.
  static constexpr Index static_in = N;
  static constexpr Index static_out = N;
  /// @}

  /// A layer of static size. Throws ValueError if the offset or the factor is not finite, or if the factor is 0, which
  /// would make all samples equal.
  explicit Rescale(RescaleOptions options) requires(N != Dynamic) : Rescale(N, options) {}
  /// A layer of the given size. Throws ShapeError if the size is not positive or differs from a static N, and
  /// ValueError like the constructor above.
  [[gnu::cold]] Rescale(Extent<N> size, RescaleOptions options)
      : FeatureScaling(repeated(size, checked_offset(options)), repeated(size, checked_factor(options)), no_clip),
        options_(options) {}

  /// The same layer as `other`, with its size given at run time.
  template <Index M>
  requires(N == Dynamic && M != Dynamic) Rescale(const Rescale<M>& other)
      : Rescale(other.in(), {.offset = other.offset(), .factor = other.factor()}) {}

  /// The layer that maps the smallest value of the samples (Samples or a matrix, features x n) to 0 and the largest
  /// to 1. Fit it to the training samples only. Throws ShapeError if there is no sample, or the number of features is 0
  /// or differs from a static N; NonFiniteError, which names the sample and the feature, if a value is NaN or infinite;
  /// ValueError if all values are equal up to rounding, or so close or so far apart that no factor fits.
  template <SampleColumns X>
  static Rescale to_unit_range(const X& samples) {
    return detail::with_columns(samples, [](const auto& columns) { return fit(columns); });
  }

  double offset() const { return options_.offset; }  ///< the number subtracted from each value
  double factor() const { return options_.factor; }  ///< the number by which the difference is multiplied

  /// @{
  /// For files; see Layer (network/layer.hpp).
  template <class To>
  void save(To& to) const {
    to.number("offset", offset());
    to.number("factor", factor());
  }
  template <class From>
  static Rescale load(const From& from) {
    return {from.in(), {.offset = from.number("offset"), .factor = from.number("factor")}};
  }
  /// @}

 private:
  template <Scalar S>
  [[gnu::cold]] static Rescale fit(const ColumnList<S>& samples) {
    if (N != Dynamic && samples.rows() != N) {
      throw ShapeError({"Rescale<", N, "> takes ", N, " features, but the samples have ", samples.rows(),
                        " (rows are features, columns are samples)"});
    }
    const detail::FeatureRanges ranges = detail::feature_ranges(samples);
    const double low = *std::ranges::min_element(ranges.low), high = *std::ranges::max_element(ranges.high);
    if (detail::is_constant<S>(low, high)) {
      throw ValueError({"all features of all ", samples.cols(), " samples are ", low,
                        ", up to rounding; fit the layer to samples that differ"});
    }
    const double factor = 1 / (high - low);
    if (factor == 0 || !std::isfinite(factor)) {
      throw ValueError({"the samples go from ", low, " to ", high, ", and no factor takes them to 0..1"});
    }
    return Rescale(samples.rows(), {.offset = low, .factor = factor});
  }

  static Buffer<double> repeated(Index size, double value) {
    Buffer<double> values(size);
    std::ranges::fill(values, value);
    return values;
  }
  static double checked_offset(RescaleOptions options) {
    if (std::isfinite(options.offset)) return options.offset;
    throw ValueError({"the offset of Rescale must be finite, but is ", options.offset});
  }
  static double checked_factor(RescaleOptions options) {
    if (options.factor != 0 && std::isfinite(options.factor)) return options.factor;
    throw ValueError({"the factor of Rescale must be finite and not 0, but is ", options.factor});
  }

  RescaleOptions options_;
};
/// @copydoc type_name
template <Index N>
inline constexpr std::string_view type_name<Rescale<N>> = "Rescale";

}  // namespace gemel
