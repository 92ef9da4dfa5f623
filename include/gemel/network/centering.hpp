#pragma once

#include <algorithm>
#include <cmath>
#include <string_view>

#include "gemel/core/buffer.hpp"
#include "gemel/core/columns.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/type_name.hpp"
#include "gemel/network/feature_scaling.hpp"

namespace gemel {

/// y = x - mean, where mean is that of the samples that the layer is fitted to, computed in double and rounded once.
/// With the distance Cosine this is the centred cosine, which compares the directions of two samples as seen from the
/// mean, instead of from the origin.
///
///   Centering<100>{samples}, Centering<>{samples}    fitted to Samples or a matrix (features x n)
///
/// The layer is fitted, not trained: the mean is not among a network's parameters.
template <Index N = Dynamic>
class Centering : public FeatureScaling {
 public:
  /// @{
  /// The size if it is known at compile time, else Dynamic.
  static constexpr Index static_in = N;
  static constexpr Index static_out = N;
  /// @}

  /// A layer fitted to samples (features x n). Throws ShapeError if there is no sample, or the number of features is 0
  /// or differs from a static N; NonFiniteError, which names the sample and the feature, if a value is NaN or infinite.
  template <SampleColumns X>
  explicit Centering(const X& samples)
      : Centering(detail::with_columns(samples, [](const auto& columns) { return mean_of(columns); })) {}

  /// The same layer as `other`, with its size given at run time.
  template <Index M>
  requires(N == Dynamic && M != Dynamic) Centering(const Centering<M>& other) : Centering(copy_of(other.mean())) {}

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
    const auto mean = from.vector("mean");
    return Centering(copy_of(ConstColumn<double>(mean.data(), length(mean))));
  }
  /// @}

 private:
  [[gnu::cold]] explicit Centering(Buffer<double> mean) : FeatureScaling(mean, ones(mean), no_clip) {}

  static Buffer<double> ones(const Buffer<double>& mean) {
    if (mean.size() == 0 || (N != Dynamic && mean.size() != N)) {
      throw ShapeError(
          {"Centering<", N, "> was given ", mean.size(), " features (rows are features, columns are samples)"});
    }
    Buffer<double> factors(mean.size());
    for (Index i = 0; i < mean.size(); ++i) {
      if (!std::isfinite(mean[i]))
        throw ValueError({"the mean of feature ", i, " is ", mean[i], ", not a finite number"});
      factors[i] = 1;
    }
    return factors;
  }
  static Buffer<double> copy_of(const ConstColumn<double>& values) {
    Buffer<double> copy(values.size());
    std::copy_n(values.data(), values.size(), copy.data());
    return copy;
  }
  template <Scalar S>
  [[gnu::cold]] static Buffer<double> mean_of(const ColumnList<S>& samples) {
    detail::feature_ranges(samples);  // refuses no samples, NaN and infinity
    Buffer<double> mean(samples.rows());
    for (Index j = 0; j < samples.cols(); ++j) {
      for (Index i = 0; i < samples.rows(); ++i) {
        mean[i] += static_cast<double>(samples[j][i]) / static_cast<double>(samples.cols());
      }
    }
    return mean;
  }
};
/// @copydoc type_name
template <Index N>
inline constexpr std::string_view type_name<Centering<N>> = "Centering";

}  // namespace gemel
