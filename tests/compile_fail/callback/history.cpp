// error: (const gemel::History|discards qualifiers|no matching member function|marked const)
#include "gemel/gemel.hpp"

struct Forgetful {
  template <class State>
  void on_epoch_end(State& state) {
#if defined(REPAIRED)
    state.stop = state.history.loss.back() < 0.1;
#else
    state.history.loss.clear();
#endif
  }
};

void train(gemel::Siamese<gemel::Network<float, gemel::Dense<5, 3, gemel::ReLU>>>& model,
           const gemel::Pairs<float>& pairs) {
  gemel::Rng rng{1};
  gemel::RMSprop<float> optimizer{{}};
  gemel::fit(model, pairs, gemel::ContrastiveLoss{}, optimizer, {.epochs = 1}, rng, Forgetful{});
}
