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
#include "gemel/network/dense_passes.hpp"
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
    S* const unmeasured = nullptr;
    detail::dense_product(p.data(), is_relu, x, y, unmeasured, unmeasured);
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
    constexpr bool is_z = delta_rule == DeltaRule::Computed;  // whether the product still lacks the activation
    detail::dense_product(p.data(), is_relu, x, y, is_z ? nullptr : &largest_y, largest_x);
    if constexpr (!is_z) return largest_y;
    activate(y);
    return max_abs(y.data(), y.size());
  }
  template <Scalar S>
  void to_dz(ColumnList<S> y, Columns<S> dy) const {
    if constexpr (delta_rule == DeltaRule::Masked) {
      detail::dense_mask(y, dy);
    } else if constexpr (delta_rule == DeltaRule::Computed) {
      for (Index j = 0; j < dy.cols(); ++j) {
        std::transform(dy.col(j).begin(), dy.col(j).end(), y[j], dy.col(j).begin(),
                       [this](S slope, S value) { return slope * activation_.slope(value); });
      }
    }
  }
  template <Scalar S>
  S measured_backward(std::span<const S> p, ColumnList<S> dz, const S* const* keep, Columns<S> dx) const {
    return detail::dense_transposed_product(p.data(), dz, keep, dx);
  }
  /// @}

  /// Adds dz x^T to dLoss/dW and the sum of the columns of dz to dLoss/db, for the parameters from `first` on that g
  /// has room for.
  template <Scalar S>
  void add_gradient(ColumnList<S> x, ColumnList<S> dz, Index first, std::span<S> g) const {
    detail::dense_add_gradient(x, dz, first, g);
  }

  /// Computes the gradient of the parameters from `first` on that the block holds, and updates them in the same pass.
  /// The result is bit-identical to that of add_gradient followed by the block's update rule. x and dz must be lists of
  /// pointers.
  template <class Rule, Scalar S>
  void fused_update(ColumnList<S> x, ColumnList<S> dz, Index first, const kernel::Update<Rule, S>& block) const {
    detail::dense_fused_update(x, dz, first, block);
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
  static constexpr bool is_relu = std::is_same_v<Activate, ReLU>;

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

namespace detail {

/// Dense layers of any static sizes and any initializer, with the same activation. Since it is copied at each visit, it
/// must be cheap to copy. A class that is derived from Dense is another layer.
template <Index In, Index Out, class Activate, class Initialize>
requires std::is_trivially_copyable_v<Activate>
struct SizedLayer<Dense<In, Out, Activate, Initialize>> {
  using Type = Dense<Dynamic, Dynamic, Activate>;
  static Type of(const Dense<In, Out, Activate, Initialize>& layer) {
    if constexpr (std::same_as<Dense<In, Out, Activate, Initialize>, Type>) {
      return layer;
    } else {
      return {layer.in(), layer.out(), layer.activation()};
    }
  }
};

}  // namespace detail

}  // namespace gemel
