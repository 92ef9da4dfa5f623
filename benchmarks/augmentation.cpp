// How much of a training step's time does augmentation take? On one thread, the program times a training step whose
// images are shifted, rotated, scaled, sheared and distorted (ImageWarp), in turn with the same step without that. A
// time is the median over the batches of each batch's minimum, because other load on the machine affects minima least.
// Run it on one core:
//
//   taskset -c 1 augmentation
#include <algorithm>
#include <cstdio>
#include <utility>
#include <vector>

#include "step_timing.hpp"

namespace {

using namespace gemel;

constexpr long side = 28, pixels = side * side, batches = 20;

using Model = Siamese<AnyNetwork<float>>;

Model model_of(const std::vector<Index>& sizes) {
  Rng rng{1};
  std::vector<AnyLayer> layers;
  for (std::size_t i = 0; i + 1 < sizes.size(); ++i) layers.push_back(TutorialLayer{sizes[i], sizes[i + 1]});
  return Model{AnyNetwork<float>{rng, Sequence{std::move(layers)}}};
}

/// The learning rate is 0, so that all steps do the same work.
template <class Source>
struct Step : StepUnderTest {
  Step(Source pairs, Index batch_size, const std::vector<Index>& sizes)
      : source(std::move(pairs)),
        model(model_of(sizes)),
        optimizer({.learning_rate = 0}),
        training(model, ContrastiveLoss{}, optimizer, {.skip_inactive = false}) {
    source.start_epoch(0, 0, batch_size, false);
  }
  double step(long batch) override { return training(source, batch); }

  Source source;
  Model model;
  Adam<float> optimizer;
  TrainingStep<Model, ContrastiveLoss, Adam<float>> training;
};

template <class Source>
void compare(const char* title, const Source& source, Index batch_size, const std::vector<Index>& sizes) {
  const Augmented augmented{source, ImageWarp{{.width = side, .height = side}}};
  Step without(source, batch_size, sizes);
  Step with(augmented, batch_size, sizes);
  StepTimer timer_without(without, batches), timer_with(with, batches);
  std::vector<double> minima_without(batches, 1e9), minima_with(batches, 1e9), shares;
  const auto round = [&](StepTimer& timer, std::vector<double>& minima) {
    std::vector<double> times;
    for (double& time : minima) {
      times.push_back(timer.mean(1));
      time = std::min(time, times.back());
    }
    return median(times);
  };
  for (int r = 0; r < 20; ++r) {
    const double time = round(timer_without, minima_without);
    shares.push_back(1 - time / round(timer_with, minima_with));
  }
  const double time_without = median(minima_without), time_with = median(minima_with);
  std::printf("%-48s without %8.1f us   with %8.1f us   share %4.1f %%, median of the rounds' shares %4.1f %%\n", title,
              time_without, time_with, 100 * (1 - time_without / time_with), 100 * median(shares));
}

}  // namespace

int main() {
  Rng rng{7};
  constexpr long samples = 256 * batches;
  const Samples<float> images{uniform<float>(pixels, samples, rng)};
  std::vector<int> classes;
  std::vector<PairIndex> adjacent;
  for (int i = 0; i < samples; ++i) classes.push_back(i % 10);
  for (Index i = 0; i < samples; i += 2) adjacent.push_back({i, i + 1});
  compare("784-512-256-64, all pairs of 200 images", InBatchPairs<float>{images, classes}, 200, {pixels, 512, 256, 64});
  compare("784-128-128-128, 128 pairs", Pairs<float>{images, adjacent, coin_flips(samples / 2, rng)}, 128,
          {pixels, 128, 128, 128});
}
