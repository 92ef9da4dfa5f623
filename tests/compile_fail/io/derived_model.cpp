// error: gemel: only a Network, a Siamese of a Network, an Ensemble, and a Verifier, a ClaimVerifier or a Gallery of a
#include "gemel/io/model_file.hpp"

using Base = gemel::Siamese<gemel::Network<float, gemel::Dense<5, 3, gemel::ReLU>>>;

#if defined(REPAIRED)
using Model = Base;
#else
struct Model : Base {
  using Base::Base;
};
#endif

void write(const Model& model) { gemel::save("file", model); }
