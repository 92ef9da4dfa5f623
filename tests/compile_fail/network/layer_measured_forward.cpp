// error: gemel: this type does not model the Layer concept
#include "gemel/gemel.hpp"

/// A layer that measures its passes, but whose delta_rule is a bool, so that the measuring members would not be called.
/// When repaired, it is a DeltaRule.
struct Measured : gemel::Dense<5, 3> {
  using ExactType = Measured;
#if defined(REPAIRED)
  static constexpr gemel::DeltaRule delta_rule = gemel::DeltaRule::Copied;
#else
  static constexpr bool delta_rule = false;
#endif
};

gemel::Rng rng{1};
gemel::Network<float, Measured> network{rng};
