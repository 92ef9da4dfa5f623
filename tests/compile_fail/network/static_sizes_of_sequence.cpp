// error: gemel: a layer's input size is not the output size of the layer before it
#include <variant>

#include "gemel/gemel.hpp"

#if defined(REPAIRED)
constexpr gemel::Index between = 7;
#else
constexpr gemel::Index between = 8;
#endif

// Both types have the same static sizes, so a Sequence of any length has them too.
using Part = std::variant<gemel::Dense<between, between, gemel::ReLU>, gemel::Dense<between, between, gemel::Tanh>>;
using Network = gemel::Network<float, gemel::Dense<5, 7>, gemel::Sequence<Part>, gemel::Dense<7, 3>>;

Network make(gemel::Rng& rng) { return {rng, {}, gemel::Sequence<Part>{{Part{}, Part{}}}, {}}; }
