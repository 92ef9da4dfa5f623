// error: PairSource
#include "gemel/gemel.hpp"

/// A source that takes a mutable stop flag, which fit does not pass. When repaired, it takes a const one.
struct Slow : gemel::Pairs<float> {
  using Pairs::Pairs;
#if defined(REPAIRED)
  void start_epoch(std::uint64_t seed, gemel::Index epoch, gemel::Index batch_size, bool shuffle,
                   const gemel::StopFlag* stop = nullptr){
#else
  void start_epoch(std::uint64_t seed, gemel::Index epoch, gemel::Index batch_size, bool shuffle,
                   gemel::StopFlag* stop = nullptr) {
#endif
      Pairs::start_epoch(seed, epoch, batch_size, shuffle, stop);
}
}
;

void train(gemel::Siamese<gemel::Network<float, gemel::Dense<5, 3, gemel::ReLU>>>& model, const Slow& pairs) {
  gemel::Rng rng{1};
  gemel::RMSprop<float> optimizer{{}};
  gemel::fit(model, pairs, gemel::ContrastiveLoss{}, optimizer, {.epochs = 1}, rng);
}
