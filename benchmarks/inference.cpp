// How long does inference take? In float, with the weights in cache and a workspace of sufficient size, the program
// times the distances of one pair and of a few pairs, a Verifier's decision, and the embedding of many samples. Run it
// on one core (for "two threads", on two):
//
//   taskset -c 1 inference_benchmark
#include <algorithm>
#include <string>

#include "gemel_step.hpp"
#include "peak_share.hpp"

using namespace gemel;

namespace {

constexpr long width = 128;

/// The number of operations to embed one sample.
double embedding_flops(long features) { return static_cast<double>(2 * width * (features + 2 * width)); }

void distances(benchmark::State& state, long features, Index pairs) {
  const auto model = tutorial_model<float>(features, width);
  Rng rng{7};
  const auto a = uniform<float>(features, pairs, rng), b = uniform<float>(features, pairs, rng);
  Workspace<float> workspace;
  VectorX<float> d(pairs);
  run_against_peak<float>(state, 2 * static_cast<double>(pairs) * embedding_flops(features), [&] {
    model.distance(a, b, workspace, d);
    benchmark::DoNotOptimize(d.data());
    benchmark::ClobberMemory();
  });
}

/// The distance of one pair in memory that each call allocates.
void distance_without_workspace(benchmark::State& state, long features) {
  const auto model = tutorial_model<float>(features, width);
  Rng rng{7};
  const auto a = uniform<float>(features, 1, rng), b = uniform<float>(features, 1, rng);
  run_against_peak<float>(state, 2 * embedding_flops(features),
                          [&] { benchmark::DoNotOptimize(model.distance(a, b)[0]); });
}

/// Reads all parameters once from their cache, which no distance can do without: the floor of the time of one pair.
void reading_the_weights(benchmark::State& state, long features) {
  const auto model = tutorial_model<float>(features, width);
  const auto parameters = model.parameters();
  for (auto _ : state) benchmark::DoNotOptimize(max_abs(parameters.data(), parameters.size()));
}

/// A Verifier's decision about one pair, as in production: besides computing the distance it checks the features and
/// needs a workspace, which is the caller's or the thread's own.
void verification(benchmark::State& state, long features, bool with_workspace) {
  const Verifier verifier{tutorial_model<float>(features, width), Calibration{.threshold = 1}};
  Rng rng{7};
  const auto a = uniform<float>(features, 1, rng), b = uniform<float>(features, 1, rng);
  Workspace<float> workspace;
  run_against_peak<float>(state, 2 * embedding_flops(features), [&] {
    benchmark::DoNotOptimize(with_workspace ? verifier.same(a, b, workspace) : verifier.same(a, b));
    benchmark::ClobberMemory();
  });
}

/// Embeds 100,000 samples into existing memory; if `threads` is 0, on one thread into a new matrix, whose pages the
/// system must clear.
void gallery(benchmark::State& state, long features, Index threads) {
  constexpr Index samples = 100'000;
  const auto model = tutorial_model<float>(features, width);
  Rng rng{7};
  const MatrixX<float> x = uniform<float>(features, samples, rng);
  MatrixX<float> y(width, samples);
  const auto run = [&] {
    if (threads == 0) {
      benchmark::DoNotOptimize(model.embed(x).data());
    } else {
      model.embed(ConstColumns<float>(x.data(), features, samples), Columns<float>(y.data(), width, samples), threads);
      benchmark::ClobberMemory();
    }
  };
  run_against_peak<float>(state, static_cast<double>(samples) * embedding_flops(features), run,
                          static_cast<double>(std::max<Index>(threads, 1)));
}

}  // namespace

int main(int argc, char** argv) {
  for (const long features : {100L, 784L}) {
    const std::string of = std::to_string(features) + " features/";
    for (const Index pairs : {1, 2, 8, 32}) {
      const std::string name = of + (pairs == 1 ? "distance of one pair" : "distances of " + std::to_string(pairs));
      register_benchmark(name, [=](auto& state) { distances(state, features, pairs); });
    }
    benchmark::RegisterBenchmark((of + "reading the weights").c_str(),
                                 [=](auto& state) { reading_the_weights(state, features); });
    register_benchmark(of + "distance of one pair, no workspace",
                       [=](auto& state) { distance_without_workspace(state, features); });
    register_benchmark(of + "Verifier", [=](auto& state) { verification(state, features, false); });
    register_benchmark(of + "Verifier with workspace", [=](auto& state) { verification(state, features, true); });
    const std::string name = of + "embedding of 100,000";
    register_benchmark(name, [=](auto& state) { gallery(state, features, 1); });
    register_benchmark(name + ", new matrix", [=](auto& state) { gallery(state, features, 0); });
    register_benchmark(name + ", two threads", [=](auto& state) { gallery(state, features, 2); })->UseRealTime();
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
}
