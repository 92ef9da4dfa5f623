#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "gemel/core/buffer.hpp"
#include "gemel/core/choice.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/reduce.hpp"
#include "gemel/core/team.hpp"
#include "gemel/network/layer.hpp"
#include "gemel/optimizer/clipping.hpp"
#include "gemel/optimizer/optimizer.hpp"
#include "gemel/training/batch_memory.hpp"

namespace gemel {

/// From a batch's activations and deltas to new parameters: each member of a team computes the gradient of its own
/// blocks of parameters over the whole batch, and steps the optimizer on a block while it is in cache.
///
/// Where bounds prove that no gradient g and no g^2, a penalty included, overflows, that is all (`update` each). Else,
/// and for clipping, the whole gradient comes first (`compute_gradient` each), is checked and clipped
/// (`finish_gradient` once, between barriers), and then the parameters are stepped.
template <class Net, class OptimizerType>
class ParameterUpdate {
  using S = typename Net::Scalar;

 public:
  [[gnu::cold]] ParameterUpdate(Net& network, OptimizerType& optimizer, BatchMemory<S>& memory)
      : network_(&network), optimizer_(&optimizer), memory_(&memory) {
    for (Index k = 0; k < network.depth(); ++k) {
      network.visit(k, [&](const auto& layer) {
        for (const auto size : layer.variables()) variables_.push_back(size);
        grain_ = std::max<Index>(grain_, layer.grain());
      });
    }
    optimizer_->reserve(network.parameter_count());
    gradient_.reserve(network.parameter_count());  // not touched, so that it takes memory only where it is needed
  }

  /// Room for a team of so many.
  [[gnu::cold]] void make_room(Index members) {
    blocks_.assign(static_cast<std::size_t>(members), {});
    for (Buffer<S>& block : blocks_) block.resize(grain_ * block_units);
    max_abs_.assign(static_cast<std::size_t>(members), S{0});
  }

  /// Looks at the member's share of the parameters, where the optimizer adds of them to the gradient before it squares.
  void measure_parameters(Index t, Index members) {
    if (penalty() == 0) return;
    const Index n = network_->parameter_count(), first = detail::share(n, t, members);
    const S* const parameters = network_->parameters().data();
    max_abs_[static_cast<std::size_t>(t)] = max_abs(parameters + first, detail::share(n, t + 1, members) - first);
  }

  /// Once all parameters are measured: prepares the update by a team of so many, given functions k -> the largest |x|
  /// and |dz| of layer k, and advances the optimizer unless the whole gradient is needed first.
  template <class PeakInput, class PeakDelta>
  void plan(Index members, const PeakInput& max_abs_input, const PeakDelta& max_abs_delta) {
    team_size_ = members;
    clipping_ = optimizer_->clipping();
    whole_gradient_ = clipping_.any();
    if (clipping_.any()) clipping_.template check<S>();
    penalty_ = 0;
    for (Index t = 0; t < members && penalty() > 0; ++t) {
      penalty_ = std::max(penalty_, penalty() * static_cast<double>(max_abs_[static_cast<std::size_t>(t)]));
    }
    for (Index k = 0; k < network_->depth(); ++k) {
      network_->visit(k, [&](const auto& layer) {
        double bound = std::numeric_limits<double>::infinity();
        if constexpr (BoundingLayer<std::remove_cvref_t<decltype(layer)>>) {
          bound = layer.gradient_bound(max_abs_input(k), max_abs_delta(k), memory_->active);
        } else if (layer.parameter_count() == 0) {
          bound = 0;
        }
        if (!square_fits(bound + penalty_)) whole_gradient_ = true;
      });
    }
    if (whole_gradient_) {
      reserve_gradient(members);
    } else {
      begin_update();
    }
  }
  bool needs_whole_gradient() const { return whole_gradient_; }

  /// Makes use of the room for the whole gradient.
  void reserve_gradient(Index members) {
    team_size_ = members;
    if (gradient_.size() != network_->parameter_count()) gradient_.resize(network_->parameter_count());
  }
  std::span<const S> gradient() const { return gradient_.span(); }

  /// The gradient of the member's parameters.
  void compute_gradient(Index t) {
    for_each_block(t, block_units, [&](const auto& layer, Index k, Index first, Index count) {
      compute_gradient(layer, k, first, gradient_.span(network_->offset(k) + first, count));
    });
  }

  /// Checks and clips the whole gradient. Throws NonFiniteError where it overflows, or what is left of it would when
  /// an optimizer squares it: infinite averages never come back.
  [[gnu::cold]] void finish_gradient(const Place& place) {
    if (!std::isfinite(max_abs(gradient_.data(), gradient_.size()))) {
      throw NonFiniteError("the gradient overflows; lower the learning rate or the loss's weights", place);
    }
    clip(clipping_, gradient_.span(), variables_);
    const double largest = max_abs(gradient_.data(), gradient_.size());
    if (!square_fits(largest)) {
      throw NonFiniteError({"the gradient, as large as ", largest,
                            ", overflows when it is squared; scale the features, or lower the loss's weights"},
                           place);
    }
    if (!square_fits(largest + penalty_)) {
      throw NonFiniteError({"weight_decay times the parameters, as large as ", penalty_,
                            ", is added to the gradient and overflows when it is squared; lower weight_decay"},
                           place);
    }
    begin_update();
  }

