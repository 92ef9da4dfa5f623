#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>

#include "gemel/core/error.hpp"
#include "gemel/core/types.hpp"
#include "gemel/io/little_endian.hpp"
#include "gemel/io/model/json_object.hpp"
#include "gemel/io/model/tensor_index.hpp"
#include "gemel/io/tensor_file.hpp"
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

/// Adds Calibration::far_points as a tensor: one row per point, with its rate and its threshold.
inline void add_far_points(TensorFile& file, const char* name, const Calibration& calibration) {
  if (calibration.far_points.empty()) return;
  MatrixX<double> points(length(calibration.far_points), 2);
  for (Index i = 0; i < points.rows(); ++i) {
    const FarPoint& point = calibration.far_points[static_cast<std::size_t>(i)];
    points.row(i) << point.far, point.threshold;
  }
  file.add(name, points);
}

/// As above, with the points of the tensor of this name, if there is one. Both of their numbers ascend.
inline Calibration read_calibration(const JsonObject& object, TensorIndex& tensors, const char* name) {
  Calibration calibration = read_calibration(object);
  const Tensor* const tensor = tensors.file().find(name);
  if (!tensor) return calibration;
  const std::string& file = tensors.file().name;
  const Index count = tensor->shape.empty() ? 0 : tensor->shape.front();
  require(file, *tensor, DType::F64, std::array{count, Index{2}});
  tensors.take(name, object.place());
  for (Index i = 0; i < count; ++i) {
    const std::uint8_t* const row = tensor->bytes.data() + 16 * i;
    const FarPoint point{from_little_endian<double>(row), from_little_endian<double>(row + 8)};
    const bool ascends = calibration.far_points.empty() || (calibration.far_points.back().far < point.far &&
                                                            calibration.far_points.back().threshold < point.threshold);
    if (!(point.far >= 0 && point.far <= 1) || std::isnan(point.threshold) || !ascends) {
      throw FormatError({"its tensor '", name, "' has in row ", i, " the false accept rate ", point.far,
                         " and the threshold ", point.threshold, ", which is not an ascending list of both"},
                        Place{.file = file});
    }
    calibration.far_points.push_back(point);
  }
  return calibration;
}

}  // namespace gemel::detail
