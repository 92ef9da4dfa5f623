#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json.hpp"

// The names of columns and classes in the metadata of a model file.

namespace program {

/// The text with U+FFFD in place of bytes that are not UTF-8, which a model file cannot hold.
inline std::string as_utf8(const std::string& text) {
  return Json::parse(Json(text).dump(-1, ' ', false, Json::error_handler_t::replace)).get<std::string>();
}

/// The names as a JSON array.
inline std::string names_text(const std::vector<std::string>& names) {
  return Json(names).dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// The names in such a text; nothing if it is not a JSON array of texts.
inline std::optional<std::vector<std::string>> parse_names(std::string_view text) {
  const Json array = Json::parse(text, nullptr, false);
  if (!array.is_array()) return std::nullopt;
  std::vector<std::string> names;
  for (const Json& name : array) {
    if (!name.is_string()) return std::nullopt;
    names.push_back(name.get<std::string>());
  }
  return names;
}

}  // namespace program
