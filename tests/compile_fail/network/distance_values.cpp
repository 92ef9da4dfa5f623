// error: gemel: this type does not model the Distance concept
#include "gemel/gemel.hpp"

/// A distance that has the members for many pairs, but no ExactType, so that they would not be used. When repaired, it
/// has one.
struct Squares {
#if defined(REPAIRED)
  using ExactType = Squares;
#endif
  float value(gemel::ConstColumn<float> a, gemel::ConstColumn<float> b) const {
    return gemel::squared_distance(a.data(), b.data(), a.size());
  }
  void values(const float* const* a, const float* const* b, gemel::Index n, gemel::Index count, float* d) const {
    gemel::squared_distances(a, b, n, count, d);
  }
  float coefficient(float, float slope) const { return 2 * slope; }
  void add_gradient(gemel::ConstColumn<float> a, gemel::ConstColumn<float> b, float, float slope,
                    gemel::Column<float> da, gemel::Column<float> db) const {
    da += 2 * slope * (a - b);
    db -= 2 * slope * (a - b);
  }
};

gemel::Rng rng{1};
gemel::Siamese<gemel::Network<float, gemel::Dense<5, 3>>, Squares> model{rng};
