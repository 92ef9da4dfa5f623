#pragma once

#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/types.hpp"
#include "gemel/io/csv/cell.hpp"

namespace gemel::detail {

using Json = nlohmann::json;

/// A number as JSON, which has no NaN and no infinity: these become the texts "nan", "inf" and "-inf".
inline Json json_number(double value) {
  if (std::isfinite(value)) return value;
  return std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
}

/// Reads the members of an object in a model file's description. An error is a FormatError that names the file, the
/// layer if there is one, and the object, such as "its calibration". Members that are not asked for are ignored, so
/// that later versions can add some.
class JsonObject {
 public:
  JsonObject(const Json& value, std::string name, Place place)
      : value_(&value), name_(std::move(name)), place_(std::move(place)) {
    if (!value.is_object()) fail({"is not an object"});
  }

  const std::string& name() const { return name_; }
  const Place& place() const { return place_; }
  const Json& json() const { return *value_; }
  bool has(const char* key) const { return value_->contains(key); }

  std::string text(const char* key) const {
    const Json& value = at(key);
    if (!value.is_string()) fail(key, "a text");
    return value.get<std::string>();
  }

  /// As json_number writes it.
  double number(const char* key) const {
    const Json& value = at(key);
    if (value.is_number()) return value.get<double>();
    if (value == "inf") return std::numeric_limits<double>::infinity();
    if (value == "-inf") return -std::numeric_limits<double>::infinity();
    if (value == "nan") return std::numeric_limits<double>::quiet_NaN();
    fail(key, "a number");
  }
  std::optional<double> optional_number(const char* key) const {
    return has(key) ? std::optional(number(key)) : std::nullopt;
  }

  bool flag(const char* key) const {
    const Json& value = at(key);
    if (!value.is_boolean()) fail(key, "true or false");
    return value.get<bool>();
  }

  /// A whole number from 0 to `most`.
  std::uint64_t natural(const char* key, std::uint64_t most = std::numeric_limits<std::uint64_t>::max()) const {
    const Json& value = at(key);
    const bool negative = value.is_number_integer() && !value.is_number_unsigned() && value < 0;
    if (!value.is_number_integer() || negative) fail(key, "a whole number of at least 0");
    const auto number = value.get<std::uint64_t>();
    if (number > most) fail({"has '", key, "' ", number, ", but at most ", most, " is possible"});
    return number;
  }
  /// A whole number from 1 to `most`.
  Index size(const char* key, Index most) const {
    const auto number = static_cast<Index>(natural(key, static_cast<std::uint64_t>(most)));
    if (number == 0) fail(key, "at least 1");
    return number;
  }

  JsonObject object(const char* key) const {
    const Json& value = at(key);
    if (!value.is_object()) fail(key, "an object");
    return {value, format({name_, "'s ", key}), place_};
  }

  const Json& array(const char* key) const {
    const Json& value = at(key);
    if (!value.is_array()) fail(key, "a list");
    return value;
  }

  [[noreturn]] void fail(std::initializer_list<Piece> why) const {
    throw FormatError({name_, " ", format(why)}, place_);
  }

 private:
  const Json& at(const char* key) const {
    const auto found = value_->find(key);
    if (found == value_->end()) fail({"has no '", key, "'"});
    return *found;
  }
  [[noreturn]] void fail(const char* key, const char* wanted) const {
    fail({"has '", key, "' ", excerpt(at(key).dump(-1, ' ', false, Json::error_handler_t::replace)), ", not ", wanted});
  }

  const Json* value_;
  std::string name_;
  Place place_;
};

}  // namespace gemel::detail
