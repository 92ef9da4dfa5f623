// error: gemel: only built-in layers, with built-in activations, can be layers of an AnyNetwork
#include "gemel/gemel.hpp"

#if defined(REPAIRED)
using Activation = gemel::Tanh;
#else
struct Activation : gemel::Tanh {};
#endif

gemel::Rng rng{1};
gemel::AnyNetwork<float> network = gemel::make_network<float>(rng, gemel::Dense<5, 3, Activation>{});
