// error: gemel: this type does not model the Layer concept
#include "gemel/gemel.hpp"

/// A Dense with its own fused_update, which takes no `first`, so that it would not be called. When repaired, it takes
/// one.
struct Checked : gemel::Dense<5, 3> {
#if defined(REPAIRED)
  template <class Block>
  void fused_update(gemel::ColumnList<float> x, gemel::ColumnList<float> dz, gemel::Index first,
                    const Block& block) const {
    gemel::Dense<5, 3>::fused_update(x, dz, first, block);
  }
#else
  template <class Block>
  void fused_update(gemel::ColumnList<float> x, gemel::ColumnList<float> dz, const Block& block) const {
    gemel::Dense<5, 3>::fused_update(x, dz, 0, block);
  }
#endif
};

gemel::Rng rng{1};
gemel::Network<float, Checked> network{rng};
