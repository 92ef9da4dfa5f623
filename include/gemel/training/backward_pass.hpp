#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "gemel/core/choice.hpp"
#include "gemel/core/columns.hpp"
#include "gemel/core/kernel.hpp"
#include "gemel/core/reduce.hpp"
#include "gemel/data/pair_source.hpp"
#include "gemel/network/distance.hpp"
#include "gemel/network/layer.hpp"
#include "gemel/training/batch_memory.hpp"
#include "gemel/training/non_finite.hpp"

namespace gemel::detail {

/// The backward pass of one batch through a siamese model, whose network is a NetworkView, from the slopes of the
/// distances to the deltas of the first layer that has parameters. The deltas of a layer are first dLoss/dy of its
/// outputs y, then dLoss/dz, where z is what its activation takes. The members of a team call:
///
///   run            every member, for its own samples
///   (barrier)
///   gather_active  one member
template <class Net, class Metric>
class BackwardPass {
  using S = typename Net::Scalar;
  using Member = typename BatchMemory<S>::Member;

 public:
  BackwardPass(const Net& network, const Metric& metric, BatchMemory<S>& memory)
      : network_(network), metric_(metric), memory_(memory) {}

  /// Computes the deltas of member t's samples; with `skip_inactive`, only those of samples in a pair whose slope is
  /// not 0.
  [[gnu::noinline]] void run(Index t, bool skip_inactive) const;

  /// Joins the active samples of all members in one list. Throws NonFiniteError if a delta is not finite.
  [[gnu::noinline]] void gather_active() const;

 private:
  static constexpr Index pairs_at_once = 64;

  PairIndex pair(Index p) const { return memory_.batch.pairs[static_cast<std::size_t>(p)]; }

  ConstColumn<S> embedding(Index sample) const { return {memory_.embeddings[sample], network_.out()}; }

  /// Sets the position of each of the member's samples to 0 if it is in a pair whose slope is not 0, else to -1.
  void mark_active(const Member& me) const {
    std::fill(memory_.position.data() + me.samples.first, memory_.position.data() + me.samples.last, -1);
    Index inactive = me.samples.size();
    const auto mark = [&](Index sample) {
      if (!me.owns(sample) || memory_.position[sample] == 0) return;
      memory_.position[sample] = 0;
      --inactive;
    };
    for (Index p = me.reached.first; p < me.reached.last && inactive > 0; ++p) {
      if (memory_.slope[p] == 0) continue;
      mark(pair(p).first);
      mark(pair(p).second);
    }
  }

  /// Computes dy of the last layer, or its dz if that is simple. Returns whether it is dz.
  template <class M>
  bool start(const M& metric, Member& me) const {
    if constexpr (DifferenceDistance<M, S>) {
      if (memory_.independent && memory_.layers.back().delta_rule != DeltaRule::Computed) {
        set_distance_gradients(metric, me);
        return true;
      }
    }
    point_deltas(me);
    add_distance_gradients(metric, me);
    return false;
  }

  /// Sets dz of the last layer for the member's active samples, each of which is in one pair only.
  template <class M>
  void set_distance_gradients(const M& metric, Member& me) const {
    auto& last = memory_.layers.back();
    S& largest = me.ranges.max_abs_dz.back();
    const S *a[pairs_at_once], *b[pairs_at_once];
    S *da[pairs_at_once], *db[pairs_at_once];
    S coefficients[pairs_at_once];
    for (Index p = me.reached.first; p < me.reached.last;) {
      Index count = 0;
      for (; p < me.reached.last && count < pairs_at_once; ++p) {
        const auto [first, second] = pair(p);
        if (memory_.position[first] < 0) continue;
        a[count] = memory_.embeddings[first];
        b[count] = memory_.embeddings[second];
        da[count] = last.dy.data() + memory_.position[first] * last.out;
        db[count] = last.dy.data() + memory_.position[second] * last.out;
        const S slope = memory_.slope[p];
        coefficients[count++] = slope == 0 ? S{0} : metric.coefficient(memory_.d[p], slope);
      }
      largest = larger(largest, kernel::kernels<S>().set_differences({last.out, count, a, b, coefficients, da, db,
                                                                      last.delta_rule == DeltaRule::Masked}));
    }
  }

  /// Sets dLoss/dembedding of the member's active samples to 0, and points `deltas` to it. The pointers of all other
  /// samples lead to `discarded`, a column whose content is not used.
  void point_deltas(Member& me) const {
    const Index out = network_.out();
    S* const dy = memory_.layers.back().dy.data();
    std::fill_n(dy + me.samples.first * out, me.active * out, S{0});
    std::fill_n(me.deltas.data(), memory_.samples(), me.discarded.data());
    for (Index j = me.samples.first; j < me.samples.last; ++j) {
      if (memory_.position[j] >= 0) me.deltas[j] = dy + memory_.position[j] * out;
    }
  }

