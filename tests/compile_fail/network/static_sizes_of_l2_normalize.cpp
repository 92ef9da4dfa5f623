// error: gemel: a layer's input size is not the output size of the layer before it
#include "gemel/gemel.hpp"

#if defined(REPAIRED)
constexpr gemel::Index embedding = 128;
#else
constexpr gemel::Index embedding = 64;
#endif

gemel::Rng rng{1};
gemel::Network<float, gemel::Dense<100, 128>, gemel::L2Normalize<embedding>> network{rng};
