#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "gemel/core/types.hpp"

// Functions that make text from files and the command line safe to pass on to a terminal, gnuplot or a JSON file, where
// it must not act as a command.

namespace program {

namespace detail {

/// One character of UTF-8, or one byte that is not UTF-8.
struct Character {
  std::uint32_t code;
  std::size_t bytes;
  bool valid;
};

/// The first character of `text`, which must not be empty. Overlong forms, surrogates and codes beyond Unicode are not
/// valid UTF-8; their first byte is then returned as an invalid character.
inline Character first_character(std::string_view text) {
  const auto byte = [text](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])); };
  const std::uint32_t lead = byte(0);
  if (lead < 0x80) return {lead, 1, true};
  const std::size_t bytes = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < bytes) return {lead, 1, false};
  std::uint32_t code = lead & (0x7fu >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {lead, 1, false};
    code = code << 6 | (byte(i) & 0x3f);
  }
  constexpr std::array<std::uint32_t, 5> smallest{0, 0, 0x80, 0x800, 0x10000};
  const bool valid = code >= smallest[bytes] && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
  return valid ? Character{code, bytes, true} : Character{lead, 1, false};
}

/// Whether a character moves a terminal's cursor, ends a line or changes the direction of writing.
inline bool is_control(std::uint32_t code) {
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 || code == 0x2029 ||
         (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

}  // namespace detail

/// A count with its noun: "1 epoch", "2 epochs".
inline std::string counted(gemel::Index count, const std::string& thing) {
  return std::to_string(count) + ' ' + thing + (count == 1 ? "" : "s");
}

/// The text on one line, cut off after `max_characters`. Control characters and bytes that are not UTF-8 are escaped,
/// as in \n, \x1b or \u202e.
inline std::string printable(std::string_view text, std::size_t max_characters = std::string_view::npos) {
  std::string shown;
  for (std::size_t count = 0; !text.empty(); ++count) {
    if (count == max_characters) return shown + "…";
    const detail::Character character = detail::first_character(text);
    if (character.valid && !detail::is_control(character.code)) {
      shown += text.substr(0, character.bytes);
    } else if (character.code == '\n') {
      shown += "\\n";
    } else {
      char escape[16];
      std::snprintf(escape, sizeof escape, character.code < 0x100 ? "\\x%02x" : "\\u%04x",
                    static_cast<unsigned>(character.code));
      shown += escape;
    }
    text.remove_prefix(character.bytes);
  }
  return shown;
}

/// The texts with commas between them, and how many follow if they would have more than `max_characters`.
inline std::string listed(const std::vector<std::string>& texts, std::size_t max_characters) {
  std::string list;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::string next = (i == 0 ? "" : ", ") + printable(texts[i], max_characters);
    if (i > 0 && list.size() + next.size() > max_characters) {
      return list + " and " + std::to_string(texts.size() - i) + " more";
    }
    list += next;
  }
  return list;
}

}  // namespace program
