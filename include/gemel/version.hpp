#pragma once

// The only place that holds the version number; CMake reads it from here.

/// @{
/// A part of the library's version, MAJOR.MINOR.PATCH.
#define GEMEL_VERSION_MAJOR 0
#define GEMEL_VERSION_MINOR 1
#define GEMEL_VERSION_PATCH 0
/// @}
