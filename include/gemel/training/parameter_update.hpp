#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <type_traits>
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

namespace gemel::detail {

/// Computes the gradient of the parameters of a NetworkView from a batch's activations and deltas, and updates them.
/// Each member of a team owns blocks of parameters: it computes a block's gradient over the whole batch and updates the
/// block while its gradient is in cache. The members call, with barriers between:
///
///   measure_parameters  every member
///   plan                one member
///   compute_gradient    every member, only if needs_whole_gradient()
///   finish_gradient     one member, only if needs_whole_gradient()
///   update              every member
///
/// The whole gradient is computed before any update if it must be clipped, or if the bounds do not prove that every
/// element g of the gradient and g^2 (with the penalty added to g) are finite.
template <class Net, class OptimizerType>
class ParameterUpdate {
  using S = typename Net::Scalar;
  using Memory = BatchMemory<S>;

 public:
  [[gnu::cold]] ParameterUpdate(const Net& network, OptimizerType& optimizer);

  /// Allocates what a team of `count` members needs.
  [[gnu::cold]] void make_members(Index count);

  /// Finds the largest absolute value of member t's share of the parameters. It is needed only if the optimizer has a
  /// penalty: it then adds a multiple of the parameters to the gradient before it squares the sum.
  [[gnu::noinline]] void measure_parameters(Memory& memory, Index t) const;

  /// Decides from the batch's largest values whether the whole gradient is needed first. If not, prepares the optimizer
  /// for the update.
  [[gnu::noinline]] void plan(const Memory& memory);
  bool needs_whole_gradient() const { return whole_gradient_; }

  /// Allocates the buffer of the whole gradient.
  void make_gradient() {
    if (gradient_.size() != network_->parameter_count()) gradient_.resize(network_->parameter_count());
  }
  std::span<const S> gradient() const { return gradient_.span(); }

  /// Computes the gradient of member t's parameters.
  [[gnu::noinline]] void compute_gradient(const Memory& memory, Index t);

  /// Checks and clips the whole gradient, and prepares the optimizer for the update. Throws NonFiniteError if the
  /// gradient overflows, or if its square would, with or without the penalty: once a moving average of squares is
  /// infinite, it stays so.
  [[gnu::cold]] void finish_gradient(const Place& place);

  /// Updates member t's parameters.
  [[gnu::noinline]] void update(const Memory& memory, Index t);

 private:
  // A layer divides its parameters into grains. A member owns multiples of `share_units` grains and computes
  // `block_units` grains at a time. Both are multiples of the columns of a tile of the AVX and the portable kernels (6
  // and 4), and a block fits into the cache.
  static constexpr Index share_units = 12;
  static constexpr Index block_units = 96;
  // The largest sizes, in elements, of a layer's deltas (1 MB) and inputs (8 MB) that stay in the caches. For larger
  // ones, computing the gradient in blocks is faster than the fused update.
  static constexpr Index max_deltas = (Index{1} << 20) / static_cast<Index>(sizeof(S));
  static constexpr Index max_inputs = (Index{1} << 23) / static_cast<Index>(sizeof(S));

  double penalty() const { return penalty_of(*optimizer_); }
  /// Whether g^2 is finite, with a factor of 4 to spare for the rounding of sums.
  static bool square_fits(double g) { return g * g < static_cast<double>(std::numeric_limits<S>::max()) / 4; }

  void begin_update() {
    parameters_ = network_->mutable_parameters();
    optimizer_->reserve(network_->parameter_count());  // a callback may have replaced the optimizer
    optimizer_->advance();
  }

  /// Calls f(layer, k, first, count) for each of the member's blocks, which has `count` parameters of layer k from
  /// `first` on, and at most `units_at_once` grains.
  template <class F>
  void for_each_block(const Memory& memory, Index t, Index units_at_once, F&& f) {
    for (Index k = network_->depth() - 1; k >= 0; --k) {
      network_->visit_sized(k, [&](const auto& layer) {
        const Index grain = layer.grain(), units = layer.parameter_count() / grain;
        const Index shares = (units + share_units - 1) / share_units;
        const Range mine = share(shares, t, memory.team_size);
        const Index end = std::min(units, mine.last * share_units);
        for (Index unit = mine.first * share_units; unit < end; unit += units_at_once) {
          f(layer, k, unit * grain, std::min(units_at_once, end - unit) * grain);
        }
      });
    }
  }

  template <class L>
  void compute_gradient(const Memory& memory, const L& layer, Index k, Index first, std::span<S> g) {
    std::fill(g.begin(), g.end(), S{0});
    layer.add_gradient(memory.active_inputs(k, 0, memory.active), memory.active_dz(k), first, g);
  }

  /// Updates the parameters while the gradient is computed, in each layer that supports it; other layers are updated
  /// block by block. Does nothing and returns false if the optimizer does not support it.
  template <class O>
  bool update_interleaved(const Memory& memory, Index t, O& optimizer) {
    if constexpr (InterleavingOptimizer<O, S>) {
      if (!optimizer.interleaves()) return false;
      constexpr Index all = std::numeric_limits<Index>::max() / 2;
      for_each_block(memory, t, all, [&](const auto& layer, Index k, Index first, Index count) {
        using L = std::remove_cvref_t<decltype(layer)>;
        const Index flat = network_->offset(k) + first;
        auto block = optimizer.block(flat, nullptr, block_parameters(flat, count));
        if constexpr (requires { block.scratch; }) block.scratch = scratch_[static_cast<std::size_t>(t)].data();
        if constexpr (InterleavingLayer<L, S, decltype(block)>) {
          if (layer.out() * memory.active <= max_deltas && layer.in() * memory.active <= max_inputs) {
            return layer.fused_update(memory.active_inputs(k, 0, memory.active), memory.active_dz(k), first, block);
          }
        }
        for (Index part = 0; part < count; part += block_units * layer.grain()) {
          update_block(memory, layer, t, k, first + part, std::min(block_units * layer.grain(), count - part));
        }
      });
      return true;
    } else {
      return false;
    }
  }

