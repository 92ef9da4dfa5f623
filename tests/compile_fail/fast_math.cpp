// flags: -ffast-math
// error: -ffast-math drops NaN checks and changes results
#include "gemel/gemel.hpp"
