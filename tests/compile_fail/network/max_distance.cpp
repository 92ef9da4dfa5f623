// error: gemel: a metric's `max_distance`, if it has one, must be double max_distance
#include "gemel/gemel.hpp"

/// A distance whose `max_distance` does not take the number of elements, so that fit could not warn of a margin that is
/// out of reach. When repaired, it takes it.
struct Half : gemel::Manhattan {
#if defined(REPAIRED)
  double max_distance(const gemel::VectorRange& range, gemel::Index n) const {
#else
  double max_distance(const gemel::VectorRange& range) const {
    const gemel::Index n = 3;
#endif
      return gemel::max_distance(gemel::Manhattan{}, range, n) / 2;
}
}
;

void train(gemel::Siamese<gemel::Network<float, gemel::Dense<5, 3, gemel::ReLU>>, Half>& model,
           const gemel::Pairs<float>& pairs) {
  gemel::Rng rng{1};
  gemel::RMSprop<float> optimizer{{}};
  gemel::fit(model, pairs, gemel::ContrastiveLoss{}, optimizer, {.epochs = 1}, rng);
}
