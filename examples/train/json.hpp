#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "text.hpp"

namespace train {

/// A string as JSON. Bytes that are not UTF-8 become U+FFFD.
inline std::string json(std::string_view text) {
  std::string literal = "\"";
  while (!text.empty()) {
    const detail::Character character = detail::first_character(text);
    if (!character.valid) {
      literal += "\xef\xbf\xbd";
    } else if (character.code < 0x20) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(character.code));
      literal += escape;
    } else {
      if (character.code == '"' || character.code == '\\') literal += '\\';
      literal += text.substr(0, character.bytes);
    }
    text.remove_prefix(character.bytes);
  }
  return literal + '"';
}
inline std::string json(const std::string& text) { return json(std::string_view(text)); }
inline std::string json(const char* text) { return json(std::string_view(text)); }

/// A number as JSON, with all 17 digits; null if it is not finite.
inline std::string json(double value) {
  if (!std::isfinite(value)) return "null";
  char digits[32];
  std::snprintf(digits, sizeof digits, "%.17g", value);
  return digits;
}

inline std::string json(std::nullptr_t) { return "null"; }
inline std::string json(std::same_as<bool> auto value) { return value ? "true" : "false"; }
inline std::string json(std::integral auto value) requires(!std::same_as<decltype(value), bool>) {
  return std::to_string(value);
}

inline std::string json(const std::vector<std::string>& texts) {
  std::string list = "[";
  for (const std::string& text : texts) list += (list.size() > 1 ? ", " : "") + json(text);
  return list + "]";
}

/// A JSON object, written with one entry per line.
class JsonObject {
 public:
  template <class T>
  void add(const std::string& name, const T& value) {
    entries_.emplace_back(name, json(value));
  }
  void add(const std::string& name, const JsonObject& value) { entries_.emplace_back(name, value.text(4)); }

  /// The object as text; its entries are indented by `indent` spaces.
  std::string text(std::size_t indent = 2) const {
    if (entries_.empty()) return "{}";
    std::string text = "{";
    for (const auto& [name, value] : entries_) {
      text += (text.size() > 1 ? ",\n" : "\n") + std::string(indent, ' ') + json(name) + ": " + value;
    }
    return text + '\n' + std::string(indent - 2, ' ') + '}';
  }

 private:
  std::vector<std::pair<std::string, std::string>> entries_;
};

}  // namespace train
