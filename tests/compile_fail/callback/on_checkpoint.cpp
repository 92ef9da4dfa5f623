// error: gemel: a callback needs at least one hook on_.*, and each that it names must be callable
#include "gemel/gemel.hpp"

/// A callback that would keep no checkpoint, since its hook does not take the snapshot. When repaired, it does.
struct Keep {
#if defined(REPAIRED)
  template <class State>
  void on_checkpoint(State&, const gemel::TrainingSnapshot&) {}
#else
  template <class State>
  void on_checkpoint(State&) {}
#endif
  template <class State>
  void on_epoch_end(State&) {}
};

void train(gemel::Siamese<gemel::Network<float, gemel::Dense<5, 3, gemel::ReLU>>>& model,
           const gemel::Pairs<float>& pairs) {
  gemel::Rng rng{1};
  gemel::RMSprop<float> optimizer{{}};
  gemel::fit(model, pairs, gemel::ContrastiveLoss{}, optimizer, {.epochs = 1}, rng, Keep{});
}
