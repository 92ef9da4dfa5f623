// error: gemel: the members of an ensemble must be of a type Siamese or AnyModel
#include "gemel/network/dense.hpp"
#include "gemel/network/ensemble.hpp"

using Base = gemel::Siamese<gemel::Network<float, gemel::Dense<5, 3>>>;

/// A model of one's own, which may embed something else than its network does.
#if defined(REPAIRED)
using Model = Base;
#else
struct Model : Base {
  using Base::Base;
};
#endif

gemel::Index size(const gemel::Ensemble<Model>& ensemble) { return ensemble.embedding_size(); }
