// error: gemel: a layer's input size is not the output size of the layer before it
#include "gemel/gemel.hpp"

#if defined(REPAIRED)
constexpr gemel::Index between = 128;
#else
constexpr gemel::Index between = 64;
#endif

gemel::Rng rng{1};
gemel::Network<float, gemel::Dense<100, 128, gemel::ReLU>, gemel::GaussianNoise<between>, gemel::Dense<128, 8>> network{
    rng, {}, gemel::GaussianNoise<between>{0.1}, {}};
