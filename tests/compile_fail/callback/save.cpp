// error: gemel: a callback needs at least one hook on_.*, and save a restore
#include "gemel/gemel.hpp"

/// A callback whose state would be saved, but not restored. When repaired, it is restored too.
struct Count {
  double epochs = 0;
  template <class State>
  void on_epoch_end(State&) {
    ++epochs;
  }
  std::vector<double> save() const { return {epochs}; }
#if defined(REPAIRED)
  void restore(std::span<const double> saved) { epochs = saved[0]; }
#endif
};

void train(gemel::Siamese<gemel::Network<float, gemel::Dense<5, 3, gemel::ReLU>>>& model,
           const gemel::Pairs<float>& pairs) {
  gemel::Rng rng{1};
  gemel::RMSprop<float> optimizer{{}};
  gemel::fit(model, pairs, gemel::ContrastiveLoss{}, optimizer, {.epochs = 1}, rng, Count{});
}
