#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "gemel/core/columns.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/extent.hpp"
#include "gemel/core/random.hpp"
#include "gemel/core/type_name.hpp"
#include "gemel/network/layer.hpp"
#include "gemel/network/parameterless.hpp"

namespace gemel {

/// During training, sets each value to 0 with probability `rate` and multiplies the others by 1 / (1 - rate), which
/// preserves the mean; at inference, copies its input (Srivastava et al.: Dropout, JMLR 2014, in the inverted form, as
/// in Keras). Which values are dropped is a function of the pass's seed and step, the column and the row, so that the
/// backward pass drops the same values.
///
///   Dropout<128>{}, Dropout<128>{0.2}    for 128 values; the default rate is 0.5, as in PyTorch
///   Dropout<>{128, 0.2}                  with the size given at run time
template <Index N = Dynamic>
class Dropout : public Parameterless {
 public:
  /// @{
  /// The size if it is known at compile time, else Dynamic.
  static constexpr Index static_in = N;
  static constexpr Index static_out = N;
  /// @}

  /// A layer of static size. Throws ValueError if the rate is not in [0, 1).
  explicit Dropout(double rate = 0.5) requires(N != Dynamic) : Dropout(N, rate) {}

  /// A layer of the given size. Throws ShapeError if the size is not positive or differs from a static N; ValueError if
  /// the rate is not in [0, 1).
  Dropout(Extent<N> size, double rate) : size_(size), rate_(rate) {
    if (!(rate >= 0 && rate < 1)) {
      throw ValueError({"the rate of Dropout must be at least 0 and less than 1, but ", rate, " was given"});
    }
  }

  /// The probability that a value is dropped during training.
  double rate() const { return rate_; }

  /// @{
  /// Required by the Layer concept (network/layer.hpp).
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

  /// @{
  /// For files; see Layer (network/layer.hpp).
  template <class To>
  void save(To& to) const {
    to.number("rate", rate_);
  }
  template <class From>
  static Dropout load(const From& from) {
    return {from.in(), from.number("rate")};
  }
  /// @}

 private:
  /// Copies column j from `from` to `to`, with dropout during training. Dropped values are multiplied by 0 instead of
  /// set to 0, so that NaN stays NaN.
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
/// @copydoc type_name
template <Index N>
inline constexpr std::string_view type_name<Dropout<N>> = "Dropout";

}  // namespace gemel
