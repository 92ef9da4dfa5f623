// error: gemel: a callback needs at least one hook on_.*, and each that it names must be callable; on_measure needs
#include "gemel/gemel.hpp"

/// A callback whose metric has no name, so that the history could not hold it. When repaired, it has one.
struct Measure {
#if defined(REPAIRED)
  gemel::MetricSeries metric() const { return {.name = "norm"}; }
#endif
  template <class State>
  double on_measure(State& state) {
    return state.model.parameters().norm();
  }
  template <class State>
  void on_epoch_end(State&) {}
};

void train(gemel::Siamese<gemel::Network<float, gemel::Dense<5, 3, gemel::ReLU>>>& model,
           const gemel::Pairs<float>& pairs) {
  gemel::Rng rng{1};
  gemel::RMSprop<float> optimizer{{}};
  gemel::fit(model, pairs, gemel::ContrastiveLoss{}, optimizer, {.epochs = 1}, rng, Measure{});
}
