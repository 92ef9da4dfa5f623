#pragma once

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <span>
#include <string_view>
#include <utility>

#include "gemel/core/buffer.hpp"
#include "gemel/core/columns.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/type_name.hpp"
#include "gemel/network/feature_scaling.hpp"

namespace gemel {

/// Subtracts the mean of each feature i over the samples that the layer is fitted to: y(i) = x(i) - mean(i), computed
/// in double and rounded once. It does not change Euclidean distances. It is useful before a Cosine distance or an
/// L2Normalize, where a mean that all samples share makes them similar, and before a Dense layer.
///
///   Centering<100>{samples}, Centering<>{samples}    fitted to Samples or a matrix (features x n)
///   Centering<>{mean}                                with a known mean: a vector or a list
///
/// The layer is fitted, not trained: the mean is not among a network's parameters. Fit it to the training samples only.
template <Index N = Dynamic>
class Centering : public FeatureScaling {
 public:
  /// @{
  /// The size if it is known at compile time, else Dynamic.
  static constexpr Index static_in = N;
  static constexpr Index static_out = N;
  /// @}

  /// A layer fitted to samples (features x n); one sample is the mean itself. Throws ShapeError if there is no sample,
  /// or the number of features is 0 or differs from a static N; NonFiniteError, which names the sample and the feature,
  /// if a value is NaN or infinite.
  template <SampleColumns X>
  explicit Centering(const X& samples)
      : Centering(detail::with_columns(samples, [](const auto& columns) { return fit(columns); })) {}

  /// @{
  /// A layer with the given mean of each feature. Throws ShapeError if there is none, or their number differs from a
  /// static N; ValueError if one is not finite.
  explicit Centering(std::span<const double> mean) : Centering(buffer_of(mean)) {}
  Centering(std::initializer_list<double> mean) : Centering(std::span(mean.begin(), mean.size())) {}
  /// @}

  /// The same layer as `other`, with its size given at run time.
  template <Index M>
  requires(N == Dynamic && M != Dynamic) Centering(const Centering<M>& other) : Centering(other.mean()) {}

  /// @{
  /// The mean of each feature (features x 1): a view into the layer, or a copy if the layer is a temporary.
  ConstColumn<double> mean() const& { return {offsets().data(), offsets().size()}; }
  VectorX<double> mean() const&& { return mean(); }
  /// @}

  /// @{
  /// For files; see Layer (network/layer.hpp).
  template <class To>
  void save(To& to) const {
    to.vector("mean", offsets().span());
  }
  template <class From>
  static Centering load(const From& from) {
    return Centering(std::span<const double>(from.vector("mean")));
  }
  /// @}

 private:
  [[gnu::cold]] explicit Centering(Buffer<double> mean) : FeatureScaling(checked(mean), ones(mean.size()), no_clip) {}

  static Buffer<double> buffer_of(std::span<const double> values) {
    Buffer<double> buffer(length(values));
    std::ranges::copy(values, buffer.data());
    return buffer;
  }
  static Buffer<double> ones(Index n) {
    Buffer<double> values(n);
    std::ranges::fill(values, 1.0);
    return values;
  }

  template <Scalar S>
  [[gnu::cold]] static Buffer<double> fit(const ColumnList<S>& samples) {
    if (N != Dynamic && samples.rows() != N) {
      throw ShapeError({"Centering<", N, "> takes ", N, " features, but the samples have ", samples.rows(),
                        " (rows are features, columns are samples)"});
    }
    detail::feature_ranges(samples);  // refuses samples that are empty or not finite
    return detail::feature_means(samples);
  }

  [[gnu::cold]] static const Buffer<double>& checked(const Buffer<double>& mean) {
    if (mean.empty()) throw ShapeError("Centering needs the mean of each feature, but none was given");
    if (N != Dynamic && mean.size() != N) {
      throw ShapeError({"Centering<", N, "> takes ", N, " features, but ", mean.size(), " means were given"});
    }
    for (Index i = 0; i < mean.size(); ++i) {
      if (!std::isfinite(mean[i])) throw ValueError({"the mean of feature ", i, " must be finite, but is ", mean[i]});
    }
    return mean;
  }
};
/// @copydoc type_name
template <Index N>
inline constexpr std::string_view type_name<Centering<N>> = "Centering";

}  // namespace gemel
