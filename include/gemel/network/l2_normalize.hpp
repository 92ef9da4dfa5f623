#pragma once

#include <span>
#include <string_view>

#include "gemel/core/columns.hpp"
#include "gemel/core/extent.hpp"
#include "gemel/core/reduce.hpp"
#include "gemel/core/type_name.hpp"
#include "gemel/network/layer.hpp"
#include "gemel/network/parameterless.hpp"

namespace gemel {

/// y = x / |x| for each column, which puts embeddings on the unit sphere, where the Euclidean distance is at most 2.
/// The gradient is
///
///   dx = (dy - y * (y . dy)) / |x|
///
/// A zero vector, which may occur after a ReLU, stays zero and has the gradient 0.
///
///   L2Normalize<128>{}, L2Normalize<>{128}
template <Index N = Dynamic>
class L2Normalize : public Parameterless {
 public:
  /// @{
  /// The size if it is known at compile time, else Dynamic.
  static constexpr Index static_in = N;
  static constexpr Index static_out = N;
  /// @}

  /// A layer of static size.
  L2Normalize() requires(N != Dynamic) = default;
  /// A layer of the given size. Throws ShapeError if the size is not positive or differs from a static N.
  explicit L2Normalize(Extent<N> size) : size_(size) {}

  /// @{
  /// Required by the Layer concept (network/layer.hpp).
  Index in() const { return size_; }
  Index out() const { return size_; }

  template <Scalar S>
  void forward(std::span<const S>, ColumnList<S> x, Columns<S> y, const Pass&) const {
    for (Index j = 0; j < y.cols(); ++j) {
      const auto [scale, norm] = scaled_norm(x[j], in());
      if (norm == 0) {
        y.col(j).setZero();
      } else if (scale == 1) {
        y.col(j) = x.column(j) / norm;
      } else {
        y.col(j) = x.column(j) / scale / norm;
      }
    }
  }

  template <Scalar S>
  void backward(std::span<const S>, ColumnList<S> x, ColumnList<S> y, Columns<S> dy, Columns<S> dx, const Pass&) const {
    for (Index j = 0; j < dx.cols(); ++j) {
      const auto [scale, norm] = scaled_norm(x[j], in());
      if (norm == 0) {
        dx.col(j).setZero();
      } else {
        // y is divided by 1 / (y . dy) instead of multiplied by y . dy, because a compiler may fuse a product and a
        // difference into one operation, which changes the bits.
        const S inverse = 1 / dot<S>(y[j], dy.col(j).data(), in());
        dx.col(j) = (dy.col(j) - y.column(j) / inverse) / norm;
        if (scale != 1) dx.col(j) /= scale;
      }
    }
  }
  /// @}

  /// @{
  /// For files; see Layer (network/layer.hpp).
  template <class From>
  static L2Normalize load(const From& from) {
    return L2Normalize(from.in());
  }
  /// @}

 private:
  [[no_unique_address]] Extent<N> size_;
};
/// @copydoc type_name
template <Index N>
inline constexpr std::string_view type_name<L2Normalize<N>> = "L2Normalize";

}  // namespace gemel
