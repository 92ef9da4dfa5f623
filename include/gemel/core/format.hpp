#pragma once

#include <concepts>
#include <cstdio>
#include <initializer_list>
#include <string>
#include <string_view>

#include "gemel/core/compiler.hpp"

namespace gemel {

/// A piece of a message: a number or a text. A text is not copied, so it must outlive the piece. Real numbers are
/// written with up to six significant digits.
class Piece {
 public:
  /// @{
  /// A piece with this text or number.
  Piece(const char* text) : text_(text) {}
  Piece(const std::string& text) : text_(text) {}
  template <std::signed_integral T>
  Piece(T number) : kind_(Kind::Whole), whole_(number) {}
  template <std::unsigned_integral T>
  Piece(T number) : kind_(Kind::Natural), natural_(number) {}
  template <std::floating_point T>
  Piece(T number) : kind_(Kind::Real), real_(static_cast<double>(number)) {}
  /// @}

  /// Appends the piece to the message, as text.
  [[gnu::cold]] void append_to(std::string& message) const {
    if (kind_ == Kind::Text) {
      message += text_;
      return;
    }
    char number[32];
    if (kind_ == Kind::Whole) std::snprintf(number, sizeof number, "%lld", whole_);
    if (kind_ == Kind::Natural) std::snprintf(number, sizeof number, "%llu", natural_);
    if (kind_ == Kind::Real) std::snprintf(number, sizeof number, "%g", real_);
    message += number;
  }

 private:
  enum class Kind { Text, Whole, Natural, Real };

  Kind kind_ = Kind::Text;
  union {
    std::string_view text_ = {};
    long long whole_;
    unsigned long long natural_;
    double real_;
  };
};

/// Joins the pieces. Adding std::strings would give the same text, but takes long to compile wherever it is used.
[[gnu::cold]] inline std::string format(std::initializer_list<Piece> pieces) {
  std::string text;
  for (const Piece& piece : pieces) piece.append_to(text);
  return text;
}

}  // namespace gemel
