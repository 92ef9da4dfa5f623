// flags: -ffinite-math-only
// error: -ffast-math, or its -ffinite-math-only, drops NaN checks and changes results
#include "gemel/gemel.hpp"
