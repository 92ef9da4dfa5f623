#include <gemel/gemel.hpp>
#include <iostream>

using namespace gemel;

using Base = Network<float, Dense<100, 128, ReLU>, Dense<128, 128, ReLU>, Dense<128, 128, ReLU>>;

int main() {
  Rng rng{42};
  Siamese<Base> model{rng};                               // one base network, Euclidean distance

  Pairs<float> pairs{uniform<float>(100, 100, rng),       // features x samples: one sample per column
                     uniform<float>(100, 100, rng),
                     coin_flips(100, rng)};               // 1 = similar, 0 = dissimilar

  RMSprop<float> optimizer{{.learning_rate = 1e-3}};
  History history = fit(model, pairs, ContrastiveLoss{.margin = 1.0}, optimizer,
                        {.epochs = 20, .batch_size = 32}, rng, ProgressBar{});

  MatrixX<float> a = uniform<float>(100, 1, rng), b = uniform<float>(100, 1, rng);
  std::cout << model.distance(a, b) << '\n';              // VectorX<float>, one distance per column
}
