#pragma once

#include <string>

/// Whether the part is in the text.
inline bool mentions(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }
