// error: gemel: a loss's `margin`, if it has one, must be a public number or a function
#include "gemel/gemel.hpp"

/// A loss with a private margin: fit could not warn that it is out of reach. When repaired, it is public.
class Half {
#if defined(REPAIRED)
 public:
#endif
  double margin = 1;

 public:
  double operator()(std::span<const float> d, std::span<const std::uint8_t> similar, std::span<const float> weight,
                    std::span<float> slope) const {
    return gemel::ContrastiveLoss{.margin = margin / 2}(d, similar, weight, slope);
  }
};

void train(gemel::Siamese<gemel::Network<float, gemel::Dense<5, 3, gemel::ReLU>>>& model,
           const gemel::Pairs<float>& pairs) {
  gemel::Rng rng{1};
  gemel::RMSprop<float> optimizer{{}};
  gemel::fit(model, pairs, Half{}, optimizer, {.epochs = 1}, rng);
}
