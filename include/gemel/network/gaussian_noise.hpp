#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string_view>

#include "gemel/core/columns.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/extent.hpp"
#include "gemel/core/kernel.hpp"
#include "gemel/core/random.hpp"
#include "gemel/core/type_name.hpp"
#include "gemel/network/layer.hpp"
#include "gemel/network/parameterless.hpp"

namespace gemel {

/// During training, adds a normal number with mean 0 and standard deviation `stddev` to each value; at inference,
/// copies its input (Keras' GaussianNoise). As the first layer it augments the samples, so stddev is in their unit:
/// behind a Standardize, 0.1 is a tenth of each feature's standard deviation. The noise is a function of the pass's
/// seed and step, the column and the row. Its numbers are those of fill_normal (core/fill_normal.hpp).
///
///   GaussianNoise<128>{0.1}      for 128 values
///   GaussianNoise<>{128, 0.1}    with the size given at run time
template <Index N = Dynamic>
class GaussianNoise : public Parameterless {
 public:
  /// @{
  /// The size if it is known at compile time, else Dynamic.
  static constexpr Index static_in = N;
  static constexpr Index static_out = N;
  /// @}

  /// A layer of static size. Throws ValueError if stddev is negative or not finite.
  explicit GaussianNoise(double stddev) requires(N != Dynamic) : GaussianNoise(N, stddev) {}

  /// A layer of the given size. Throws ShapeError if the size is not positive or differs from a static N; ValueError if
  /// stddev is negative or not finite.
  GaussianNoise(Extent<N> size, double stddev) : size_(size), stddev_(stddev) {
    if (!(stddev >= 0 && std::isfinite(stddev))) {
      throw ValueError({"the stddev of GaussianNoise must be at least 0 and finite, but ", stddev, " was given"});
    }
  }

  /// The standard deviation of the noise.
  double stddev() const { return stddev_; }

  /// @{
  /// Required by the Layer concept (network/layer.hpp).
  Index in() const { return size_; }
  Index out() const { return size_; }
  template <Scalar S>
  void forward(std::span<const S>, ColumnList<S> x, Columns<S> y, const Pass& pass) const {
    for (Index j = 0; j < y.cols(); ++j) {
      S* to = y.col(j).data();
      if (!pass.training) {
        std::copy_n(x[j], static_cast<Index>(size_), to);
        continue;
      }
      kernel::normal_kernel<S>()({.seed = pass.seed,
                                  .stream = mix(pass.step, static_cast<std::uint64_t>(pass.column(j))),
                                  .scale = static_cast<S>(stddev_),
                                  .x = x[j],
                                  .y = to,
                                  .n = size_});
    }
  }

  template <Scalar S>
  void backward(std::span<const S>, ColumnList<S>, ColumnList<S>, Columns<S> dy, Columns<S> dx, const Pass&) const {
    for (Index j = 0; j < dx.cols(); ++j) dx.col(j) = dy.col(j);
  }
  /// @}

  /// @{
  /// For files; see Layer (network/layer.hpp).
  template <class To>
  void save(To& to) const {
    to.number("stddev", stddev_);
  }
  template <class From>
  static GaussianNoise load(const From& from) {
    return {from.in(), from.number("stddev")};
  }
  /// @}

 private:
  [[no_unique_address]] Extent<N> size_;
  double stddev_;
};
/// @copydoc type_name
template <Index N>
inline constexpr std::string_view type_name<GaussianNoise<N>> = "GaussianNoise";

}  // namespace gemel
