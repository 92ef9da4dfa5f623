#pragma once

#include <algorithm>
#include <chrono>
#include <limits>
#include <vector>

#include "gemel/core/team.hpp"
#include "gemel/core/types.hpp"

namespace gemel {

/// Finds the number of threads that makes a training step fastest, by timing the first steps with 1, 2, 4, … threads up
/// to the machine's (or max_threads). No result depends on it, so the steps that it times are steps like any other.
/// More threads must win by five percent: cores that share no cache can make a small step slower.
class ThreadTuning {
 public:
  [[gnu::cold]] explicit ThreadTuning(Index most = checked_threads(0)) {
    most = std::min(most, max_threads);
    for (Index count = 1; count < most; count *= 2) candidates_.push_back({count});
    candidates_.push_back({std::max<Index>(most, 1)});
  }

  bool done() const { return next_ == candidates_.size(); }
  /// With how many threads the next step is to run.
  Index threads() const { return done() ? best_ : candidates_[next_].threads; }
  Index most() const { return candidates_.back().threads; }

  /// Tells how long a step with threads() took.
  void took(std::chrono::steady_clock::duration time) {
    if (done()) return;
    Candidate& candidate = candidates_[next_];
    candidate.fastest = std::min(candidate.fastest, std::chrono::duration<double>(time).count());
    if (++candidate.steps < steps_each) return;
    if (candidate.fastest < 0.95 * fastest_) {
      fastest_ = candidate.fastest;
      best_ = candidate.threads;
    }
    ++next_;
  }

 private:
  static constexpr int steps_each = 6;

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

}  // namespace gemel
