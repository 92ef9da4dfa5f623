// error: gemel: this type does not model the Optimizer concept .*: it lacks a member, such as clipping\(\)
#include "gemel/gemel.hpp"

/// A wrapper of an optimizer that forgets the clipping. When repaired, it forwards it.
struct Wrapper {
  gemel::RMSprop<float> inner;

  void reserve(gemel::Index n) { inner.reserve(n); }
  void advance() { inner.advance(); }
  void update(gemel::Index first, std::span<const float> g, std::span<float> w) { inner.update(first, g, w); }
  double learning_rate() const { return inner.learning_rate(); }
  void learning_rate(double rate) { inner.learning_rate(rate); }
  gemel::OptimizerState<float> state() { return inner.state(); }
#if defined(REPAIRED)
  gemel::Clipping clipping() const { return inner.clipping(); }
#endif
};

void train(gemel::Siamese<gemel::Network<float, gemel::Dense<5, 3, gemel::ReLU>>>& model,
           const gemel::Pairs<float>& pairs) {
  Wrapper optimizer{gemel::RMSprop<float>{{.clipnorm = 1}}};
  gemel::TrainingStep step{model, gemel::ContrastiveLoss{}, optimizer};
  step(pairs, 0);
}
