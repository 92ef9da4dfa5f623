#pragma once

#include <cmath>
#include <concepts>
#include <limits>
#include <string_view>

#include "gemel/core/error.hpp"
#include "gemel/core/type_name.hpp"
#include "gemel/core/types.hpp"

namespace gemel {

/// An elementwise function y = f(z) whose derivative f'(z) can be computed from y, so that z need not be stored. A
/// function without this property needs a Layer of its own.
///
///   value(z)  f(z)
///   slope(y)  f'(z), where y = f(z)
template <class A, class S>
concept Activation = std::copy_constructible<A> && requires(const A f, S z) {
  { f.value(z) } -> std::same_as<S>;
  { f.slope(z) } -> std::same_as<S>;
};

/// y = z
struct Linear {
  /// @{
  /// Required by the Activation concept.
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
/// @copydoc type_name
template <>
inline constexpr std::string_view type_name<Linear> = "Linear";

/// y = max(0, z); the slope at 0 is 0. A NaN stays a NaN.
struct ReLU {
  /// @{
  /// Required by the Activation concept.
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
/// @copydoc type_name
template <>
inline constexpr std::string_view type_name<ReLU> = "ReLU";

namespace detail {

/// A checked negative_slope of LeakyReLU. With a negative slope, y would not determine the sign of z, and so not f'(z).
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

/// y = z if z > 0, else negative_slope * z; the slope at 0 is negative_slope.
struct LeakyReLU {
  /// The slope for z <= 0, given as a double. The default is that of Keras (in PyTorch it is 0.01). Initializing it
  /// throws ValueError unless it is 0 or a positive number in the range of normal floats.
  detail::NegativeSlope negative_slope = 0.3;

  /// @{
  /// Required by the Activation concept.
  template <Scalar S>
  S value(S z) const {
    return z > 0 ? z : static_cast<S>(negative_slope) * z;
  }
  template <Scalar S>
  S slope(S y) const {
    return y > 0 ? 1 : static_cast<S>(negative_slope);
  }
  /// @}

  /// @{
  /// For files; see Layer (network/layer.hpp).
  template <class To>
  void save(To& to) const {
    to.number("negative_slope", negative_slope);
  }
  template <class From>
  static LeakyReLU load(const From& from) {
    return {from.number("negative_slope")};
  }
  /// @}
};
/// @copydoc type_name
template <>
inline constexpr std::string_view type_name<LeakyReLU> = "LeakyReLU";

/// y = tanh z
struct Tanh {
  /// @{
  /// Required by the Activation concept.
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
/// @copydoc type_name
template <>
inline constexpr std::string_view type_name<Tanh> = "Tanh";

/// y = 1 / (1 + exp(-z)), computed without overflow for any z.
struct Sigmoid {
  /// @{
  /// Required by the Activation concept.
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
/// @copydoc type_name
template <>
inline constexpr std::string_view type_name<Sigmoid> = "Sigmoid";

}  // namespace gemel
