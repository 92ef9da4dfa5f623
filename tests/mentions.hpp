#pragma once

#include <string>

/// Whether the text contains the part.
inline bool mentions(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }
