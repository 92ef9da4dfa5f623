// error: NextLayerTakes<8>.*a layer's input size is not the output|input size is not the output.*NextLayerTakes<8>
#include "gemel/gemel.hpp"

#if defined(REPAIRED)
constexpr gemel::Index between = 7;
#else
constexpr gemel::Index between = 8;
#endif

gemel::Rng rng{1};
gemel::Network<float, gemel::Dense<5, 7, gemel::ReLU>, gemel::Dense<between, 3, gemel::ReLU>> network{rng};
