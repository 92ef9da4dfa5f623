// How long does it take to find the ten nearest of 1,000,000 embeddings of 64 floats (256 MB), by the Euclidean
// distance? For one query, the program compares that with the time to read the embeddings once from memory, by adding
// them; each search is timed right after such a sum, and "x reading" is the median ratio. For many queries it prints
// the share of the FMA peak, of two operations per element and pair. First it checks that the results are bit for bit
// those of a plain loop over all pairs. Run it on one core (for "two threads", on two):
//
//   taskset -c 1 nearest_benchmark
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <gemel/core/random.hpp>
#include <gemel/core/reduce.hpp>
#include <gemel/verification/nearest.hpp>
#include <string>
#include <utility>
#include <vector>

#include "peak_share.hpp"

using namespace gemel;

namespace {

constexpr Index size = 64, samples = 1'000'000, most_queries = 100, k = 10;

const MatrixX<float>& gallery() {
  static const MatrixX<float> matrix = [] {
    Rng rng{1};
    return normal<float>(size, samples, rng);
  }();
  return matrix;
}

/// Each query is a sample of the gallery with some noise.
const MatrixX<float>& queries() {
  static const MatrixX<float> matrix = [] {
    Rng rng{2};
    MatrixX<float> x = normal<float>(size, most_queries, rng);
    for (Index i = 0; i < most_queries; ++i) x.col(i) = x.col(i) / 2 + gallery().col(7919 * i);
    return x;
  }();
  return matrix;
}

Nearest<float> search(Index count, Index threads = 1) {
  return nearest(queries().leftCols(count), gallery(), {.k = k, .threads = threads});
}

/// The plain loop: all distances, sorted.
bool equals_plain_loop(const Nearest<float>& found) {
  std::vector<std::pair<float, Index>> all(static_cast<std::size_t>(samples));
  for (Index i = 0; i < most_queries; ++i) {
    for (Index j = 0; j < samples; ++j) {
      const float d = std::sqrt(squared_distance(queries().col(i).data(), gallery().col(j).data(), size));
      all[static_cast<std::size_t>(j)] = {d, j};
    }
    std::partial_sort(all.begin(), all.begin() + k, all.end());
    for (Index r = 0; r < k; ++r) {
      const auto& [d, j] = all[static_cast<std::size_t>(r)];
      if (found.samples(r, i) != j || std::memcmp(&found.distances(r, i), &d, sizeof d) != 0) return false;
    }
  }
  return true;
}

// A macro for the same reason as in fma_peak.hpp. Eight sums hide the latency of the additions.
#define READ_LOOP(NAME, SET, ATTRIBUTES)                                                        \
  ATTRIBUTES float NAME(const float* x, Index n) {                                              \
    using namespace gemel::kernel::SET;                                                         \
    constexpr Index step = PacketOf<float>::size;                                               \
    PacketOf<float>::type sums[8];                                                              \
    for (auto& sum : sums) sum = broadcast(0.0F);                                               \
    for (Index i = 0; i + 8 * step <= n; i += 8 * step) {                                       \
      READ_UNROLL for (Index r = 0; r < 8; ++r) sums[r] = add(sums[r], load(x + i + r * step)); \
    }                                                                                           \
    for (int r = 1; r < 8; ++r) sums[0] = add(sums[0], sums[r]);                                \
    float lanes[16] = {};                                                                       \
    store(lanes, sums[0]);                                                                      \
    return lanes[0];                                                                            \
  }
#if defined(__clang__)
#define READ_UNROLL _Pragma("unroll")
#else
#define READ_UNROLL _Pragma("GCC unroll 8")
#endif
#if defined(__x86_64__)
READ_LOOP(read_avx512, avx512, GEMEL_TARGET_FOR(GEMEL_AVX512) __attribute__((noinline)))
READ_LOOP(read_avx2, avx2, GEMEL_TARGET_FOR(GEMEL_AVX2) __attribute__((noinline)))
#endif
#if defined(__FMA__)
READ_LOOP(read_portable, portable_fma, __attribute__((noinline)))
#else
READ_LOOP(read_portable, portable, __attribute__((noinline)))
#endif

float read_gallery() {
  const float* const x = gallery().data();
  const Index n = gallery().size();
#if defined(__x86_64__)
  switch (instruction_set()) {
    case InstructionSet::AVX512:
      return read_avx512(x, n);
    case InstructionSet::AVX2:
      return read_avx2(x, n);
    case InstructionSet::Portable:
      break;
  }
#endif
  return read_portable(x, n);
}

template <class Work>
double milliseconds(const Work& work) {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  work();
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + length(values) / 2;
  std::ranges::nth_element(values, middle);
  return *middle;
}

void one_query(benchmark::State& state) {
  std::vector<double> reading, searching, ratios;
  while (state.KeepRunning()) {
    reading.push_back(milliseconds([] { benchmark::DoNotOptimize(read_gallery()); }));
    searching.push_back(milliseconds([] { benchmark::DoNotOptimize(search(1).distances.data()); }));
    ratios.push_back(searching.back() / reading.back());
  }
  state.counters["reading ms"] = median(reading);
  state.counters["search ms"] = median(searching);
  state.counters["x reading"] = median(ratios);
}

void many_queries(benchmark::State& state, Index count, Index threads) {
  run_against_peak<float>(
      state, 2.0 * static_cast<double>(size * samples * count),
      [=] { benchmark::DoNotOptimize(search(count, threads).distances.data()); }, static_cast<double>(threads));
}

}  // namespace

int main(int argc, char** argv) {
  if (!equals_plain_loop(search(most_queries))) {
    std::puts("the search does not find what the plain loop finds");
    return 1;
  }
  for (const auto set : instruction_sets()) {
    const std::string of = std::string(name(set)) + "/";
    register_benchmark(of + "1 query", set, one_query)->Unit(benchmark::kMillisecond)->Iterations(25);
    for (const Index count : {10L, 100L}) {
      register_benchmark(of + std::to_string(count) + " queries", set,
                         [=](auto& state) { many_queries(state, count, 1); })
          ->Unit(benchmark::kMillisecond)
          ->Iterations(15);
    }
    register_benchmark(of + "100 queries, two threads", set, [](auto& state) { many_queries(state, 100, 2); })
        ->Unit(benchmark::kMillisecond)
        ->Iterations(15)
        ->UseRealTime();
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
}
