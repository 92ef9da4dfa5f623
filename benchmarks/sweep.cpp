// Is there a size at which Gemel's training step is slower than plain Eigen's? Compares Gemel, compiled with the
// default Release flags, and plain Eigen, compiled with -march=native, over round and odd sizes, in float and double.
// It takes nine minutes on one core:
//
//   taskset -c 1 sweep [--quick] [TABLE.csv]
//
// --quick takes only some of the sizes, and a minute. The table has one line per case. The printed summary has the
// median speed-up, the number of cases beyond the bars, and the worst cases. Each case is timed in several passes over
// all cases, in rounds of both implementations in turn, so that other load on the machine affects both. A time is the
// median of the rounds' medians of single steps, and a speed-up is the median of the rounds' quotients.
//
// The batch sizes count pairs, so that a batch has twice as many samples.
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
  /// Whether the speed-up is below the smallest one that is not yet a regression.
  bool beyond_bar() const { return speed_up() * (times.plain_median() < 5 ? 1.15 : 1.07) < 1; }
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

/// Sorts the cases, those slowest relative to plain Eigen first, and prints the summary.
void summarize(std::vector<Case>& cases) {
  std::ranges::sort(cases, {}, &Case::speed_up);
  const auto beyond = std::ranges::count_if(cases, &Case::beyond_bar);
  std::printf("%zu cases; median speed-up %.2f (bar: 1.3)\n", cases.size(), cases[cases.size() / 2].speed_up());
  std::printf("%td beyond the bar: more than 7 %% slower than plain Eigen, or 15 %% where a step takes under 5 us\n\n",
              beyond);
  std::printf("The slowest against plain Eigen; times in us:\n\n");
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
