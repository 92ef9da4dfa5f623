#pragma once

#include <cstdint>

#include "gemel/core/choice.hpp"
#include "gemel/core/stop.hpp"
#include "gemel/core/types.hpp"
#include "gemel/data/any_pair_source.hpp"
#include "gemel/data/augmented.hpp"
#include "gemel/data/image_warp.hpp"
#include "gemel/data/pair_source.hpp"

namespace train {

using gemel::Index;

/// The training pairs, of which the samples are augmented or not. A PairSource (data/pair_source.hpp).
class Source final : public gemel::Choice<gemel::AnyPairSource<float>,
                                          gemel::Augmented<gemel::AnyPairSource<float>, gemel::ImageWarp>> {
 public:
  using Choice::Choice;

  Index features() const {
    return visit([](const auto& source) { return source.features(); });
  }
  void start_epoch(std::uint64_t seed, Index epoch, Index batch_size, bool shuffle,
                   const gemel::StopFlag* stop = nullptr) {
    visit([&](auto& source) { source.start_epoch(seed, epoch, batch_size, shuffle, stop); });
  }
  Index batches() const {
    return visit([](const auto& source) { return source.batches(); });
  }
  void batch(Index k, gemel::Batch<float>& out) const {
    visit([&](const auto& source) { source.batch(k, out); });
  }
  const float* column(Index k, Index j, float* buffer) const {
    return visit([&](const auto& source) { return source.column(k, j, buffer); });
  }
};

}  // namespace train
