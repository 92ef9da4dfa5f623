// error: NextLayerTakes<8>.*gemel: a layer's input size is not the output|a layer's input size is not the
// output.*LayerGives<7>::NextLayerTakes<8>
#include "gemel/gemel.hpp"

#if defined(REPAIRED)
constexpr gemel::Index between = 7;
#else
constexpr gemel::Index between = 8;
#endif

gemel::Rng rng{1};
gemel::Network<float, gemel::Dense<5, 7, gemel::ReLU>, gemel::Dense<between, 3, gemel::ReLU>> network{rng};
