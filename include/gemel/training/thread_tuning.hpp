#pragma once

#include <algorithm>
#include <chrono>
#include <limits>
#include <vector>

#include "gemel/core/team.hpp"
#include "gemel/core/types.hpp"

namespace gemel::detail {

/// Finds the number of threads that makes a training step fastest. It times the first steps of a training with 1, 2, 4,
/// … threads, up to `limit`, by default the number of usable processors. Since no result depends on the number of
/// threads, these are ordinary steps. A larger number is chosen only if it is faster by five percent, since threads on
/// cores without a common cache can slow a small step down.
class ThreadTuning {
 public:
  [[gnu::cold]] explicit ThreadTuning(Index limit = checked_threads(0)) {
    limit = std::clamp<Index>(limit, 1, max_threads);
    for (Index count = 1; count < limit; count *= 2) candidates_.push_back({count});
    candidates_.push_back({limit});
  }

  /// Whether all numbers of threads have been tried.
  bool done() const { return next_ == candidates_.size(); }
  /// Number of threads for the next step.
  Index threads() const { return done() ? best_ : candidates_[next_].threads; }
  /// The largest number of threads that is tried.
  Index limit() const { return candidates_.back().threads; }

  /// Records the duration of a step with threads().
  void record(std::chrono::steady_clock::duration time) {
    if (done()) return;
    Candidate& candidate = candidates_[next_];
    candidate.fastest = std::min(candidate.fastest, std::chrono::duration<double>(time).count());
    if (++candidate.steps < steps_per_candidate) return;
    if (candidate.fastest < 0.95 * fastest_) {
      fastest_ = candidate.fastest;
      best_ = candidate.threads;
    }
    ++next_;
  }

 private:
  static constexpr int steps_per_candidate = 6;

  struct Candidate {
    Index threads;
    int steps = 0;
    double fastest = std::numeric_limits<double>::infinity();  // seconds
  };

  std::vector<Candidate> candidates_ = {};
  std::size_t next_ = 0;
  Index best_ = 1;
  double fastest_ = std::numeric_limits<double>::infinity();
};

}  // namespace gemel::detail
