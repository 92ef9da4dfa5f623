// The tutorial's training step by Gemel, compiled with the default Release flags, against the same step by plain Eigen,
// compiled with -march=native: in turn, median of all steps. Run it on one core: taskset -c 1 step_ratio
#include "step_ratio.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <gemel/gemel.hpp>
#include <string>

using namespace gemel;

namespace {

struct GemelStep : StepUnderTest {
  GemelStep(const StepData& data, long threads)
      : pairs(samples_of(data), index_pairs(data), data.similar),
        model(make_model(data)),
        training(model, ContrastiveLoss{}, optimizer, {.threads = threads}) {
    pairs.start_epoch(0, 0, data.pairs, false);
  }
  double step(long batch) override { return training(pairs, batch); }

  static Samples<float> samples_of(const StepData& data) {
    return Samples<float>::view(data.x.data(), data.features, 2 * data.pairs * data.batches);
  }
  static std::vector<PairIndex> index_pairs(const StepData& data) {
    std::vector<PairIndex> indices;
    for (Index p = 0; p < data.pairs * data.batches; ++p) indices.push_back({2 * p, 2 * p + 1});
    return indices;
  }
  using Layer = Dense<Dynamic, Dynamic, ReLU>;
  using Model = Siamese<Network<float, Layer, Layer, Layer>>;
  static Model make_model(const StepData& data) {
    Rng rng{1};
    const Layer inner{data.width, data.width};
    return Model{make_network<float>(rng, Layer{data.features, data.width}, inner, inner)};
  }

  Pairs<float> pairs;
  Model model;
  RMSprop<float> optimizer{};
  TrainingStep<Model, ContrastiveLoss, RMSprop<float>> training;
};

StepData random_batches(long features, long width, long pairs) {
  const long batches = 40;
  StepData data{features, width, pairs, batches};
  Rng rng{7};
  data.x.resize(static_cast<std::size_t>(2 * features * pairs * batches));
  for (float& value : data.x) value = rng.uniform<float>();
  for (long p = 0; p < pairs * batches; ++p) data.similar.push_back(rng.coin());
  return data;
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

/// Appends the microseconds of each step over all batches: what else the machine does spoils single steps, not the
/// median.
void time_steps(StepUnderTest& under_test, long batches, std::vector<double>& times) {
  using Clock = std::chrono::steady_clock;
  for (long k = 0; k < batches; ++k) {
    const auto start = Clock::now();
    under_test.step(k);
    times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
  }
}

void compare(const char* title, long features, long width, long pairs, long threads) {
  const StepData data = random_batches(features, width, pairs);
  const auto plain = make_plain_eigen(data);
  const auto gemel = make_gemel(data, threads);
  std::vector<double> plain_times, gemel_times;
  for (int round = 0; round < 25; ++round) {
    time_steps(*plain, data.batches, plain_times);
    time_steps(*gemel, data.batches, gemel_times);
  }
  const double plain_time = median(plain_times), gemel_time = median(gemel_times);
  std::printf("%-32s plain Eigen %8.1f us   Gemel %8.1f us   ratio %.3f\n", title, plain_time, gemel_time,
              gemel_time / plain_time);
}

}  // namespace

std::unique_ptr<StepUnderTest> make_gemel(const StepData& data, long threads) {
  return std::make_unique<GemelStep>(data, threads);
}

int main(int argc, char** argv) {
  const long threads = argc > 1 ? std::stol(argv[1]) : 1;
  compare("tutorial, 100 features, 32 pairs", 100, 128, 32, threads);
  compare("MNIST, 784 features, 128 pairs", 784, 128, 128, threads);
}
