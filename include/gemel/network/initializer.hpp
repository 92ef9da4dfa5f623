#pragma once

#include <cmath>
#include <concepts>
#include <span>

#include "gemel/core/random.hpp"
#include "gemel/core/types.hpp"

namespace gemel {

/// Fills the weights w of a layer (out x in, column-major, drawn in this order) before training. fan_in is the number
/// of inputs of a unit, fan_out that of the units that read one input: Dense's in and out.
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

/// Normal, cut at two standard deviations (what lies beyond is drawn again) and stretched so that `deviation` is what
/// remains after the cut.
template <Scalar S>
void fill_truncated_normal(std::span<S> w, double deviation, Rng& rng) {
  constexpr double deviation_when_cut = 0.87962566103423978;  // of a standard normal cut at -2 and 2
  const S scale = static_cast<S>(deviation / deviation_when_cut);
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
  template <Scalar S>
  void operator()(std::span<S> w, Index fan_in, Index fan_out, Rng& rng) const {
    detail::fill_uniform(w, std::sqrt(6 / static_cast<double>(fan_in + fan_out)), rng);
  }
};

/// Normal of variance 2 / (fan_in + fan_out) (eq. 12 of the same paper), cut at two standard deviations as Keras does.
struct GlorotNormal {
  template <Scalar S>
  void operator()(std::span<S> w, Index fan_in, Index fan_out, Rng& rng) const {
    detail::fill_truncated_normal(w, std::sqrt(2 / static_cast<double>(fan_in + fan_out)), rng);
  }
};

/// Uniform of variance 2 / fan_in, the variance that ReLU layers keep (He, Zhang, Ren, Sun: Delving deep into
/// rectifiers, ICCV 2015, eq. 10): in [-l, l), l = sqrt(6 / fan_in).
struct HeUniform {
  template <Scalar S>
  void operator()(std::span<S> w, Index fan_in, Index, Rng& rng) const {
    detail::fill_uniform(w, std::sqrt(6 / static_cast<double>(fan_in)), rng);
  }
};

/// Normal of variance 2 / fan_in (the same paper), cut at two standard deviations as Keras does; the paper and PyTorch
/// do not cut.
struct HeNormal {
  template <Scalar S>
  void operator()(std::span<S> w, Index fan_in, Index, Rng& rng) const {
    detail::fill_truncated_normal(w, std::sqrt(2 / static_cast<double>(fan_in)), rng);
  }
};

}  // namespace gemel
