// How much time does a Standardize as the first layer add? On one thread, the program times a training step of the
// tutorial's network with Standardize on raw samples, in turn with the step without it on samples that were
// standardized before. A time is the median over the batches of each batch's minimum, because other load on the machine
// affects minima least. Run it on one core:
//
//   taskset -c 1 fitted_layer
#include <algorithm>
#include <cstdio>
#include <utility>
#include <vector>

#include "step_timing.hpp"

namespace {

using namespace gemel;

template <class Net>
struct Step : StepUnderTest {
  Step(Net network, const StepData<float>& data, const MatrixX<float>& x)
      : pairs(Samples<float>::view(x), GemelStep<float>::adjacent_pairs(data), data.similar),
        model(std::move(network)),
        training(model, ContrastiveLoss{}, optimizer, {.skip_inactive = false}) {
    pairs.start_epoch(0, 0, data.pairs, false);
  }
  double step(long batch) override { return training(pairs, batch); }

  Pairs<float> pairs;
  Siamese<Net> model;
  RMSprop<float> optimizer;
  TrainingStep<Siamese<Net>, ContrastiveLoss, RMSprop<float>> training;
};

void compare(const char* title, long features, long width, long pairs) {
  const long batches = 40;
  const auto data = random_batches<float>(features, width, pairs, batches);
  const MatrixX<float> raw = ConstColumns<float>(data.x.data(), features, 2 * pairs * batches);
  const Standardize<> standardize{raw};
  const MatrixX<float> scaled = standardize.transform(raw);
  const auto network = tutorial_model<float>(features, width).network();
  Step without(network, data, scaled);
  Step with(prepend(standardize, network), data, raw);
  StepTimer timer_without(without, batches), timer_with(with, batches);
  std::vector<double> minima_without(batches, 1e9), minima_with(batches, 1e9), ratios;
  const auto round = [&](StepTimer& timer, std::vector<double>& minima) {
    std::vector<double> times;
    for (double& time : minima) {
      times.push_back(timer.mean(1));
      time = std::min(time, times.back());
    }
    return median(times);
  };
  for (int r = 0; r < 40; ++r) {
    const double time = round(timer_without, minima_without);
    ratios.push_back(round(timer_with, minima_with) / time);
  }
  const double time_without = median(minima_without), time_with = median(minima_with);
  std::printf("%-32s without %8.1f us   with %8.1f us   ratio %.3f, median of the rounds' ratios %.3f\n", title,
              time_without, time_with, time_with / time_without, median(ratios));
}

}  // namespace

int main() {
  compare("tutorial, 100 features, 32 pairs", 100, 128, 32);
  compare("MNIST, 784 features, 128 pairs", 784, 128, 128);
}
