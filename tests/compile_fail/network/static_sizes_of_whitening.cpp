// error: gemel: a layer's input size is not the output size of the layer before it
#include "gemel/gemel.hpp"

#if defined(REPAIRED)
constexpr gemel::Index between = 16;
#else
constexpr gemel::Index between = 100;
#endif

gemel::Rng rng{1};
const gemel::MatrixX<float> samples = gemel::uniform<float>(100, 50, rng);
auto network = gemel::make_network<float>(rng, gemel::Whitening<100, 16>::pca(samples), gemel::Dense<between, 8>{});
