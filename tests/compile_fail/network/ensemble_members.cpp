// error: gemel: the members of an ensemble have one type; for models of different types, write
// Ensemble<AnyModel<float>>
#include "gemel/network/any_model.hpp"
#include "gemel/network/ensemble.hpp"

using Small = gemel::Siamese<gemel::Network<float, gemel::Dense<5, 3>>>;
using Large = gemel::Siamese<gemel::Network<float, gemel::Dense<5, 8>>>;

gemel::Index size(const Small& small, const Large& large) {
#if defined(REPAIRED)
  return gemel::Ensemble<gemel::AnyModel<float>>{small, large}.embedding_size();
#else
  return gemel::Ensemble{small, large}.embedding_size();
#endif
}
