#pragma once

#include <cmath>
#include <concepts>
#include <limits>

#include "gemel/core/error.hpp"
#include "gemel/core/types.hpp"

namespace gemel {

/// A function y = f(z) of one unit and its derivative f'(z), which is written in y, so that z need not be kept. What
/// cannot be written so is a Layer of its own.
template <class A, class S>
concept Activation = std::copy_constructible<A> && requires(const A f, S z) {
  { f.value(z) } -> std::same_as<S>;
  { f.slope(z) } -> std::same_as<S>;
};

/// y = z
struct Linear {
  template <Scalar S>
  S value(S z) const {
    return z;
  }
  template <Scalar S>
  S slope(S) const {
    return 1;
  }
};

/// y = max(0, z); the slope at 0 is 0. A NaN stays a NaN.
struct ReLU {
  template <Scalar S>
  S value(S z) const {
    return z < 0 ? 0 : z;
  }
  template <Scalar S>
  S slope(S y) const {
    return y > 0 ? 1 : 0;
  }
};

namespace detail {

/// The slope of LeakyReLU below 0. Throws ValueError unless it is finite and at least 0 (with a negative one, y would
/// not tell on which side z was), or where it is not 0 but would be as a float.
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

/// y = z where z > 0, else negative_slope z; the slope at 0 is negative_slope. The default is that of Keras' layer of
/// this name (PyTorch's is 0.01).
struct LeakyReLU {
  detail::NegativeSlope negative_slope = 0.3;

  template <Scalar S>
  S value(S z) const {
    return z > 0 ? z : static_cast<S>(negative_slope) * z;
  }
  template <Scalar S>
  S slope(S y) const {
    return y > 0 ? 1 : static_cast<S>(negative_slope);
  }
};

/// y = tanh z
struct Tanh {
  template <Scalar S>
  S value(S z) const {
    return std::tanh(z);
  }
  template <Scalar S>
  S slope(S y) const {
    return (1 - y) * (1 + y);
  }
};

/// y = 1 / (1 + exp(-z)), without overflow for any z.
struct Sigmoid {
  template <Scalar S>
  S value(S z) const {
    const S e = std::exp(-std::abs(z));
    return (z < 0 ? e : 1) / (1 + e);
  }
  template <Scalar S>
  S slope(S y) const {
    return y * (1 - y);
  }
};

}  // namespace gemel
