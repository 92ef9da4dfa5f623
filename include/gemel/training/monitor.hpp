#pragma once

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/training/history.hpp"

namespace gemel {

/// The quantity that a callback watches; less is better.
enum class Monitor { ValidationLoss, Loss };

namespace detail {

/// Throws ValueError where `callback` watches a validation loss that there is not.
inline void require_monitored(Monitor monitor, bool validated, const char* callback) {
  if (monitor == Monitor::ValidationLoss && !validated) {
    throw ValueError({callback,
                      " monitors the validation loss, but there is no validation: give fit validation data or a "
                      "validation_split, or monitor Monitor::Loss"});
  }
}

/// The last epoch's value of what `callback` watches. Throws ValueError where there is none.
inline double monitored(Monitor monitor, const History& history, const char* callback) {
  require_monitored(monitor, !history.validation_loss.empty(), callback);
  const std::vector<double>& values = monitor == Monitor::Loss ? history.loss : history.validation_loss;
  if (values.empty()) throw ValueError({callback, " monitors the loss, but the history has none yet"});
  return values.back();
}

/// Throws ValueError with this text where `holds` is false.
inline void require_option(bool holds, const char* callback, const char* rule, double value) {
  if (!holds) throw ValueError({callback, "'s ", rule, ", but it is ", value});
}

/// A count of epochs, at least `least`, from what `callback` saved. The largest are saved as 2^63, rounded. Throws
/// FormatError where it is none.
inline Index saved_count(double value, const char* callback, Index least = 0) {
  if (!(value >= static_cast<double>(least) && value <= 0x1p63 && value == std::floor(value))) {
    throw FormatError(
        {"the saved state of the callback ", callback, " holds ", value, " where a count of epochs belongs"});
  }
  return value < 0x1p63 ? static_cast<Index>(value) : std::numeric_limits<Index>::max();
}

/// The best value so far from what `callback` saved; infinity: none yet. Throws FormatError for what is never the best.
inline double saved_best(double value, const char* callback) {
  if (!(value > -std::numeric_limits<double>::infinity())) {
    throw FormatError({"the saved state of the callback ", callback, " holds ", std::isnan(value) ? "NaN" : "-infinity",
                       " as the best value"});
  }
  return value;
}

}  // namespace detail
}  // namespace gemel
