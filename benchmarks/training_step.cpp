// How long does a training step of the tutorial's network (three dense layers of 128 units) take with each instruction
// set, with other optimizers, and with skipped pairs? It is timed with the tutorial's batch ("seed": 100 features, 32
// pairs) and with a batch of MNIST's size (784 features, 128 pairs), in float, with RMSprop, on one thread, unless the
// name says otherwise. GFLOP/s include the work that is skipped. The learning rate is 0, so that all steps do the same
// work on the same numbers. Networks of 8 and 32 units show the fixed costs of a step. Run it on one core:
//
//   taskset -c 1 training_step_benchmark
//
// For the steps on two threads, run it on two cores, with --benchmark_filter=threads.
#include <algorithm>
#include <string>

#include "gemel_step.hpp"
#include "peak_share.hpp"

using namespace gemel;

namespace {

struct Size {
  std::string name;
  long features, pairs, width = 128;
};
const Size sizes[] = {{"seed", 100, 32}, {"MNIST", 784, 128}};

double flops(const Size& size) {
  return step_flops(static_cast<double>(size.features), static_cast<double>(size.width),
                    static_cast<double>(size.pairs));
}

/// One batch of similar pairs, which are always active. With `half_inactive`, every other pair is dissimilar and beyond
/// the margin.
StepData<float> one_batch(const Size& size, bool half_inactive) {
  auto data = random_batches<float>(size.features, size.width, size.pairs, 1);
  std::ranges::fill(data.similar, 1);
  if (!half_inactive) return data;
  for (long p = 0; p < size.pairs; p += 2) {
    data.similar[static_cast<std::size_t>(p)] = 0;
    float* second = data.x.data() + (2 * p + 1) * size.features;
    std::transform(second, second + size.features, second, [](float x) { return 100 * x; });
  }
  return data;
}

template <class Optimizer, class Step = GemelStep<float, Optimizer>>
void step(benchmark::State& state, const Size& size, TrainingStepOptions options = {.skip_inactive = false},
          bool half_inactive = false) {
  const auto data = one_batch(size, half_inactive);
  Step gemel(data, options, Optimizer{{.learning_rate = 0}});
  run_against_peak<float>(
      state, flops(size), [&] { gemel.step(0); }, static_cast<double>(options.threads));
  const Index active = options.skip_inactive && half_inactive ? size.pairs : 2 * size.pairs;
  if (gemel.training.active_samples() != active) state.SkipWithError("the number of active samples is wrong");
}

/// A step on all pairs of the samples in the tutorial's batch; all pairs are similar, so all are active. Only the
/// network's operations are counted; it processes each sample once.
void step_of_all_pairs(benchmark::State& state) {
  const Size& size = sizes[0];
  const auto data = one_batch(size, false);
  const Index samples = 2 * size.pairs;
  InBatchPairs<float> pairs(Samples<float>::view(data.x.data(), size.features, samples),
                            Classes(std::vector<int>(static_cast<std::size_t>(samples))));
  pairs.start_epoch(0, 0, samples, false);
  auto model = tutorial_model<float>(size.features, size.width);
  RMSprop<float> optimizer{{.learning_rate = 0}};
  TrainingStep training{model, ContrastiveLoss{}, optimizer};
  run_against_peak<float>(state, flops(size), [&] { training(pairs, 0); });
}

}  // namespace

int main(int argc, char** argv) {
  for (const Size& size : sizes) {
    for (const InstructionSet set : instruction_sets()) {
      register_benchmark(size.name + "/" + name(set), set, [&](auto& state) { step<RMSprop<float>>(state, size); });
    }
    register_benchmark(size.name + "/run-time choice",
                       [&](auto& state) { step<RMSprop<float>, GemelStepAtRunTime<float>>(state, size); });
    register_benchmark(size.name + "/SGD", [&](auto& state) { step<SGD<float>>(state, size); });
    register_benchmark(size.name + "/Adam", [&](auto& state) { step<Adam<float>>(state, size); });
    for (const bool skip : {false, true}) {
      register_benchmark(size.name + "/half inactive" + (skip ? ", skipped" : ""),
                         [&, skip](auto& state) { step<RMSprop<float>>(state, size, {.skip_inactive = skip}, true); });
    }
    register_benchmark(size.name + "/two threads", [&](auto& state) {
      step<RMSprop<float>>(state, size, {.threads = 2, .skip_inactive = false});
    })->UseRealTime();
  }
  register_benchmark("seed/all pairs of its samples", step_of_all_pairs);
  // Steps with so little to multiply that most of their time is the fixed costs of a step and of its calls.
  for (const long width : {8L, 32L}) {
    for (const long pairs : {1L, 32L}) {
      const std::string name = "width " + std::to_string(width) + "/" + std::to_string(pairs) + " pairs";
      register_benchmark(name, [=](auto& state) { step<RMSprop<float>>(state, {name, 100, pairs, width}); });
    }
  }

  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
}
