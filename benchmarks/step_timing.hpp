#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <utility>
#include <vector>

#include "gemel_step.hpp"

inline double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// Runs one step after another, cycling through the batches.
class StepTimer {
 public:
  StepTimer(StepUnderTest& step, long batches) : step_(&step), batches_(batches) {}

  /// Microseconds per step: the mean of the next `steps` steps.
  double mean(long steps) {
    using Clock = std::chrono::steady_clock;
    const auto start = Clock::now();
    for (long i = 0; i < steps; ++i) step_->step(next_++ % batches_);
    return std::chrono::duration<double, std::micro>(Clock::now() - start).count() / static_cast<double>(steps);
  }

  /// Microseconds per step: the median of the next `steps` steps. One more step before them is not counted, because
  /// other code may have replaced its data in the caches. Other load on the machine affects single steps, not the
  /// median.
  double median(long steps) {
    const long together = mean(1) < 20 ? 5 : 1;  // reading the clock takes 30 ns
    std::vector<double> times;
    do {
      times.push_back(mean(together));
    } while ((steps -= together) > 0);
    return ::median(std::move(times));
  }

 private:
  StepUnderTest* step_;
  long batches_;
  long next_ = 0;
};

/// Microseconds per step of plain Eigen and of Gemel, on one thread and in turn: one time per round.
struct StepTimes {
  std::vector<double> plain = {}, gemel = {};

  double plain_median() const { return median(plain); }
  double gemel_median() const { return median(gemel); }
  double speed_up() const {
    std::vector<double> ratios;
    for (std::size_t i = 0; i < plain.size(); ++i) ratios.push_back(plain[i] / gemel[i]);
    return median(std::move(ratios));
  }

  /// Appends three rounds, beginning with new parameters. The rounds have at most 450 steps in total, because after
  /// about 900 steps plain Eigen's optimizer reaches denormal numbers, which slow it down.
  template <class S>
  void measure(long features, long width, long pairs) {
    constexpr long rounds = 3;
    constexpr double budget = 120'000;  // us
    const long batches = std::clamp(4'000'000 / (features * 2 * pairs), 2L, 40L);
    const auto data = random_batches<S>(features, width, pairs, batches);
    const auto plain_eigen = make_plain_eigen(data);
    GemelStep<S> gemel_step(data);
    StepTimer plain_timer(*plain_eigen, batches), gemel_timer(gemel_step, batches);
    plain_timer.mean(1), gemel_timer.mean(1);  // the first steps allocate
    const double both = plain_timer.mean(1) + gemel_timer.mean(1);
    const long steps = std::clamp(static_cast<long>(budget / (rounds * both)), 1L, 140L);
    for (long round = 0; round < rounds; ++round) {
      plain.push_back(plain_timer.median(steps));
      gemel.push_back(gemel_timer.median(steps));
    }
  }
};
