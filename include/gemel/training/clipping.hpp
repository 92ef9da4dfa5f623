#pragma once

#include <cmath>
#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "gemel/core/error.hpp"
#include "gemel/core/reduce.hpp"
#include "gemel/core/scaled_norm.hpp"
#include "gemel/core/types.hpp"

namespace gemel {

/// How a training step clips the gradient before the update; Keras' names. At most one may be set.
struct Clipping {
  std::optional<double> clipvalue = {};        ///< each element to [-clipvalue, clipvalue]
  std::optional<double> clipnorm = {};         ///< each variable (W, b of each layer) by its own Euclidean norm
  std::optional<double> global_clipnorm = {};  ///< all variables by the norm of the whole gradient

  bool any() const { return clipvalue || clipnorm || global_clipnorm; }

  /// Throws ValueError where a limit is not positive and finite, or more than one is set.
  [[gnu::cold]] void check() const {
    const auto positive = [](const char* name, std::optional<double> limit) {
      if (limit && !(*limit > 0 && std::isfinite(*limit))) {
        throw ValueError({name, " must be positive and finite, but ", *limit, " was given"});
      }
    };
    positive("clipvalue", clipvalue);
    positive("clipnorm", clipnorm);
    positive("global_clipnorm", global_clipnorm);
    if (clipvalue.has_value() + clipnorm.has_value() + global_clipnorm.has_value() > 1) {
      throw ValueError("clipvalue, clipnorm and global_clipnorm exclude one another: set one of them");
    }
  }
};

/// What a gradient of this norm is to be multiplied by, so that its norm is at most `limit`. NaN for a NaN.
inline double clip_factor(double norm, double limit) { return norm <= limit ? 1 : limit / norm; }

/// Each element to [-limit, limit]; NaN stays.
template <Scalar S>
void clip_by_value(std::span<S> gradient, double limit) {
  const S most = static_cast<S>(limit);
  for (S& g : gradient) g = g > most ? most : g < -most ? -most : g;
}

/// Clips the whole gradient, which lies flat, variable after variable: `variables` holds their sizes.
template <Scalar S, class Sizes>
void clip(const Clipping& clipping, std::span<S> gradient, const Sizes& variables) {
  const auto multiply = [](std::span<S> part, double factor) {
    if (factor == 1) return;
    for (S& g : part) g *= static_cast<S>(factor);
  };
  const auto square_of = [](std::span<S> part) {
    const S square = sum_of_squares(part.data(), length(part));
    if (std::isnormal(square)) return static_cast<double>(square);
    const auto [scale, norm] = scaled_norm(part.data(), length(part));
    const double whole = static_cast<double>(scale) * static_cast<double>(norm);
    return whole * whole;
  };
  if (clipping.clipvalue) clip_by_value(gradient, *clipping.clipvalue);
  std::size_t first = 0;
  double square = 0;
  for (const auto size : variables) {
    const auto variable = gradient.subspan(first, static_cast<std::size_t>(size));
    if (clipping.clipnorm) multiply(variable, clip_factor(std::sqrt(square_of(variable)), *clipping.clipnorm));
    if (clipping.global_clipnorm) square += square_of(variable);
    first += static_cast<std::size_t>(size);
  }
  if (clipping.global_clipnorm) multiply(gradient, clip_factor(std::sqrt(square), *clipping.global_clipnorm));
}

}  // namespace gemel
