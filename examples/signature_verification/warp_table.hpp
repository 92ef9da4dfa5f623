#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <utility>

#include "gemel/core/types.hpp"
#include "sample.hpp"

namespace signature_verification {

/// The warped distances of pairs of samples, each computed when it is first asked for. A training asks for most of them
/// several times.
class WarpTable {
 public:
  /// Of these samples (features and channels x n), which must outlive the table.
  explicit WarpTable(const gemel::MatrixX<float>& samples) : samples_(&samples) {}

  const std::array<double, 3>& operator()(Index a, Index b) {
    if (a > b) std::swap(a, b);
    const auto key =
        static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(samples_->cols()) + static_cast<std::uint64_t>(b);
    const auto [place, is_new] = known_.try_emplace(key);
    if (is_new) place->second = warped_distances(channels_of(a), channels_of(b));
    return place->second;
  }

 private:
  const float* channels_of(Index i) const { return samples_->col(i).data() + samples_->rows() - curve_values; }

  const gemel::MatrixX<float>* samples_;
  std::unordered_map<std::uint64_t, std::array<double, 3>> known_;
};

}  // namespace signature_verification
