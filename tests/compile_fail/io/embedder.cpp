// error: gemel: only a Verifier of a Siamese or an Ensemble can be saved and loaded, not one of an embedder of your own
#include "gemel/io/model_file.hpp"

using Base = gemel::Siamese<gemel::Network<float, gemel::Dense<5, 3, gemel::ReLU>>>;

/// An embedder of one's own, which may add anything to a model.
#if defined(REPAIRED)
using Model = Base;
#else
struct Model : Base {
  using Base::Base;
};
#endif

void write(const gemel::Verifier<Model>& verifier) { gemel::save("file", verifier); }