  /// Steps the member's parameters.
  void update(Index t) {
    const auto interleaved = [&](auto& optimizer) { return update_interleaved(t, optimizer); };
    if (!whole_gradient_ && detail::visit_choice(*optimizer_, interleaved)) return;
    for_each_block(t, block_units, [&](const auto& layer, Index k, Index first, Index count) {
      update_block(layer, t, k, first, count);
    });
  }

 private:
  // A thread takes parameters in multiples of `share_units` grains, and computes block_units of them at once: multiples
  // of every tile's columns, few enough for the cache.
  static constexpr Index share_units = 12;
  static constexpr Index block_units = 96;
  // Of more deltas, 1 MB, or inputs, 8 MB, than caches hold, the gradient is better computed in blocks.
  static constexpr Index most_deltas = (Index{1} << 20) / static_cast<Index>(sizeof(S));
  static constexpr Index most_inputs = (Index{1} << 23) / static_cast<Index>(sizeof(S));

  double penalty() const { return detail::penalty_of(*optimizer_); }
  /// Within a quarter of the range, for the rounding of sums.
  static bool square_fits(double g) { return g * g < static_cast<double>(std::numeric_limits<S>::max()) / 4; }

  void begin_update() {
    parameters_ = network_->mutable_parameters();
    optimizer_->reserve(network_->parameter_count());  // a callback may have put another in its place
    optimizer_->advance();
  }

  /// f(layer, k, first, count) for the member's blocks of parameters, counted within their layer; of `units_at_once`
  /// grains at most.
  template <class F>
  void for_each_block(Index t, Index units_at_once, F&& f) {
    for (Index k = network_->depth() - 1; k >= 0; --k) {
      network_->visit(k, [&](const auto& layer) {
        const Index grain = layer.grain(), units = layer.parameter_count() / grain;
        const Index shares = (units + share_units - 1) / share_units;
        const Index begin = detail::share(shares, t, team_size_) * share_units;
        const Index end = std::min(units, detail::share(shares, t + 1, team_size_) * share_units);
        for (Index unit = begin; unit < end; unit += units_at_once) {
          f(layer, k, unit * grain, std::min(units_at_once, end - unit) * grain);
        }
      });
    }
  }

  template <class L>
  void compute_gradient(const L& layer, Index k, Index first, std::span<S> g) {
    std::fill(g.begin(), g.end(), S{0});
    layer.add_gradient(memory_->active_inputs(k, 0, memory_->active), memory_->active_dz(k), first, g);
  }

  /// Each layer's share at once, where the layer can. Does nothing, and returns false, where the optimizer cannot.
  template <class O>
  bool update_interleaved(Index t, O& optimizer) {
    if constexpr (InterleavingOptimizer<O, S>) {
      if (!optimizer.interleaves()) return false;
      constexpr Index all = std::numeric_limits<Index>::max() / 2;
      for_each_block(t, all, [&](const auto& layer, Index k, Index first, Index count) {
        using L = std::remove_cvref_t<decltype(layer)>;
        const Index flat = network_->offset(k) + first;
        const auto block = optimizer.block(flat, nullptr, block_parameters(flat, count));
        if constexpr (InterleavingLayer<L, S, decltype(block)>) {
          if (layer.out() * memory_->active <= most_deltas && layer.in() * memory_->active <= most_inputs) {
            return layer.fused_update(memory_->active_inputs(k, 0, memory_->active), memory_->active_dz(k), first,
                                      block);
          }
        }
        for (Index part = 0; part < count; part += block_units * layer.grain()) {
          update_block(layer, t, k, first + part, std::min(block_units * layer.grain(), count - part));
        }
      });
      return true;
    } else {
      return false;
    }
  }

  template <class L>
  void update_block(const L& layer, Index t, Index k, Index first, Index count) {
    const Index flat = network_->offset(k) + first;
    std::span<S> g;
    if (whole_gradient_) {
      g = gradient_.span(flat, count);
    } else {
      g = blocks_[static_cast<std::size_t>(t)].span(0, count);
      compute_gradient(layer, k, first, g);
    }
    optimizer_->update(flat, std::span<const S>(g), block_parameters(flat, count));
  }

  std::span<S> block_parameters(Index flat, Index count) const {
    return parameters_.subspan(static_cast<std::size_t>(flat), static_cast<std::size_t>(count));
  }

  Net* network_;
  OptimizerType* optimizer_;
  BatchMemory<S>* memory_;
  Clipping clipping_ = {};
  std::vector<Index> variables_ = {};   // sizes, in the order of the flat vector
  Index grain_ = 1;                     // the largest
  std::vector<Buffer<S>> blocks_ = {};  // the gradient of a block, a member each
  std::vector<S> max_abs_ = {};         // the largest |parameter| of a member's share
  double penalty_ = 0;                  // the most that is added to an element of the gradient
  Index team_size_ = 1;
  std::span<S> parameters_ = {};
  Buffer<S> gradient_ = {};
  bool whole_gradient_ = false;
};

}  // namespace gemel
