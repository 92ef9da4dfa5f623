#pragma once

// Compiles the parts of training that other source files leave to the linker if GEMEL_COMPILED is defined. For exactly
// one source file of a program; it, or another one, also includes core/kernel_instances.hpp, which compiles the
// kernels. The CMake target gemel::compiled has both files.

#include "gemel/compiled/extern.hpp"
#include "gemel/core/kernel_extern.hpp"

#define GEMEL_INSTANCE template
#define GEMEL_SCALAR float
#include "gemel/compiled/list.inl"
#undef GEMEL_SCALAR
#define GEMEL_SCALAR double
#include "gemel/compiled/list.inl"
#undef GEMEL_SCALAR
#undef GEMEL_INSTANCE
