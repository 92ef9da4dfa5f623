#pragma once

#include <nlohmann/json.hpp>

#include <string>

namespace program {

/// JSON whose objects keep the order of their entries.
using Json = nlohmann::ordered_json;

/// The value as text on several lines. Bytes that are not UTF-8 become U+FFFD, and numbers that are not finite null.
inline std::string json_text(const Json& value) {
  return value.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace program
