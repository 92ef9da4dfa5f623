// error: gemel: this type does not model the Distance concept
#include "gemel/gemel.hpp"

/// Half of a distance, whose collapse nobody would be warned of: until it is repaired, `as_length` is no const member.
struct Half : gemel::Manhattan {
#if defined(REPAIRED)
  double as_length(double d) const { return d; }
#else
  double as_length(double d) { return d; }
#endif
};

gemel::Rng rng{1};
gemel::Siamese<gemel::Network<float, gemel::Dense<5, 3>>, Half> model{rng};
