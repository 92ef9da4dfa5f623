// Is there a size for which Gemel's training step is slower than plain Eigen's? The program compares Gemel, compiled
// with the default Release flags, with plain Eigen, compiled with -march=native, for round and odd sizes, in float and
// double. It takes nine minutes on one core:
//
//   taskset -c 1 sweep [--quick] [TABLE.csv]
//
// With --quick, only some of the sizes are measured, which takes a minute. The table has one line per case. The
// summary, which is printed, has the median speed-up, the number of regressions (see is_regression), and the worst
// cases. Each case is timed in several passes over all cases. In each round of a pass both implementations run in turn,
// so that other load on the machine affects both. A time is the median over the rounds of each round's median step, and
// a speed-up is the median of the rounds' ratios.
//
// The batch sizes count pairs, so a batch has twice as many samples.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "step_timing.hpp"

namespace {

struct Case {
  bool in_double;
  long width, features, pairs;
  StepTimes times = {};

  void measure() {
    in_double ? times.measure<double>(features, width, pairs) : times.measure<float>(features, width, pairs);
  }
  double speed_up() const { return times.speed_up(); }
  /// Whether Gemel is more than 7 % slower than plain Eigen, or more than 15 % if a step takes less than 5 us.
  bool is_regression() const { return speed_up() * (times.plain_median() < 5 ? 1.15 : 1.07) < 1; }
  const char* scalar() const { return in_double ? "double" : "float"; }
};

void print(const Case& c) {
  std::printf("| %s | %ld | %ld | %ld | %.1f | %.1f | %.2f |\n", c.scalar(), c.width, c.features, c.pairs,
              c.times.plain_median(), c.times.gemel_median(), c.speed_up());
}

void write_table(const std::vector<Case>& cases, const std::string& path) {
  std::ofstream out(path);
  out << "scalar,width,features,pairs,plain_eigen_us,gemel_us,speed_up\n";
  for (const Case& c : cases) {
    out << c.scalar() << ',' << c.width << ',' << c.features << ',' << c.pairs << ',' << c.times.plain_median() << ','
        << c.times.gemel_median() << ',' << c.speed_up() << '\n';
  }
}

/// Sorts the cases by speed-up, the smallest first, and prints the summary.
void summarize(std::vector<Case>& cases) {
  std::ranges::sort(cases, {}, &Case::speed_up);
  const auto regressions = std::ranges::count_if(cases, &Case::is_regression);
  std::printf("%zu cases; median speed-up %.2f (bar: 1.3)\n", cases.size(), cases[cases.size() / 2].speed_up());
  std::printf("%td cases more than 7 %% slower than plain Eigen, or 15 %% if a step takes less than 5 us\n\n",
              regressions);
  std::printf("The cases that are slowest relative to plain Eigen; times in us:\n\n");
  std::printf("| scalar | width | features | pairs | plain Eigen | Gemel | speed-up |\n");
  std::printf("|---|--:|--:|--:|--:|--:|--:|\n");
  for (std::size_t i = 0; i < std::min<std::size_t>(30, cases.size()); ++i) print(cases[i]);
}

}  // namespace

int main(int argc, char** argv) {
  const bool quick = argc > 1 && std::strcmp(argv[1], "--quick") == 0;
  const std::vector<long> widths =
      quick ? std::vector<long>{8, 100, 1024} : std::vector<long>{8, 32, 100, 128, 256, 1024};
  const std::vector<long> inputs = quick ? std::vector<long>{33, 784} : std::vector<long>{2, 33, 100, 784, 4096};
  const std::vector<long> batches = quick ? std::vector<long>{1, 7, 32, 128} : std::vector<long>{1, 3, 7, 32, 128, 512};

  std::vector<Case> cases;
  for (const bool in_double : {false, true}) {
    for (const long width : widths) {
      for (const long features : inputs) {
        for (const long pairs : batches) cases.push_back({in_double, width, features, pairs});
      }
    }
  }
  const int passes = quick ? 3 : 5;
  for (int pass = 1; pass <= passes; ++pass) {
    std::fprintf(stderr, "pass %d of %d\n", pass, passes);
    for (Case& c : cases) c.measure();
  }
  const int first_path = quick ? 2 : 1;
  if (argc > first_path) write_table(cases, argv[first_path]);
  summarize(cases);
}
