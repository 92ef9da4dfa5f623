// error: gemel: a layer of this size has more parameters than any machine holds
#include "gemel/network/dense.hpp"

#if defined(REPAIRED)
constexpr gemel::Index side = 1 << 10;
#else
constexpr gemel::Index side = gemel::Index{1} << 40;
#endif

gemel::Dense<side, side> layer;