  /// Adds the gradient of each pair's distance to the deltas of the member's samples.
  template <class M>
  void add_distance_gradients(const M& metric, Member& me) const {
    const Index out = network_.out();
    for (Index p = me.reached.first; p < me.reached.last; ++p) {
      const auto [first, second] = pair(p);
      if (memory_.slope[p] == 0 || !(me.owns(first) || me.owns(second))) continue;
      metric.add_gradient(embedding(first), embedding(second), memory_.d[p], memory_.slope[p],
                          Column<S>(me.deltas[first], out), Column<S>(me.deltas[second], out));
    }
  }
  template <class M>
  requires DifferenceDistance<M, S>
  void add_distance_gradients(const M& metric, Member& me) const {
    // Local copies: the compiler would read the members again for each pair.
    const PairIndex* const pairs = memory_.batch.pairs.data();
    const S* const* const embedding = memory_.embeddings.data();
    const S* const d = memory_.d.data();
    const S* const slope = memory_.slope.data();
    S* const* const delta = me.deltas.data();
    const S* const discarded = me.discarded.data();
    const S* seconds[pairs_at_once];
    S* deltas[pairs_at_once];
    S coefficients[pairs_at_once];
    const Index end = me.reached.last;
    for (Index p = me.reached.first; p < end;) {
      const Index first = pairs[p].first, last = std::min(end, p + pairs_at_once);
      const bool first_is_mine = delta[first] != discarded;
      Index count = 0;
      for (; p < last && pairs[p].first == first; ++p) {
        const Index second = pairs[p].second;
        if (slope[p] == 0 || !(first_is_mine || delta[second] != discarded)) continue;
        seconds[count] = embedding[second];
        deltas[count] = delta[second];
        coefficients[count++] = metric.coefficient(d[p], slope[p]);
      }
      if (count == 0) continue;
      kernel::kernels<S>().add_differences(
          {network_.out(), count, embedding[first], seconds, coefficients, delta[first], deltas});
    }
  }

  /// Turns the member's dy of layer k into dz, unless it is dz, and computes dx if a layer before it is trained too.
  /// Returns whether dx is the dz of that layer.
  template <class L>
  bool run_layer(const L& layer, Index k, Member& me, [[maybe_unused]] bool has_dz) const {
    const Index first = me.samples.first;
    const auto columns = [&](Index q) {
      auto& memory = memory_.at(q);
      return Columns<S>(memory.dy.data() + first * memory.out, memory.out, me.active);
    };
    const bool is_first = k == memory_.first_trained;
    const Columns<S> dy = columns(k);
    const auto p = memory_.parameters(network_, k, layer);
    const ColumnList<S> y = memory_.active_outputs(k, first, me.active);
    std::vector<S>& max_abs_dz = me.ranges.max_abs_dz;
    if constexpr (MeasuringLayer<L, S>) {
      if (!has_dz) {
        layer.to_dz(y, dy);
        max_abs_dz[static_cast<std::size_t>(k)] = max_abs(dy.data(), dy.size());
      }
      if (is_first) return false;
      const DeltaRule rule = memory_.at(k - 1).delta_rule;
      const S* const* keep =
          rule == DeltaRule::Masked ? memory_.active_outputs(k - 1, first, me.active).pointers() : nullptr;
      const S largest_dx = layer.measured_backward(p, ColumnList<S>(dy), keep, columns(k - 1));
      if (rule == DeltaRule::Computed) return false;
      max_abs_dz[static_cast<std::size_t>(k) - 1] = largest_dx;
      return true;
    } else {
      const Columns<S> dx = is_first ? Columns<S>(nullptr, layer.in(), 0) : columns(k - 1);
      layer.backward(p, memory_.active_inputs(k, first, me.active), y, dy, dx,
                     Pass{true, memory_.at(k).seed, memory_.step, memory_.active_columns.span(first, me.active)});
      max_abs_dz[static_cast<std::size_t>(k)] = max_abs(dy.data(), dy.size());
      return false;
    }
  }

  const Net& network_;
  const Metric& metric_;
  BatchMemory<S>& memory_;
};

template <class Net, class Metric>
void BackwardPass<Net, Metric>::run(Index t, bool skip_inactive) const {
  Member& me = memory_.member(t);
  std::vector<S>& max_abs_dz = me.ranges.max_abs_dz;
  std::fill(max_abs_dz.begin(), max_abs_dz.end(), S{0});
  if (skip_inactive) {
    mark_active(me);
  } else {
    std::fill(memory_.position.data() + me.samples.first, memory_.position.data() + me.samples.last, 0);
  }
  me.active = memory_.keep_active(me.samples);
  if (me.active == 0 || memory_.first_trained == network_.depth()) return;

  bool has_dz = visit_choice(metric_, [&](const auto& metric) { return start(metric, me); });
  for (Index k = network_.depth() - 1; k >= memory_.first_trained; --k) {
    network_.visit_sized(k, [&](const auto& layer) { has_dz = run_layer(layer, k, me, has_dz); });
  }
}

template <class Net, class Metric>
void BackwardPass<Net, Metric>::gather_active() const {
  memory_.active = 0;
  for (const Member& member : memory_.team()) {
    memory_.append_active(member.samples.first, member.active);
    const std::vector<S>& max_abs_dz = member.ranges.max_abs_dz;
    for (Index k = length(max_abs_dz) - 1; k >= 0; --k) {  // in the order of the backward pass
      if (!std::isfinite(max_abs_dz[static_cast<std::size_t>(k)])) throw_non_finite_delta(memory_, k);
    }
  }
}

}  // namespace gemel::detail
