#pragma once

#include <cmath>
#include <string>

#include "gemel/core/error.hpp"
#include "gemel/training/history.hpp"

namespace gemel {

/// The quantity that a callback watches; less is better.
enum class Monitor { ValidationLoss, Loss };

namespace detail {

/// The last epoch's value of what `callback` watches. Throws ValueError where fit has no validation data.
inline double monitored(Monitor monitor, const History& history, const char* callback) {
  if (monitor == Monitor::Loss) return history.loss.back();
  if (history.validation_loss.empty()) {
    throw ValueError({callback,
                      " monitors the validation loss, but there is no validation: give fit validation data or a "
                      "validation_split, or monitor Monitor::Loss"});
  }
  return history.validation_loss.back();
}

/// Throws ValueError with this text where `holds` is false.
inline void require_option(bool holds, const char* callback, const char* rule, double value) {
  if (!holds) throw ValueError({callback, "'s ", rule, ", but it is ", value});
}

/// A count of epochs from what `callback` saved. Throws FormatError where it is none.
inline Index saved_count(double value, const char* callback) {
  if (!(value >= -1 && value < 1e15)) {
    throw FormatError(
        {"the saved state of the callback ", callback, " holds ", value, " where a count of epochs belongs"});
  }
  return static_cast<Index>(value);
}

/// The best value so far from what `callback` saved. Throws FormatError for NaN, which is never the best.
inline double saved_best(double value, const char* callback) {
  if (std::isnan(value)) {
    throw FormatError({"the saved state of the callback ", callback, " holds NaN as the best value"});
  }
  return value;
}

}  // namespace detail
}  // namespace gemel
