#pragma once

namespace program {

// The colors of the pictures.
inline constexpr const char* similar_color = "#1f77b4";
inline constexpr const char* dissimilar_color = "#d95f02";
inline constexpr const char* mark_color = "#222222";

}  // namespace program
