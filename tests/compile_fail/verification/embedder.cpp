// error: Embedder
#include "gemel/gemel.hpp"

using Base = gemel::Network<float, gemel::Dense<5, 3, gemel::ReLU>>;

/// The model is a network, which has no distance of embeddings. When repaired, it is a Siamese.
#if defined(REPAIRED)
using Model = gemel::Siamese<Base>;
#else
using Model = Base;
#endif

void verify(const Model& model, const gemel::Pairs<float>& pairs) { gemel::calibrate(model, pairs); }
