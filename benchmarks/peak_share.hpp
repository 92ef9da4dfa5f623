#pragma once

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <gemel/core/dispatch.hpp>
#include <gemel/core/types.hpp>
#include <string>
#include <vector>

#include "fma_peak.hpp"

/// Runs `work`, which makes `operations` multiplications and additions, as often as `state` requires. Adds two
/// counters: GFLOP/s, and "% of peak", its share of the peak of `cores` cores, which is measured just before. Both are
/// computed from the median run, which other load on the machine hardly affects; Google Benchmark's time is the mean.
template <gemel::Scalar S, class Work>
void run_against_peak(benchmark::State& state, double operations, Work&& work, double cores = 1) {
  const auto nanoseconds = [&](long runs) {
    using Clock = std::chrono::steady_clock;
    const auto start = Clock::now();
    for (long i = 0; i < runs; ++i) work();
    return std::chrono::duration<double, std::nano>(Clock::now() - start).count() / static_cast<double>(runs);
  };
  nanoseconds(1);  // the first run allocates
  const double peak = cores * gflops_at_peak<S>();
  const long together = std::max(1L, static_cast<long>(10'000 / nanoseconds(3)));  // reading the clock takes 30 ns
  std::vector<double> times;
  while (state.KeepRunningBatch(together)) times.push_back(nanoseconds(together));
  std::ranges::nth_element(times, times.begin() + gemel::length(times) / 2);
  const double gflops = operations / times[times.size() / 2];
  state.counters["GFLOP/s"] = gflops;
  state.counters["% of peak"] = 100 * gflops / peak;
}

/// The instruction sets that this machine supports, best first.
inline std::vector<gemel::InstructionSet> instruction_sets() {
  std::vector<gemel::InstructionSet> sets;
  for (const auto& entry : gemel::detail::instruction_sets()) {
    if (entry.supported) sets.push_back(entry.set);
  }
  return sets;
}

/// Registers a benchmark that calls run(state) with the kernels of an instruction set (by default, the current one).
template <class Run>
auto* register_benchmark(const std::string& name, gemel::InstructionSet set, Run run) {
  const auto forced = [set, run](benchmark::State& state) {
    gemel::force_instruction_set(set);
    run(state);
    gemel::force_instruction_set({});
  };
  return benchmark::RegisterBenchmark(name.c_str(), forced)->Unit(benchmark::kMicrosecond);
}
template <class Run>
auto* register_benchmark(const std::string& name, Run run) {
  return register_benchmark(name, gemel::instruction_set(), run);
}
