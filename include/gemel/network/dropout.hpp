#pragma once

#include <cstdint>
#include <span>

#include "gemel/core/columns.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/extent.hpp"
#include "gemel/core/random.hpp"
#include "gemel/network/layer.hpp"
#include "gemel/network/parameterless.hpp"

namespace gemel {

/// While training, sets each value to 0 with probability `rate` and multiplies the others by 1 / (1 - rate), which
/// keeps the mean; otherwise copies its input (Srivastava et al.: Dropout, JMLR 2014, in the inverted form, like
/// Keras). The pass's seed and step, the column and the row determine which values drop, so that the backward pass
/// draws the same.
///
///   Dropout<128>{}, Dropout<128>{0.2}    128 values; the default rate is 0.5, like PyTorch's
///   Dropout<>{128, 0.2}                  the same with the size given at run time
template <Index N = Dynamic>
class Dropout : public Parameterless {
 public:
  /// @{
  /// The size known at compile time, else Dynamic.
  static constexpr Index static_in = N;
  static constexpr Index static_out = N;
  /// @}

  /// A layer of static size. Throws ValueError where the rate is not in [0, 1).
  explicit Dropout(double rate = 0.5) requires(N != Dynamic) : Dropout(N, rate) {}

  /// Throws ShapeError where the size is not positive or not N, ValueError where the rate is not in [0, 1).
  Dropout(Extent<N> size, double rate) : size_(size), rate_(rate) {
    if (!(rate >= 0 && rate < 1)) {
      throw ValueError({"the rate of Dropout must be at least 0 and less than 1, but ", rate, " was given"});
    }
  }

  /// The probability that a value drops.
  double rate() const { return rate_; }

  /// @{
  /// As the Layer concept asks (network/layer.hpp).
  Index in() const { return size_; }
  Index out() const { return size_; }
  template <Scalar S>
  void forward(std::span<const S>, ColumnList<S> x, Columns<S> y, const Pass& pass) const {
    for (Index j = 0; j < y.cols(); ++j) apply(x[j], y.col(j).data(), pass, j);
  }

  template <Scalar S>
  void backward(std::span<const S>, ColumnList<S>, ColumnList<S>, Columns<S> dy, Columns<S> dx,
                const Pass& pass) const {
    for (Index j = 0; j < dx.cols(); ++j) apply(dy.col(j).data(), dx.col(j).data(), pass, j);
  }
  /// @}

 private:
  /// Dropped values are multiplied by 0 instead of set to 0, so that NaN stays visible.
  template <Scalar S>
  void apply(const S* from, S* to, const Pass& pass, Index j) const {
    if (!pass.training) {
      for (Index i = 0; i < size_; ++i) to[i] = from[i];
      return;
    }
    const auto threshold = static_cast<std::uint32_t>(rate_ * 0x1p32);
    const S scale = static_cast<S>(1 / (1 - rate_));
    Rng rng{pass.seed, mix(pass.step, static_cast<std::uint64_t>(pass.column(j)))};
    for (Index i = 0; i < size_; ++i) to[i] = from[i] * (rng.bits32() < threshold ? 0 : scale);
  }

  [[no_unique_address]] Extent<N> size_;
  double rate_;
};

}  // namespace gemel
