#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "gemel/core/choice.hpp"
#include "gemel/core/saved_state.hpp"
#include "gemel/core/stop.hpp"
#include "gemel/core/types.hpp"
#include "gemel/data/class_batches.hpp"
#include "gemel/data/in_batch_pairs.hpp"
#include "gemel/data/pair_sampler.hpp"
#include "gemel/data/pair_source.hpp"
#include "gemel/data/pairs.hpp"

namespace gemel {

/// One of the library's pair sources (Pairs, PairSampler, InBatchPairs, ClassBatches), chosen at run time:
/// `AnyPairSource<float> source = PairSampler<float>{…}`. It models PairSource, so `fit` is compiled once for all
/// three. It cannot hold a source of your own; pass yours to `fit` directly.
template <Scalar S>
class AnyPairSource final : public Choice<Pairs<S>, PairSampler<S>, InBatchPairs<S>, ClassBatches<S>> {
  using Base = Choice<Pairs<S>, PairSampler<S>, InBatchPairs<S>, ClassBatches<S>>;

 public:
  using Base::Base;

  /// @{
  /// Required by the PairSource concept (data/pair_source.hpp).
  Index features() const {
    return this->visit([](const auto& source) { return source.features(); });
  }
  void start_epoch(std::uint64_t seed, Index epoch, Index batch_size, bool shuffle, const StopFlag* stop = nullptr) {
    this->visit([&](auto& source) { detail::start_epoch(source, seed, epoch, batch_size, shuffle, stop); });
  }
  Index batches() const {
    return this->visit([](const auto& source) { return source.batches(); });
  }
  void batch(Index k, Batch<S>& out) const {
    this->visit([&](const auto& source) { source.batch(k, out); });
  }
  const S* column(Index k, Index j, S* buffer) const {
    return this->visit([&](const auto& source) { return source.column(k, j, buffer); });
  }
  std::vector<double> save() const {
    return this->visit([](const auto& source) { return detail::saved_state(source); });
  }
  void restore(std::span<const double> saved) {
    this->visit([saved](auto& source) { detail::restore_state(source, saved, "pair source"); });
  }
  /// @}
};

}  // namespace gemel
