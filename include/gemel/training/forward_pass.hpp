#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "gemel/core/choice.hpp"
#include "gemel/core/columns.hpp"
#include "gemel/core/reduce.hpp"
#include "gemel/data/pair_source.hpp"
#include "gemel/network/distance.hpp"
#include "gemel/network/layer.hpp"
#include "gemel/training/batch_memory.hpp"
#include "gemel/training/non_finite.hpp"

namespace gemel::detail {

/// The forward pass of one batch through a siamese model, whose network is a NetworkView: embeddings, distances, loss.
/// The members of a team call:
///
///   embed          every member, for its own samples
///   (barrier, unless BatchMemory::independent)
///   measure        every member, for its own pairs
///   (barrier)
///   evaluate_loss  one member
///
/// They are not inlined, so that a program compiles each once for training and evaluation.
template <class Net, class Metric>
class ForwardPass {
  using S = typename Net::Scalar;

 public:
  ForwardPass(const Net& network, const Metric& metric, BatchMemory<S>& memory)
      : network_(network), metric_(metric), memory_(memory) {}

  /// Embeds member t's samples; `batch` is the index of the batch in the source.
  template <class Source>
  [[gnu::noinline]] void embed(const Source& source, Index batch, Index t, bool training) const;

  /// Measures the distances of member t's pairs.
  [[gnu::noinline]] void measure(Index t) const;

  /// Returns the loss of the batch and sets its slopes. All distances must have been measured. Throws NonFiniteError if
  /// the features, the embeddings, the distances, the slopes or the loss are not finite.
  template <class LossType>
  [[gnu::noinline]] double evaluate_loss(const LossType& loss) const;

 private:
  const Net& network_;
  const Metric& metric_;
  BatchMemory<S>& memory_;
};

template <class Net, class Metric>
template <class Source>
void ForwardPass<Net, Metric>::embed(const Source& source, Index batch, Index t, bool training) const {
  auto& me = memory_.member(t);
  const Index first = me.samples.first, count = me.samples.size();
  std::vector<S>& max_abs_y = me.ranges.max_abs_y;
  std::fill(max_abs_y.begin(), max_abs_y.end(), S{0});
  visit_choice(source, [&](const auto& chosen) {
    for (Index j = first; j < me.samples.last; ++j) {
      memory_.x[j] = chosen.column(batch, j, memory_.filled.data() + j * memory_.features);
    }
  });
  ColumnList<S> x(memory_.x.data() + first, memory_.features, count);
  for (Index k = 0; k < network_.depth() && count > 0; ++k) {
    network_.visit_sized(k, [&]<class L>(const L& layer) {
      const auto p = memory_.parameters(network_, k, layer);
      const Columns<S> y(memory_.at(k).y.data() + first * layer.out(), layer.out(), count);
      const Pass pass{training, memory_.at(k).seed, memory_.step, memory_.columns.span(first, count)};
      S& largest_y = max_abs_y[static_cast<std::size_t>(k) + 1];
      if constexpr (MeasuringLayer<L, S>) {
        largest_y = layer.measured_forward(p, x, y, pass, k == 0 ? &max_abs_y.front() : nullptr);
      } else {
        if (k == 0) max_abs_y.front() = max_abs(memory_.x.data() + first, memory_.features, count);
        layer.forward(p, x, y, pass);
        largest_y = max_abs(y.data(), y.size());
      }
      x = ColumnList<S>(y);
    });
  }
}

template <class Net, class Metric>
void ForwardPass<Net, Metric>::measure(Index t) const {
  const Range range = memory_.member(t).pairs;
  const PairIndex* const pairs = memory_.batch.pairs.data() + range.first;
  const S* const* const embedding = memory_.embeddings.data();
  const auto columns_of = [=](Index i) { return std::pair(embedding[pairs[i].first], embedding[pairs[i].second]); };
  visit_choice(metric_, [&](const auto& metric) {
    measure_pairs(metric, network_.out(), range.size(), columns_of, memory_.d.data() + range.first);
  });
}

template <class Net, class Metric>
template <class LossType>
double ForwardPass<Net, Metric>::evaluate_loss(const LossType& loss) const {
  const Index m = memory_.pairs();
  for (const auto& member : memory_.team()) {
    for (std::size_t k = 0; k < member.ranges.max_abs_y.size(); ++k) {
      const S max_abs_y = member.ranges.max_abs_y[k];
      if (!std::isfinite(max_abs_y)) throw_non_finite_embedding(network_, memory_);
      memory_.epoch_ranges.include_y(k, max_abs_y);
    }
  }
  const S max_abs_distance = max_abs(memory_.d.data(), m);
  if (!std::isfinite(max_abs_distance)) throw_non_finite_distance(memory_);
  memory_.epoch_ranges.include_distance(max_abs_distance);
  const auto weight = std::span<const S>(memory_.batch.weight);
  std::fill_n(memory_.slope.data(), m, std::numeric_limits<S>::quiet_NaN());  // reveals unset slopes
  const double value = loss(std::span<const S>(memory_.d.span(0, m)),
                            std::span<const std::uint8_t>(memory_.batch.similar), weight, memory_.slope.span(0, m));
  if (!std::isfinite(value) || !std::isfinite(max_abs(memory_.slope.data(), m))) {
    throw_non_finite_loss(memory_, value);
  }
  return value;
}

}  // namespace gemel::detail
