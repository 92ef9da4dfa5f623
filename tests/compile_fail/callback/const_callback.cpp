// error: gemel: a callback needs at least one hook on_.*, and each that it names must be callable
#include "gemel/gemel.hpp"

struct Counter {
  int epochs = 0;
  template <class State>
  void on_epoch_end(State&) {
    ++epochs;
  }
};

#if defined(REPAIRED)
using Given = Counter;
#else
using Given = const Counter;  // its hook is not const
#endif

void train(gemel::Siamese<gemel::Network<float, gemel::Dense<3, 2>>>& model, gemel::Pairs<float>& pairs) {
  gemel::SGD<float> optimizer;
  gemel::Rng rng{1};
  Given counter{};
  fit(model, pairs, gemel::ContrastiveLoss{}, optimizer, {.epochs = 1}, rng, counter);
}
