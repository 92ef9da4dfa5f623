#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <span>

#include "gemel/core/error.hpp"
#include "gemel/core/random.hpp"
#include "gemel/core/types.hpp"

namespace gemel {

/// A function initialize(w, fan_in, fan_out, rng) that fills the weights w of a layer before training. w holds the
/// matrix W (out x in) in column-major order, and the random numbers are drawn in this order. fan_in is the number of
/// inputs of each unit, and fan_out is the number of units that each input goes to; for Dense, they are in and out.
template <class I, class S>
concept Initializer = std::copy_constructible<I> && requires(const I initialize, std::span<S> w, Index fan, Rng& rng) {
  initialize(w, fan, fan, rng);
};

namespace detail {

/// Draws from the uniform distribution on [-limit, limit).
template <Scalar S>
void fill_uniform(std::span<S> w, double limit, Rng& rng) {
  for (S& value : w) value = static_cast<S>(limit) * (2 * rng.uniform<S>() - 1);
}

/// Draws from the normal distribution truncated at two standard deviations (numbers beyond are drawn again). The
/// numbers are scaled so that their standard deviation is `deviation` after the truncation.
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

/// The uniform distribution on [-l, l), where l = sqrt(6 / (fan_in + fan_out)). It keeps the variances of activations
/// and gradients similar from layer to layer (Glorot and Bengio: Understanding the difficulty of training deep
/// feedforward neural networks, AISTATS 2010, eq. 16). It is the default in Keras.
struct GlorotUniform {
  /// Fills w; required by the Initializer concept.
  template <Scalar S>
  void operator()(std::span<S> w, Index fan_in, Index fan_out, Rng& rng) const {
    detail::fill_uniform(w, std::sqrt(6 / static_cast<double>(fan_in + fan_out)), rng);
  }
};

/// The normal distribution, truncated at two standard deviations and then scaled to the variance 2 / (fan_in + fan_out)
/// (eq. 12 of the paper at GlorotUniform), as in Keras.
struct GlorotNormal {
  /// Fills w; required by the Initializer concept.
  template <Scalar S>
  void operator()(std::span<S> w, Index fan_in, Index fan_out, Rng& rng) const {
    detail::fill_truncated_normal(w, std::sqrt(2 / static_cast<double>(fan_in + fan_out)), rng);
  }
};

/// The uniform distribution on [-l, l), where l = sqrt(6 / fan_in). Its variance, 2 / fan_in, keeps the variance
/// similar from layer to layer if the activation is ReLU (He, Zhang, Ren and Sun: Delving deep into rectifiers, ICCV
/// 2015, eq. 10).
struct HeUniform {
  /// Fills w; required by the Initializer concept.
  template <Scalar S>
  void operator()(std::span<S> w, Index fan_in, Index, Rng& rng) const {
    detail::fill_uniform(w, std::sqrt(6 / static_cast<double>(fan_in)), rng);
  }
};

/// The normal distribution, truncated at two standard deviations and then scaled to the variance 2 / fan_in (eq. 10 of
/// the paper at HeUniform), as in Keras. The paper and PyTorch do not truncate.
struct HeNormal {
  /// Fills w; required by the Initializer concept.
  template <Scalar S>
  void operator()(std::span<S> w, Index fan_in, Index, Rng& rng) const {
    detail::fill_truncated_normal(w, std::sqrt(2 / static_cast<double>(fan_in)), rng);
  }
};

/// W(i, i) = gain, and 0 elsewhere. A Dense layer with it passes its first min(in, out) inputs on, times the gain, to
/// outputs of the same index, so that a linear layer after Whitening begins as the verifier without training. It draws
/// no random numbers. Outputs beyond the number of inputs begin at 0; after a ReLU, they would never be trained.
struct Identity {
  double gain = 1;  ///< the value on the diagonal: finite and not 0

  /// Fills w; required by the Initializer concept. Throws ValueError if the gain is 0 or not finite as an S, and
  /// ShapeError unless w has fan_in * fan_out weights.
  template <Scalar S>
  void operator()(std::span<S> w, Index fan_in, Index fan_out, Rng&) const {
    const S value = static_cast<S>(gain);
    if (value == 0 || !std::isfinite(value)) {
      throw ValueError({"the gain of Identity must be finite and not 0, but is ", gain});
    }
    if (length(w) != fan_in * fan_out) {
      throw ShapeError(
          {"Identity fills a matrix of ", fan_out, " x ", fan_in, ", but there are ", length(w), " weights"});
    }
    std::ranges::fill(w, S{0});
    for (Index i = 0; i < std::min(fan_in, fan_out); ++i) w[static_cast<std::size_t>(i * fan_out + i)] = value;
  }
};

}  // namespace gemel
