#pragma once

// Checks the compiler and its options. Every header includes this one, directly or indirectly, before it declares
// anything.

#if (defined(_MSVC_LANG) ? _MSVC_LANG : __cplusplus) < 202002L
// After an #error, compilers continue and report thousands of further errors; at a missing file they stop. So the
// sentence is the name of a missing file.
#include "gemel needs C++20: compile with -std=c++20"
#endif

#if defined(__FAST_MATH__) || (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__ > 0)
#error \
    "gemel: -ffast-math, or its -ffinite-math-only, drops NaN checks and changes results; compile without it (-O3 is enough)"
#endif
