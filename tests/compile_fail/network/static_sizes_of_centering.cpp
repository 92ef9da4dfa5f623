// error: gemel: a layer's input size is not the output size of the layer before it
#include "gemel/gemel.hpp"

#if defined(REPAIRED)
constexpr gemel::Index between = 100;
#else
constexpr gemel::Index between = 64;
#endif

gemel::Rng rng{1};
const gemel::MatrixX<float> samples = gemel::uniform<float>(between, 5, rng);
auto network = gemel::make_network<float>(rng, gemel::Centering<between>{samples}, gemel::Dense<100, 8>{});
