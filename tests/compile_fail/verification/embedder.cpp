// error: Embedder
#include "gemel/gemel.hpp"

using Base = gemel::Network<float, gemel::Dense<5, 3, gemel::ReLU>>;

/// A network alone has no distance of embeddings. Until this is repaired, a network is given as the model.
#if defined(REPAIRED)
using Model = gemel::Siamese<Base>;
#else
using Model = Base;
#endif

void verify(const Model& model, const gemel::Pairs<float>& pairs) { gemel::calibrate(model, pairs); }
