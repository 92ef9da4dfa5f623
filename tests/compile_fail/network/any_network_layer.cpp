// error: gemel: only built-in layers, with built-in activations, can be layers of an AnyNetwork
#include "gemel/gemel.hpp"

/// A layer derived from Dense. If it were converted to a Dense, its own members would be lost.
#if defined(REPAIRED)
using Layer = gemel::Dense<5, 3>;
#else
struct Layer : gemel::Dense<5, 3> {};
#endif

gemel::Rng rng{1};
gemel::AnyModel<float> model = gemel::Siamese{gemel::make_network<float>(rng, Layer{})};
