#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <type_traits>

#include "gemel/core/error.hpp"
#include "gemel/core/reduce.hpp"
#include "gemel/core/types.hpp"

namespace gemel {

/// How a training step clips the gradient before the update; the names are Keras'. At most one limit may be set.
struct Clipping {
  std::optional<double> clipvalue = {};        ///< Limits each element to [-clipvalue, clipvalue].
  std::optional<double> clipnorm = {};         ///< Limits the Euclidean norm of each variable (W or b of a layer).
  std::optional<double> global_clipnorm = {};  ///< Limits the Euclidean norm of the whole gradient.

  /// Whether a limit is set.
  bool any() const { return clipvalue || clipnorm || global_clipnorm; }

  /// Throws ValueError if a limit is not positive and finite or is less than the smallest normal S, or if more than one
  /// is set.
  template <Scalar S = double>
  [[gnu::cold]] void check() const {
    const auto positive = [](const char* name, std::optional<double> limit) {
      if (limit && !(*limit > 0 && std::isfinite(*limit))) {
        throw ValueError({name, " must be positive and finite, but ", *limit, " was given"});
      }
      if (limit && *limit < static_cast<double>(std::numeric_limits<S>::min())) {
        throw ValueError({name, " is ", *limit, ", which is 0 in the scalar type of the parameters: at least ",
                          std::numeric_limits<S>::min(), " is needed"});
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

namespace detail {

/// Limits each element to [-limit, limit]. NaN stays NaN.
template <Scalar S>
void clip_by_value(std::span<S> gradient, double limit) {
  const S bound = static_cast<S>(std::min(limit, static_cast<double>(std::numeric_limits<S>::max())));
  for (S& g : gradient) g = g > bound ? bound : g < -bound ? -bound : g;
}

/// Scales the gradient by one factor, so that its norm is at most `limit`; `norm` is its norm before. If the norm is
/// NaN, all elements become NaN.
template <Scalar S>
void clip_by_norm(std::span<S> gradient, ScaledNorm<double> norm, double limit) {
  if (norm.norm <= limit / norm.scale) return;
  const S factor = static_cast<S>(limit / norm.norm);
  if (norm.scale == 1 && std::isnormal(factor)) {
    for (S& g : gradient) g *= factor;
  } else {  // in double, since an S may not hold the factor
    for (S& g : gradient) g = static_cast<S>(static_cast<double>(g) / norm.scale / norm.norm * limit);
  }
}

}  // namespace detail

/// Clips the gradient of a whole network in place. `gradient` is the flat array of all variables (W or b of a layer),
/// one after another; `variables` is a range of their sizes in that order, which add up to gradient.size(). `clipping`
/// must be valid (Clipping::check).
template <Scalar S, class Sizes>
void clip(const Clipping& clipping, std::span<S> gradient, const Sizes& variables) {
  // A double can hold the square of any norm of floats. For doubles, the square of the norm may underflow to 0 or
  // overflow to infinity; norm_of then computes the norm without it.
  const auto square_of = [](std::span<S> part) {
    const S square = sum_of_squares(part.data(), length(part));
    if (std::is_same_v<S, double> || keeps_digits(square, length(part))) return static_cast<double>(square);
    const auto [scale, norm] = scaled_norm(part.data(), length(part));
    const double whole = static_cast<double>(scale) * static_cast<double>(norm);
    return whole * whole;
  };
  const auto norm_of = [](std::span<S> part, double square) -> ScaledNorm<double> {
    if (keeps_digits(square, length(part))) return {1, std::sqrt(square)};
    const auto [scale, norm] = scaled_norm(part.data(), length(part));
    return {static_cast<double>(scale), static_cast<double>(norm)};
  };
  if (clipping.clipvalue) detail::clip_by_value(gradient, *clipping.clipvalue);
  std::size_t first = 0;
  double square = 0;
  for (const auto size : variables) {
    const auto variable = gradient.subspan(first, static_cast<std::size_t>(size));
    if (clipping.clipnorm) detail::clip_by_norm(variable, norm_of(variable, square_of(variable)), *clipping.clipnorm);
    if (clipping.global_clipnorm) square += square_of(variable);
    first += static_cast<std::size_t>(size);
  }
  if (clipping.global_clipnorm) detail::clip_by_norm(gradient, norm_of(gradient, square), *clipping.global_clipnorm);
}

}  // namespace gemel
