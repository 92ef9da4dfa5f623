#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <span>
#include <string_view>
#include <type_traits>

#include "gemel/core/columns.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/extent.hpp"
#include "gemel/core/kernel.hpp"
#include "gemel/core/reduce.hpp"
#include "gemel/core/type_name.hpp"
#include "gemel/network/activation.hpp"
#include "gemel/network/initializer.hpp"
#include "gemel/network/layer.hpp"

namespace gemel {

/// A fully connected layer: y = f(W x + b), where W is out x in and b is out x 1. The sizes are static as in
/// `Dense<100, 128, ReLU>`, given at run time as in `Dense<Dynamic, Dynamic, ReLU>{100, 128}`, or mixed.
///
/// The parameters are W in column-major order, then b. Together they form an out x (in + 1) matrix, and a block of
/// parameters is a range of its columns.
///
/// Keras' Dense kernel (in x out, row-major) has the same elements in the same order as W and is used unchanged; in
/// Python:
///
///     p = numpy.concatenate([kernel.ravel(), bias])
///
/// The weight of PyTorch's nn.Linear (out x in, row-major) has the same number of elements as W, but in another order.
/// Used unchanged, it would be accepted and give wrong embeddings without an error, so transpose it first: in Python,
/// or in C++ from its memory.
///
///     p = torch.cat([linear.weight.t().reshape(-1), linear.bias])
///
///     using RowMajor = Eigen::Matrix<float, Dynamic, Dynamic, Eigen::RowMajor>;
///     p << Eigen::Map<const RowMajor>(weight, out, in).reshaped(), ConstColumn<float>(bias, out);
template <Index In, Index Out, class Activate = Linear, class Initialize = GlorotUniform>
class Dense {
  static_assert(In == Dynamic || Out == Dynamic || In < detail::max_values / Out,
                "gemel: a layer of this size has more parameters than any machine holds");

 public:
  /// @{
  /// The size if it is known at compile time, else Dynamic.
  static constexpr Index static_in = In;
  static constexpr Index static_out = Out;
  /// @}

  /// A layer of static sizes.
  Dense() requires(In != Dynamic && Out != Dynamic && std::default_initializable<Activate> &&
                   std::default_initializable<Initialize>) = default;
  /// A layer of `in` inputs and `out` outputs. Throws ShapeError if a size is not positive or differs from the static
  /// one, or if the layer would have more parameters than any machine holds.
  Dense(Extent<In> in, Extent<Out> out, Activate activation = {}, Initialize initializer = {})
      : in_(in), out_(out), activation_(activation), initializer_(initializer) {
    if (in_ >= detail::max_values / out_) {
      throw ShapeError({"a layer of ", Index{in_}, " x ", Index{out_}, " has more parameters than any machine holds"});
    }
  }
  /// A layer of static sizes, for an activation or an initializer with options.
  explicit Dense(Activate activation, Initialize initializer = {}) requires(In != Dynamic && Out != Dynamic)
      : activation_(activation), initializer_(initializer) {}

  /// @{
  /// Required by the Layer concept (network/layer.hpp).
  Index in() const { return in_; }
  Index out() const { return out_; }
  Index parameter_count() const { return out_ * (in_ + 1); }
  Index grain() const { return out_; }
  std::array<Index, 2> variables() const { return {out_ * in_, out_}; }
  /// @}

  /// The activation f, with its options.
  const Activate& activation() const { return activation_; }

  /// Fills W with the initializer, given the fan-in `in` and the fan-out `out`, and sets b to 0.
  template <Scalar S>
  void initialize(std::span<S> p, Rng& rng) const {
    const auto weights = static_cast<std::size_t>(out_ * in_);
    initializer_(p.first(weights), in_, out_, rng);
    std::fill(p.begin() + out_ * in_, p.end(), S{0});
  }

  /// Computes y = f(W x + b) for each column.
  template <Scalar S>
  void forward(std::span<const S> p, ColumnList<S> x, Columns<S> y, const Pass&) const {
    multiply<S>(p, x, y, nullptr, nullptr);
    activate(y);
  }

  /// Computes dz = dy * f'(z), elementwise, in place of dy, and dx = W^T dz.
  template <Scalar S>
  void backward(std::span<const S> p, ColumnList<S>, ColumnList<S> y, Columns<S> dy, Columns<S> dx, const Pass&) const {
    to_dz(y, dy);
    if (dx.size() > 0) measured_backward<S>(p, dy, nullptr, dx);
  }

  /// @{
  /// Required by the MeasuringLayer concept (network/layer.hpp).
  using ExactType = Dense;
  static constexpr DeltaRule delta_rule = std::is_same_v<Activate, ReLU>     ? DeltaRule::Masked
                                          : std::is_same_v<Activate, Linear> ? DeltaRule::Copied
                                                                             : DeltaRule::Computed;
  template <Scalar S>
  S measured_forward(std::span<const S> p, ColumnList<S> x, Columns<S> y, const Pass&, S* largest_x) const {
    S largest_y = 0;
    multiply(p, x, y, &largest_y, largest_x);
    if constexpr (delta_rule != DeltaRule::Computed) return largest_y;
    activate(y);
    return max_abs(y.data(), y.size());
  }
  template <Scalar S>
  void to_dz(ColumnList<S> y, Columns<S> dy) const {
    if constexpr (delta_rule == DeltaRule::Masked) {
      for (Index j = 0; j < dy.cols();) {  // contiguous columns in one call
        const Index begin = j;
        do ++j;
        while (j < dy.cols() && y[j] == y[j - 1] + out_);
        kernel::kernels<S>().relu_backward(y[begin], dy.col(begin).data(), (j - begin) * out_);
      }
    } else if constexpr (delta_rule == DeltaRule::Computed) {
      for (Index j = 0; j < dy.cols(); ++j) {
        std::transform(dy.col(j).begin(), dy.col(j).end(), y[j], dy.col(j).begin(),
                       [this](S slope, S value) { return slope * activation_.slope(value); });
      }
    }
  }
  template <Scalar S>
  S measured_backward(std::span<const S> p, ColumnList<S> dz, const S* const* keep, Columns<S> dx) const {
    S largest_dx = 0;
    for_each_run(dz, [&](Index first, Index count, const S* const* columns) {
      S largest = 0;
      kernel::kernels<S>().product({.rows = in_,
                                    .depth = out_,
                                    .cols = count,
                                    .a = p.data(),
                                    .lda = out_,
                                    .b = columns,
                                    .bias = nullptr,
                                    .y = dx.data() + first * in_,
                                    .ldy = in_,
                                    .relu = false,
                                    .transposed = true,
                                    .keep = keep ? keep + first : nullptr,
                                    .max_abs_y = &largest});
      largest_dx = larger(largest_dx, largest);
    });
    return largest_dx;
  }
  /// @}