  template <class L>
  void update_block(const Memory& memory, const L& layer, Index t, Index k, Index first, Index count) {
    const Index flat = network_->offset(k) + first;
    std::span<S> g;
    if (whole_gradient_) {
      g = gradient_.span(flat, count);
    } else {
      g = blocks_[static_cast<std::size_t>(t)].span(0, count);
      compute_gradient(memory, layer, k, first, g);
    }
    optimizer_->update(flat, std::span<const S>(g), block_parameters(flat, count));
  }

  std::span<S> block_parameters(Index flat, Index count) const {
    return parameters_.subspan(static_cast<std::size_t>(flat), static_cast<std::size_t>(count));
  }

  const Net* network_;
  OptimizerType* optimizer_;
  Clipping clipping_ = {};
  std::vector<Index> variables_ = {};    // sizes of the variables, in the order of the flat vector
  Index max_grain_ = 1;                  // the largest grain of all layers
  std::vector<Buffer<S>> blocks_ = {};   // the gradient of the current block, per member
  std::vector<Buffer<S>> scratch_ = {};  // of the fused update, per member; untouched pages take no memory
  double max_penalty_ = 0;               // the largest penalty that is added to an element of the gradient
  std::span<S> parameters_ = {};
  Buffer<S> gradient_ = {};
  bool whole_gradient_ = false;
};

template <class Net, class OptimizerType>
ParameterUpdate<Net, OptimizerType>::ParameterUpdate(const Net& network, OptimizerType& optimizer)
    : network_(&network), optimizer_(&optimizer) {
  for (Index k = 0; k < network.depth(); ++k) {
    network.visit_sized(k, [&](const auto& layer) {
      for (const auto size : layer.variables()) variables_.push_back(size);
      max_grain_ = std::max<Index>(max_grain_, layer.grain());
    });
  }
  optimizer_->reserve(network.parameter_count());
  gradient_.reserve(network.parameter_count());  // untouched pages take no memory until they are needed
}

template <class Net, class OptimizerType>
void ParameterUpdate<Net, OptimizerType>::make_members(Index count) {
  blocks_.assign(static_cast<std::size_t>(count), {});
  for (Buffer<S>& block : blocks_) block.resize(max_grain_ * block_units);
  scratch_.assign(static_cast<std::size_t>(count), {});
  for (Buffer<S>& scratch : scratch_) scratch.reserve(kernel::fused_scratch<S>);
}

template <class Net, class OptimizerType>
void ParameterUpdate<Net, OptimizerType>::measure_parameters(Memory& memory, Index t) const {
  if (penalty() == 0) return;
  const Range range = share(network_->parameter_count(), t, memory.team_size);
  memory.member(t).ranges.max_abs_parameter = max_abs(network_->parameters().data() + range.first, range.size());
}

template <class Net, class OptimizerType>
void ParameterUpdate<Net, OptimizerType>::plan(const Memory& memory) {
  clipping_ = optimizer_->clipping();
  whole_gradient_ = clipping_.any();
  if (clipping_.any()) clipping_.template check<S>();
  max_penalty_ = 0;
  if (penalty() > 0) {
    for (const auto& member : memory.team()) {
      max_penalty_ = std::max(max_penalty_, penalty() * static_cast<double>(member.ranges.max_abs_parameter));
    }
  }
  for (Index k = 0; k < network_->depth(); ++k) {
    network_->visit_sized(k, [&](const auto& layer) {
      double bound = std::numeric_limits<double>::infinity();
      if constexpr (BoundingLayer<std::remove_cvref_t<decltype(layer)>>) {
        bound = layer.gradient_bound(memory.max_abs_input(k), memory.max_abs_dz(k), memory.active);
      } else if (layer.parameter_count() == 0) {
        bound = 0;
      }
      if (!square_fits(bound + max_penalty_)) whole_gradient_ = true;
    });
  }
  if (whole_gradient_) {
    make_gradient();
  } else {
    begin_update();
  }
}

template <class Net, class OptimizerType>
void ParameterUpdate<Net, OptimizerType>::compute_gradient(const Memory& memory, Index t) {
  for_each_block(memory, t, block_units, [&](const auto& layer, Index k, Index first, Index count) {
    compute_gradient(memory, layer, k, first, gradient_.span(network_->offset(k) + first, count));
  });
}

template <class Net, class OptimizerType>
void ParameterUpdate<Net, OptimizerType>::finish_gradient(const Place& place) {
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
  if (!square_fits(largest + max_penalty_)) {
    throw NonFiniteError({"weight_decay times the parameters, as large as ", max_penalty_,
                          ", is added to the gradient and overflows when it is squared; lower weight_decay"},
                         place);
  }
  begin_update();
}

template <class Net, class OptimizerType>
void ParameterUpdate<Net, OptimizerType>::update(const Memory& memory, Index t) {
  const auto interleaved = [&](auto& optimizer) { return update_interleaved(memory, t, optimizer); };
  if (!whole_gradient_ && visit_choice(*optimizer_, interleaved)) return;
  for_each_block(memory, t, block_units, [&](const auto& layer, Index k, Index first, Index count) {
    update_block(memory, layer, t, k, first, count);
  });
}

}  // namespace gemel::detail
