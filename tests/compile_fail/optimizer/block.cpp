// error: gemel: this type does not model the Optimizer concept
#include "gemel/gemel.hpp"

/// An SGD that counts its blocks. Its `interleaves` is not const, so `block` would never be called. When repaired, it
/// is const.
struct Counting : gemel::SGD<float> {
  gemel::Index blocks = 0;

  auto block(gemel::Index first, const float* g, std::span<float> w) {
    ++blocks;
    return gemel::SGD<float>::block(first, g, w);
  }
#if defined(REPAIRED)
  bool interleaves() const { return true; }
#else
  bool interleaves() { return true; }
#endif
};

void train(gemel::Siamese<gemel::Network<float, gemel::Dense<5, 3, gemel::ReLU>>>& model,
           const gemel::Pairs<float>& pairs) {
  Counting optimizer;
  gemel::TrainingStep step{model, gemel::ContrastiveLoss{}, optimizer};
  step(pairs, 0);
}
