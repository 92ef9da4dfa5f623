// A training loop of your own: each call of a TrainingStep trains one batch, and everything else is up to you. This
// loop halves the learning rate whenever the loss of an epoch is not below the loss of the epoch before.

#include <gemel/gemel.hpp>

#include <cstdio>
#include <limits>
#include <vector>

using namespace gemel;

int main() {
  Rng rng{1};
  constexpr Index features = 30, n = 300;
  std::vector<Index> classes;
  MatrixX<float> x = normal<float>(features, n, rng);
  for (Index j = 0; j < n; ++j) {
    classes.push_back(j % 5);
    x(j % 5, j) += 4;
  }

  using Base = Network<float, Dense<features, 64, ReLU>, Dense<64, 16, ReLU>>;
  Siamese<Base> model{rng};
  PairSampler<float> source{x, classes};
  RMSprop<float> optimizer{{.learning_rate = 1e-3}};
  TrainingStep step{model, ContrastiveLoss{.margin = 1.0}, optimizer};

  double previous = std::numeric_limits<double>::infinity();
  for (Index epoch = 0; epoch < 15; ++epoch) {
    source.start_epoch(/*seed=*/1, epoch, /*batch_size=*/32, /*shuffle=*/true);
    double loss = 0;
    for (Index k = 0; k < source.batches(); ++k) loss += step(source, k);  // the mean loss of batch k
    loss /= static_cast<double>(source.batches());
    std::printf("epoch %2td: loss %.4f, learning rate %.1e\n", epoch + 1, loss, optimizer.learning_rate());
    if (loss >= previous) optimizer.learning_rate(optimizer.learning_rate() / 2);
    previous = loss;
  }
}
