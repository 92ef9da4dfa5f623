// How does a training step in float scale with the batch, the width, the number of features (on one core) and the
// number of threads? The program prints the GFLOP/s of the step's matrix products for Gemel and for plain Eigen
// (-march=native), and the FMA peak. The first three panels vary one size of the tutorial's step (100 features, 128
// units, 32 pairs), and the last varies the number of threads. It takes a minute; gnuplot draws the picture:
//
//   scaling >build/scaling.dat
//   gnuplot -e "data='build/scaling.dat'; picture='build/scaling.png'" benchmarks/scaling.gnuplot
#include <algorithm>
#include <cstdio>
#include <thread>
#include <vector>

#include "fma_peak.hpp"
#include "step_timing.hpp"

namespace {

constexpr int passes = 10;

struct Size {
  long features = 100, width = 128, pairs = 32;
  double gflops(double us) const {
    const auto count = [](long n) { return static_cast<double>(n); };
    return step_flops(count(features), count(width), count(pairs)) / us / 1e3;
  }
};

/// Steps on one thread, with one varying size.
struct Panel {
  struct Point {
    long x;
    Size size;
    StepTimes times = {};
  };

  const char* name;
  std::vector<Point> points = {};

  void measure() {
    for (auto& [x, size, times] : points) times.measure<float>(size.features, size.width, size.pairs);
  }
  void print(double peak) const {
    std::printf("\n\n# %s\n", name);
    for (const auto& [x, size, times] : points) {
      std::printf("%ld %.2f %.2f %.2f\n", x, size.gflops(times.gemel_median()), size.gflops(times.plain_median()),
                  peak);
    }
  }
};

/// GFLOP/s of Gemel's step on `threads` threads.
double gflops(const Size& size, long threads) {
  const long batches = 20;
  const auto data = random_batches<float>(size.features, size.width, size.pairs, batches);
  std::vector<double> times;
  for (int pass = 0; pass < passes; ++pass) {
    GemelStep<float> step(data, {.threads = threads, .skip_inactive = false});
    StepTimer timer(step, batches);
    timer.mean(2);  // the first steps allocate
    for (int round = 0; round < 5; ++round) times.push_back(timer.median(60));
  }
  return size.gflops(median(times));
}

}  // namespace

int main() {
  Panel batch{"batch"}, width{"width"}, input{"input"};
  for (long pairs = 1; pairs <= 1024; pairs *= 2) batch.points.push_back({2 * pairs, {.pairs = pairs}});
  for (long units = 8; units <= 1024; units *= 2) width.points.push_back({units, {.width = units}});
  for (long features = 2; features <= 4096; features *= 2) input.points.push_back({features, {.features = features}});
  double peak = 0;
  for (int pass = 0; pass < passes; ++pass) {
    peak = std::max(peak, gflops_at_peak<float>());
    for (Panel* panel : {&batch, &width, &input}) panel->measure();
  }
  std::printf("# x, GFLOP/s of Gemel, plain Eigen, FMA peak; for threads: 100 features, MNIST's size, FMA peak\n");
  for (const Panel* panel : {&batch, &width, &input}) panel->print(peak);

  std::printf("\n\n# threads\n");
  const auto max_threads = static_cast<long>(gemel::checked_threads(0));
  for (long threads = 1; threads <= max_threads; threads += std::max(1L, max_threads / 8)) {
    std::printf("%ld %.2f %.2f %.2f\n", threads, gflops({}, threads), gflops({.features = 784, .pairs = 128}, threads),
                peak * static_cast<double>(threads));
  }
}
