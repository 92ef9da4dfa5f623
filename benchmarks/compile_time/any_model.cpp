// A program that trains a model whose layers, loss, optimizer and pairs are chosen at run time.
#include <gemel/gemel.hpp>
#include <iostream>
#include <vector>

using namespace gemel;

int main(int argc, char**) {
  Rng rng{42};
  const std::vector<AnyLayer> layers(static_cast<std::size_t>(argc), Dense<Dynamic, Dynamic, ReLU>{100, 100});
  AnyModel<float> model{AnyNetwork<float>{rng, Sequence<AnyLayer>{layers}}, Euclidean{}};
  const AnyPairSource<float> pairs =
      Pairs<float>{uniform<float>(100, 100, rng), uniform<float>(100, 100, rng), coin_flips(100, rng)};
  const AnyLoss loss = ContrastiveLoss{};
  AnyOptimizer<float> optimizer = RMSprop<float>{};
  const History history = fit(model, pairs, loss, optimizer, {.epochs = 20}, rng, ProgressBar{});
  std::cout << history.loss.back() << '\n';
}
