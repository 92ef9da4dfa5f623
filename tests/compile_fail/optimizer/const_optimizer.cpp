// error: gemel: an optimizer changes with every step, so fit cannot use a const one
#include "gemel/gemel.hpp"

#if defined(REPAIRED)
using Optimizer = gemel::SGD<float>;
#else
using Optimizer = const gemel::SGD<float>;  // a step could not change its state
#endif

void train(gemel::Siamese<gemel::Network<float, gemel::Dense<3, 2>>>& model, gemel::Pairs<float>& pairs) {
  Optimizer optimizer{};
  gemel::Rng rng{1};
  fit(model, pairs, gemel::ContrastiveLoss{}, optimizer, {.epochs = 1}, rng);
}
