#pragma once

#include <limits>

#include "gemel/core/error.hpp"
#include "gemel/core/types.hpp"
#include "gemel/optimizer/clipping.hpp"
#include "gemel/optimizer/dialect.hpp"

namespace gemel::detail {

/// Throws ValueError, with the option's name and the condition, unless `fulfilled`.
inline void check_option(bool fulfilled, const char* option, const char* condition, double value) {
  if (!fulfilled) {
    throw ValueError({"the optimizer's ", option, " must be ", condition, ", but ", value, " was given"});
  }
}

/// Whether the value is positive and within the range of normal numbers of S. (A denormal number may become 0 in the
/// next product.)
template <Scalar S>
bool is_positive_normal(double value) {
  return value >= static_cast<double>(std::numeric_limits<S>::min()) &&
         value <= static_cast<double>(std::numeric_limits<S>::max());
}

/// Checks a learning rate that is set during the training: it must be at least 0 and finite as an S. It may be so small
/// that it becomes 0 as an S, since a schedule may end there.
template <Scalar S>
void check_rate(double rate) {
  check_option(rate >= 0 && rate <= static_cast<double>(std::numeric_limits<S>::max()), "learning_rate",
               "at least 0, and finite in the scalar type of the parameters", rate);
}

/// Checks an option that must be at least 0, finite as an S, and not so small that it silently becomes 0 as an S.
template <Scalar S>
void check_not_negative(const char* option, double value) {
  check_option(value >= 0 && value <= static_cast<double>(std::numeric_limits<S>::max()), option,
               "at least 0, and finite in the scalar type of the parameters", value);
  check_option(value == 0 || is_positive_normal<S>(value), option,
               "0, or large enough not to become 0 in the scalar type of the parameters", value);
}

/// Checks a weight decay as check_not_negative does. Keras' dialect rounds it to float, so there it must not become 0
/// or infinite as a float either.
template <Scalar S>
void check_weight_decay(double value, Dialect dialect) {
  check_not_negative<S>("weight_decay", value);
  check_option(dialect != Dialect::Keras || value == 0 || is_positive_normal<float>(value), "weight_decay",
               "0, or within the range of a float, to which Keras rounds it", value);
}

/// Checks the fraction that a moving average keeps of its old value: it must be in [0, 1), below 1 also as a float, and
/// must not become 0 as a float unless it is 0.
inline void check_fraction(const char* option, double fraction) {
  check_option(fraction >= 0 && static_cast<float>(fraction) < 1, option, "at least 0 and less than 1", fraction);
  check_option(fraction == 0 || is_positive_normal<float>(fraction), option,
               "0, or large enough not to become 0 as a float", fraction);
}

/// Checks an epsilon, which prevents a division by 0: it must be a positive normal number of S.
template <Scalar S>
void check_epsilon(double epsilon) {
  check_option(is_positive_normal<S>(epsilon), "epsilon", "positive and finite in the scalar type of the parameters",
               epsilon);
}

/// The clipping that an optimizer's options give. Throws ValueError if it is not valid (Clipping::check).
template <Scalar S, class Options>
Clipping checked_clipping(const Options& options) {
  const Clipping clipping{options.clipvalue, options.clipnorm, options.global_clipnorm};
  clipping.check<S>();
  return clipping;
}

}  // namespace gemel::detail