  /// Adds dz x^T to dLoss/dW and the sum of the columns of dz to dLoss/db, for the parameters from `first` on that g
  /// has room for.
  template <Scalar S>
  void add_gradient(ColumnList<S> x, ColumnList<S> dz, Index first, std::span<S> g) const {
    const Index begin = first / out_, end = begin + length(g) / out_;
    for_each_run(x, [&](Index x_first, Index x_count, const S* const* x_columns) {
      for_each_run(dz.middle(x_first, x_count), [&](Index dz_first, Index dz_count, const S* const* dz_columns) {
        const Index columns = std::min(end, Index{in_}) - begin;
        if (columns > 0) {
          kernel::kernels<S>().add_gradient({.rows = out_,
                                             .cols = columns,
                                             .depth = dz_count,
                                             .d = dz_columns,
                                             .x = x_columns + dz_first,
                                             .first = begin,
                                             .g = g.data()});
        }
        if (end > in_) kernel::kernels<S>().add_sum(dz_columns, out_, dz_count, &g.back() + 1 - out_);
      });
    });
  }

  /// Computes the gradient of the parameters from `first` on that the block holds, and updates them in the same pass.
  /// The result is bit-identical to that of add_gradient followed by the block's update rule. x and dz must be lists of
  /// pointers.
  template <class Rule, Scalar S>
  void fused_update(ColumnList<S> x, ColumnList<S> dz, Index first, const kernel::Update<Rule, S>& block) const {
    const Index begin = first / out_, end = begin + block.n / out_;
    const auto bias = block.part(block.n - out_, out_, nullptr);
    kernel::update_kernels<Rule, S>().fused_update({.rows = out_,
                                                    .cols = std::min(end, Index{in_}) - begin,
                                                    .depth = dz.cols(),
                                                    .d = dz.pointers(),
                                                    .x = x.pointers(),
                                                    .first = begin,
                                                    .g = nullptr},
                                                   block, end > in_ ? &bias : nullptr);
  }

  /// Each element satisfies |dLoss/dW| <= columns * max|x| * max|dz| and |dLoss/db| <= columns * max|dz|.
  double gradient_bound(double x, double dz, Index columns) const {
    return static_cast<double>(columns) * std::max(x, 1.0) * dz;
  }

  /// @{
  /// For files; see Layer (network/layer.hpp).
  std::array<NamedVariable, 2> named_variables() const { return {{{"weight", out_, in_}, {"bias", out_}}}; }
  template <class To>
  void save(To& to) const {
    to.part("activation", activation_);
  }
  template <class From>
  static Dense load(const From& from) {
    return {from.in(), from.out(), from.template part<Activate>("activation")};
  }
  /// @}

 private:
  /// y = W x + b, or the ReLU of it. If `largest_y` or `largest_x` is not null, sets it to the largest magnitude.
  template <Scalar S>
  void multiply(std::span<const S> p, ColumnList<S> x, Columns<S> y, S* largest_y, S* largest_x) const {
    if (largest_x) *largest_x = 0;
    for_each_run(x, [&](Index first, Index count, const S* const* columns) {
      S of_x = 0, of_y = 0;
      kernel::kernels<S>().product({.rows = out_,
                                    .depth = in_,
                                    .cols = count,
                                    .a = p.data(),
                                    .lda = out_,
                                    .b = columns,
                                    .bias = p.data() + out_ * in_,
                                    .y = y.data() + first * out_,
                                    .ldy = out_,
                                    .relu = std::is_same_v<Activate, ReLU>,
                                    .max_abs_y = largest_y ? &of_y : nullptr,
                                    .max_abs_b = largest_x ? &of_x : nullptr});
      if (largest_y) *largest_y = larger(*largest_y, of_y);
      if (largest_x) *largest_x = larger(*largest_x, of_x);
    });
  }

  template <Scalar S>
  void activate(Columns<S> y) const {
    if constexpr (delta_rule == DeltaRule::Computed) {
      std::for_each_n(y.data(), y.size(), [this](S& z) { z = activation_.value(z); });
    }
  }

  [[no_unique_address]] Extent<In> in_;
  [[no_unique_address]] Extent<Out> out_;
  [[no_unique_address]] Activate activation_ = {};
  [[no_unique_address]] Initialize initializer_ = {};
};
/// @copydoc type_name
template <Index In, Index Out, class Activate, class Initialize>
inline constexpr std::string_view type_name<Dense<In, Out, Activate, Initialize>> = "Dense";

}  // namespace gemel
