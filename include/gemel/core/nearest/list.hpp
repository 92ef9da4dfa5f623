#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "gemel/core/types.hpp"

namespace gemel::detail {

/// A sample of the gallery and its distance from a query.
template <Scalar S>
struct Neighbour {
  S distance;
  Index sample;
  /// Whether `a` is nearer than `b`; of samples at the same distance, the one with the smaller number is nearer.
  friend bool operator<(const Neighbour& a, const Neighbour& b) {
    return a.distance < b.distance || (a.distance == b.distance && a.sample < b.sample);
  }
};

/// The k nearest of the samples that were entered, in any order. Samples at distances that are not finite are left out.
template <Scalar S>
class NearestList {
 public:
  /// An empty list for k >= 1 samples.
  explicit NearestList(Index k) : k_(static_cast<std::size_t>(k)) { heap_.reserve(k_); }

  void clear() {
    heap_.clear();
    bound_ = std::numeric_limits<S>::max();
  }

  /// A sample at a larger distance cannot enter. NaN and infinity are larger.
  S bound() const { return bound_; }

  void enter(Index sample, S distance) {
    if (!(distance <= bound_) || !std::isfinite(distance)) return;
    const Neighbour<S> entry{distance, sample};
    if (heap_.size() == k_) {
      if (!(entry < heap_.front())) return;
      std::pop_heap(heap_.begin(), heap_.end());
      heap_.back() = entry;
    } else {
      heap_.push_back(entry);
    }
    std::push_heap(heap_.begin(), heap_.end());
    if (heap_.size() == k_) bound_ = heap_.front().distance;
  }

  /// Enters all samples of another list.
  void enter(const NearestList& other) {
    for (const Neighbour<S>& entry : other.heap_) enter(entry.sample, entry.distance);
  }

  /// Whether k samples were entered.
  bool complete() const { return heap_.size() == k_; }

  /// The samples, nearest first. Then the list must be cleared before it is used again.
  const std::vector<Neighbour<S>>& sorted() {
    std::sort_heap(heap_.begin(), heap_.end());
    return heap_;
  }

 private:
  std::size_t k_;
  S bound_ = std::numeric_limits<S>::max();
  std::vector<Neighbour<S>> heap_ = {};  // the farthest is in front
};

}  // namespace gemel::detail
