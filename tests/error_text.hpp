#pragma once

#include <string>

#include "gemel/core/error.hpp"

/// The text of the error of type E that a call throws, or "no error" if it throws nothing.
template <class E = gemel::Error, class Call>
std::string error_text(const Call& call) {
  try {
    call();
  } catch (const E& error) {
    return error.what();
  }
  return "no error";
}
