#pragma once

#include <cmath>
#include <concepts>
#include <limits>

#include "gemel/core/error.hpp"
#include "gemel/core/types.hpp"

namespace gemel {

/// An elementwise function y = f(z) whose derivative f'(z) is a function of y, so that z need not be kept. A function
/// without this property needs a Layer of its own.
///
///   value(z)  y
///   slope(y)  f'(z)
template <class A, class S>
concept Activation = std::copy_constructible<A> && requires(const A f, S z) {
  { f.value(z) } -> std::same_as<S>;
  { f.slope(z) } -> std::same_as<S>;
};

/// y = z
struct Linear {
  /// @{
  /// As the Activation concept asks.
  template <Scalar S>
  S value(S z) const {
    return z;
  }
  template <Scalar S>
  S slope(S) const {
    return 1;
  }
  /// @}
};

/// y = max(0, z); the slope at 0 is 0. A NaN stays a NaN.
struct ReLU {
  /// @{
  /// As the Activation concept asks.
  template <Scalar S>
  S value(S z) const {
    return z < 0 ? 0 : z;
  }
  template <Scalar S>
  S slope(S y) const {
    return y > 0 ? 1 : 0;
  }
  /// @}
};

namespace detail {

/// LeakyReLU's negative_slope, checked: a negative slope would hide the sign of z from y.
class NegativeSlope {
 public:
  constexpr NegativeSlope(double slope) : slope_(slope) {
    if (!(slope >= 0 && slope <= std::numeric_limits<float>::max())) {
      throw ValueError({"LeakyReLU's negative_slope must be finite and at least 0, but ", slope, " was given"});
    }
    if (slope > 0 && slope < std::numeric_limits<float>::min()) {
      throw ValueError({"LeakyReLU's negative_slope must be 0, or large enough not to become 0 as a float, but ", slope,
                        " was given"});
    }
  }
  constexpr operator double() const { return slope_; }

 private:
  double slope_;
};

}  // namespace detail

/// y = z where z > 0, else negative_slope z; the slope at 0 is negative_slope.
struct LeakyReLU {
  /// A double. The default is Keras' (PyTorch's is 0.01). Throws ValueError unless it is 0, or positive and within the
  /// range of float's normal numbers.
  detail::NegativeSlope negative_slope = 0.3;

  /// @{
  /// As the Activation concept asks.
  template <Scalar S>
  S value(S z) const {
    return z > 0 ? z : static_cast<S>(negative_slope) * z;
  }
  template <Scalar S>
  S slope(S y) const {
    return y > 0 ? 1 : static_cast<S>(negative_slope);
  }
  /// @}
};

/// y = tanh z
struct Tanh {
  /// @{
  /// As the Activation concept asks.
  template <Scalar S>
  S value(S z) const {
    return std::tanh(z);
  }
  template <Scalar S>
  S slope(S y) const {
    return (1 - y) * (1 + y);
  }
  /// @}
};

/// y = 1 / (1 + exp(-z)), without overflow for any z.
struct Sigmoid {
  /// @{
  /// As the Activation concept asks.
  template <Scalar S>
  S value(S z) const {
    const S e = std::exp(-std::abs(z));
    return (z < 0 ? e : 1) / (1 + e);
  }
  template <Scalar S>
  S slope(S y) const {
    return y * (1 - y);
  }
  /// @}
};

}  // namespace gemel
