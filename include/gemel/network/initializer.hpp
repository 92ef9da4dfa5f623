#pragma once

#include <cmath>
#include <concepts>
#include <span>

#include "gemel/core/random.hpp"
#include "gemel/core/types.hpp"

namespace gemel {

/// Called as initialize(w, fan_in, fan_out, rng), fills the weights w of a layer before training (out x in,
/// column-major, drawn in this order). fan_in is the number of a unit's inputs, fan_out the number of units that read
/// an input: for a Dense, in and out.
template <class I, class S>
concept Initializer = std::copy_constructible<I> && requires(const I initialize, std::span<S> w, Index fan, Rng& rng) {
  initialize(w, fan, fan, rng);
};

namespace detail {

/// Uniform in [-limit, limit).
template <Scalar S>
void fill_uniform(std::span<S> w, double limit, Rng& rng) {
  for (S& value : w) value = static_cast<S>(limit) * (2 * rng.uniform<S>() - 1);
}

/// Normal, truncated at two standard deviations by drawing again, and scaled so that the standard deviation after the
/// truncation is `deviation`.
template <Scalar S>
void fill_truncated_normal(std::span<S> w, double deviation, Rng& rng) {
  constexpr double truncated_deviation = 0.87962566103423978;  // of the standard normal truncated to [-2, 2]
  const S scale = static_cast<S>(deviation / truncated_deviation);
  for (S& value : w) {
    S z = rng.normal<S>();
    while (std::abs(z) > 2) z = rng.normal<S>();
    value = scale * z;
  }
}

}  // namespace detail

/// Uniform in [-l, l), l = sqrt(6 / (fan_in + fan_out)): keeps the variance of activations and of gradients from layer
/// to layer (Glorot and Bengio: Understanding the difficulty of training deep feedforward neural networks, AISTATS
/// 2010, eq. 16). Keras' default.
struct GlorotUniform {
  /// Fills w as the Initializer concept asks.
  template <Scalar S>
  void operator()(std::span<S> w, Index fan_in, Index fan_out, Rng& rng) const {
    detail::fill_uniform(w, std::sqrt(6 / static_cast<double>(fan_in + fan_out)), rng);
  }
};

/// Normal of variance 2 / (fan_in + fan_out) (eq. 12 of the same paper), truncated at two standard deviations like
/// Keras'.
struct GlorotNormal {
  /// Fills w as the Initializer concept asks.
  template <Scalar S>
  void operator()(std::span<S> w, Index fan_in, Index fan_out, Rng& rng) const {
    detail::fill_truncated_normal(w, std::sqrt(2 / static_cast<double>(fan_in + fan_out)), rng);
  }
};

/// Uniform of variance 2 / fan_in, the variance that ReLU layers keep (He, Zhang, Ren, Sun: Delving deep into
/// rectifiers, ICCV 2015, eq. 10): in [-l, l), l = sqrt(6 / fan_in).
struct HeUniform {
  /// Fills w as the Initializer concept asks.
  template <Scalar S>
  void operator()(std::span<S> w, Index fan_in, Index, Rng& rng) const {
    detail::fill_uniform(w, std::sqrt(6 / static_cast<double>(fan_in)), rng);
  }
};

/// Normal of variance 2 / fan_in (the same paper), truncated at two standard deviations like Keras'; the paper and
/// PyTorch do not truncate.
struct HeNormal {
  /// Fills w as the Initializer concept asks.
  template <Scalar S>
  void operator()(std::span<S> w, Index fan_in, Index, Rng& rng) const {
    detail::fill_truncated_normal(w, std::sqrt(2 / static_cast<double>(fan_in)), rng);
  }
};

}  // namespace gemel
