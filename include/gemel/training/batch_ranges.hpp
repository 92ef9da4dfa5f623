#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "gemel/core/types.hpp"

namespace gemel::detail {

/// The largest absolute values in one member's part of a batch; NaN counts as larger than any other value. They tell
/// whether the batch is finite, and bound its gradient.
template <Scalar S>
struct BatchRanges {
  std::vector<S> max_abs_y = {};   ///< element 0: of the features; k + 1: of layer k's outputs
  std::vector<S> max_abs_dz = {};  ///< of each layer's deltas; 0 before the first trained layer
  S max_abs_parameter = 0;         ///< of the member's share of the parameters; set only if the weight decay needs it
};

/// The largest absolute values and the labels of all batches since the last reset, from which the warnings are derived.
template <Scalar S>
class EpochRanges {
 public:
  explicit EpochRanges(Index depth = 0) : max_abs_y_(static_cast<std::size_t>(depth) + 1) {}

  S max_abs_feature() const { return max_abs_y_.front(); }
  S max_abs_output(Index layer) const { return max_abs_y_[static_cast<std::size_t>(layer) + 1]; }
  S max_abs_distance() const { return max_abs_distance_; }
  /// Whether there was a pair with this label.
  bool has_label(bool similar) const { return labels_[similar]; }

  void reset() {
    std::fill(max_abs_y_.begin(), max_abs_y_.end(), S{0});
    max_abs_distance_ = 0;
    labels_ = {};
  }

  /// k is an index of BatchRanges::max_abs_y.
  void include_y(std::size_t k, S max_abs) { max_abs_y_[k] = std::max(max_abs_y_[k], max_abs); }
  void include_distance(S max_abs) { max_abs_distance_ = std::max(max_abs_distance_, max_abs); }
  void include_labels(std::span<const std::uint8_t> similar) {
    if (labels_[0] && labels_[1]) return;
    for (const std::uint8_t label : similar) labels_[label] = true;
  }

 private:
  std::vector<S> max_abs_y_;  // indexed as in BatchRanges
  S max_abs_distance_ = 0;
  std::array<bool, 2> labels_ = {};
};

}  // namespace gemel::detail
