// error: PairSource
#include "gemel/gemel.hpp"

/// A source whose state would be saved, but not restored. When repaired, it is restored too.
struct InTurns : gemel::Pairs<float> {
  using Pairs::Pairs;
  double turn = 0;
  void start_epoch(std::uint64_t seed, gemel::Index, gemel::Index batch_size, bool shuffle) {
    Pairs::start_epoch(seed, static_cast<gemel::Index>(turn++), batch_size, shuffle);
  }
  std::vector<double> save() const { return {turn}; }
#if defined(REPAIRED)
  void restore(std::span<const double> saved) { turn = saved[0]; }
#endif
};

void train(gemel::Siamese<gemel::Network<float, gemel::Dense<5, 3, gemel::ReLU>>>& model, const InTurns& pairs) {
  gemel::Rng rng{1};
  gemel::RMSprop<float> optimizer{{}};
  gemel::fit(model, pairs, gemel::ContrastiveLoss{}, optimizer, {.epochs = 1}, rng);
}
