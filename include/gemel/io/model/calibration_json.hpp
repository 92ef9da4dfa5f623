#pragma once

#include <cmath>

#include "gemel/io/model/json_object.hpp"
#include "gemel/metrics/interval.hpp"
#include "gemel/verification/verifier.hpp"

namespace gemel::detail {

inline Json calibration_json(const Calibration& calibration) {
  const Interval& interval = calibration.interval;
  return {{"threshold", json_number(calibration.threshold)},
          {"far", json_number(calibration.far)},
          {"frr", json_number(calibration.frr)},
          {"method", calibration.method},
          {"interval",
           {{"low", json_number(interval.low)}, {"high", json_number(interval.high)}, {"method", interval.method}}}};
}

/// A rate in [0, 1]; it is NaN if it was not computed.
inline double read_rate(const JsonObject& object, const char* key) {
  const double rate = object.number(key);
  if (!(rate >= 0 && rate <= 1) && !std::isnan(rate)) object.fail({"has '", key, "' ", rate, ", not a rate in [0, 1]"});
  return rate;
}

inline Calibration read_calibration(const JsonObject& object) {
  const JsonObject interval = object.object("interval");
  Calibration calibration{.threshold = object.number("threshold"),
                          .far = read_rate(object, "far"),
                          .frr = read_rate(object, "frr"),
                          .interval = {.low = read_rate(interval, "low"),
                                       .high = read_rate(interval, "high"),
                                       .method = interval.text("method")},
                          .method = object.text("method")};
  if (std::isnan(calibration.threshold)) object.fail({"has a threshold that is NaN"});
  return calibration;
}

}  // namespace gemel::detail
