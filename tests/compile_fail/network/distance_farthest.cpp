// error: gemel: a metric's `farthest`, where it has one, is double farthest
#include "gemel/gemel.hpp"

/// Half of a distance. Until it is repaired, `farthest` does not take the number of elements, so that fit would not
/// warn of a margin out of reach.
struct Half : gemel::Manhattan {
#if defined(REPAIRED)
  double farthest(const gemel::VectorRange& range, gemel::Index n) const {
#else
  double farthest(const gemel::VectorRange& range) const {
    const gemel::Index n = 3;
#endif
      return gemel::farthest(gemel::Manhattan{}, range, n) / 2;
}
}
;

void train(gemel::Siamese<gemel::Network<float, gemel::Dense<5, 3, gemel::ReLU>>, Half>& model,
           const gemel::Pairs<float>& pairs) {
  gemel::Rng rng{1};
  gemel::RMSprop<float> optimizer{{}};
  gemel::fit(model, pairs, gemel::ContrastiveLoss{}, optimizer, {.epochs = 1}, rng);
}
