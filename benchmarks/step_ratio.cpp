// How long does the tutorial's training step take with Gemel, compiled with the default Release flags, relative to
// plain Eigen, compiled with -march=native? Both steps run in turn, and a time is the median of all steps. Run it on as
// many cores as THREADS (default: 1):
//
//   taskset -c 1 step_ratio [THREADS]
#include <cstdio>
#include <string>
#include <vector>

#include "step_timing.hpp"

namespace {

void compare(const char* title, long features, long width, long pairs, long threads) {
  const long batches = 40;
  const auto data = random_batches<float>(features, width, pairs, batches);
  const auto plain = make_plain_eigen(data);
  GemelStep<float> gemel(data, {.threads = threads, .skip_inactive = false});
  StepTimer plain_timer(*plain, batches), gemel_timer(gemel, batches);
  std::vector<double> plain_times, gemel_times;
  for (int round = 0; round < 25; ++round) {
    for (long k = 0; k < batches; ++k) plain_times.push_back(plain_timer.mean(1));
    for (long k = 0; k < batches; ++k) gemel_times.push_back(gemel_timer.mean(1));
  }
  const double plain_time = median(plain_times), gemel_time = median(gemel_times);
  std::printf("%-32s plain Eigen %8.1f us   Gemel %8.1f us   ratio %.3f\n", title, plain_time, gemel_time,
              gemel_time / plain_time);
}

}  // namespace

int main(int argc, char** argv) {
  const long threads = argc > 1 ? std::stol(argv[1]) : 1;
  compare("tutorial, 100 features, 32 pairs", 100, 128, 32, threads);
  compare("MNIST, 784 features, 128 pairs", 784, 128, 128, threads);
}
