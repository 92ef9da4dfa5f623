#pragma once

/// The one place of the version number; CMake reads it from here.
#define GEMEL_VERSION_MAJOR 0
#define GEMEL_VERSION_MINOR 1
#define GEMEL_VERSION_PATCH 0
