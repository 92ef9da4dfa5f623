// error: gemel: this type does not model the Distance concept
#include "gemel/gemel.hpp"

/// A distance whose `as_length` is not const, so that fit could not warn of a collapse. When repaired, it is const.
struct Half : gemel::Manhattan {
#if defined(REPAIRED)
  double as_length(double d) const { return d; }
#else
  double as_length(double d) { return d; }
#endif
};

gemel::Rng rng{1};
gemel::Siamese<gemel::Network<float, gemel::Dense<5, 3>>, Half> model{rng};
