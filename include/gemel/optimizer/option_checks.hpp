#pragma once

#include <limits>

#include "gemel/core/error.hpp"
#include "gemel/core/types.hpp"
#include "gemel/optimizer/clipping.hpp"
#include "gemel/optimizer/dialect.hpp"

namespace gemel::detail {

/// Throws ValueError that names the optimizer's option.
inline void check_option(bool fulfilled, const char* option, const char* condition, double value) {
  if (!fulfilled) {
    throw ValueError({"the optimizer's ", option, " must be ", condition, ", but ", value, " was given"});
  }
}

/// Whether a value is a positive normal number as an S too. (A denormal one is 0 after the next product with it.)
template <Scalar S>
bool is_positive_normal(double value) {
  return value >= static_cast<double>(std::numeric_limits<S>::min()) &&
         value <= static_cast<double>(std::numeric_limits<S>::max());
}

/// A rate that is set while training: not negative, and finite as an S. It may be so small that it is 0 as an S, since
/// schedules end there.
template <Scalar S>
void check_rate(double rate) {
  check_option(rate >= 0 && rate <= static_cast<double>(std::numeric_limits<S>::max()), "learning_rate",
               "not negative, and finite in the scalar type of the parameters", rate);
}

/// Not negative, finite as an S, and not so small that it would be 0 as an S without a word.
template <Scalar S>
void check_not_negative(const char* option, double value) {
  check_option(value >= 0 && value <= static_cast<double>(std::numeric_limits<S>::max()), option,
               "not negative, and finite in the scalar type of the parameters", value);
  check_option(value == 0 || is_positive_normal<S>(value), option,
               "0, or large enough not to become 0 in the scalar type of the parameters", value);
}

/// The same of a weight decay; as a float too, where Keras' rounding makes one of it.
template <Scalar S>
void check_weight_decay(double value, Dialect dialect) {
  check_not_negative<S>("weight_decay", value);
  check_option(dialect != Dialect::Keras || value == 0 || is_positive_normal<float>(value), "weight_decay",
               "0, or within the range of a float, which Keras makes of it", value);
}

/// A share of the past that a moving average keeps; less than 1 as a float too, and not 0 as one unless it is.
inline void check_fraction(const char* option, double share) {
  check_option(share >= 0 && static_cast<float>(share) < 1, option, "at least 0 and less than 1", share);
  check_option(share == 0 || is_positive_normal<float>(share), option, "0, or large enough not to become 0 as a float",
               share);
}

/// Positive as an S too: it keeps a division by 0 away.
template <Scalar S>
void check_epsilon(double epsilon) {
  check_option(is_positive_normal<S>(epsilon), "epsilon", "positive and finite in the scalar type of the parameters",
               epsilon);
}

/// The clipping that any optimizer's options ask for, checked.
template <Scalar S, class Options>
Clipping checked_clipping(const Options& options) {
  const Clipping clipping{options.clipvalue, options.clipnorm, options.global_clipnorm};
  clipping.check<S>();
  return clipping;
}

}  // namespace gemel::detail
