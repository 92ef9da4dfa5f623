#pragma once

#include <concepts>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include "gemel/core/has_member.hpp"
#include "gemel/core/types.hpp"
#include "gemel/optimizer/clipping.hpp"

// A new optimizer has a header of its own in this folder; CONTRIBUTING.md ("Where new parts go") lists the other
// places. Kernels of its own (core/kernel/) only make it faster; they are not required.

namespace gemel {

/// One named array of an optimizer's state, such as "v".
template <class S>
struct NamedSpan {
  std::string_view name;  ///< The symbol in the optimizer's formulas.
  std::span<S> values;    ///< One value per parameter.
};

/// Everything that an optimizer carries from step to step, for checkpoints and hashes. To restore a saved state, write
/// its values to the spans and to `*step`.
template <class S>
struct OptimizerState {
  std::vector<NamedSpan<S>> arrays;  ///< Views of the optimizer's own arrays.
  std::int64_t* step;                ///< Points to the number of steps so far.
};

namespace detail {

GEMEL_HAS_MEMBER(block)
GEMEL_HAS_MEMBER(interleaves)
GEMEL_HAS_MEMBER(penalty)

template <class O, class S>
concept HasBlocks = requires(O o, const O constant, Index first, std::span<S> w) {
  o.block(first, w.data(), w);
  { constant.interleaves() } -> std::same_as<bool>;
};
template <class O>
concept HasPenalty = requires(const O o) {
  { o.penalty() } -> std::same_as<double>;
};

/// The optimizer's penalty(), or 0 if it has no such member; see Optimizer.
template <class O>
double penalty_of(const O& optimizer) {
  if constexpr (HasPenalty<O>) return optimizer.penalty();
  return 0;
}

/// Each optional member is either absent or has the right signature.
template <class O, class S>
concept OptimizerOptions = std::is_class_v<O> &&(HasBlocks<O, S> || !(has_block<O> || has_interleaves<O>)) &&
                           (HasPenalty<O> || !has_penalty<O>);

}  // namespace detail

/// An optimizer updates one flat vector of parameters, block by block; it does not know the network. For parameters of
/// scalar type S it has these members:
///
///   reserve(n)           makes room for n parameters; called before each step. Keeps the state if n is unchanged. (An
///                        optimizer that was moved from starts without state)
///   advance()            called once per step, before the step's blocks are updated
///   update(first, g, w)  updates the parameters w, whose gradient is g; w[0] has the index `first` in the flat vector.
///                        g and w have the same size. The blocks of a step do not overlap, and several
///                        threads may update different blocks at the same time
///   learning_rate()      returns the learning rate
///   learning_rate(r)     sets the learning rate. It must accept every r >= 0 that is finite as an S, even if r rounds
///                        to 0, since a schedule may end there. (As an option of a constructor, such a rate is an
///                        error)
///   clipping()           returns how the training step clips the gradient before the update; `return {};` for no
///                        clipping. It is required, since a wrapper that forgot it would silently train unclipped
///   state()              returns the OptimizerState
///
/// These members are optional, but if a type has one, its signature must be right:
///
///   block, interleaves   save time; see InterleavingOptimizer. Without them, or if a layer does not support them (see
///                        Layer), the step computes the gradient first and then calls `update`
///   penalty()            returns the factor p if `update` adds p w to the gradient before it squares the gradient, as
///                        PyTorch's weight decay does; otherwise 0. It lets the training step reject a step whose
///                        squares would overflow. Without it, only the gradient itself is checked
template <class O, class S>
concept Optimizer = detail::OptimizerOptions<O, S> &&
    requires(O o, const O constant, Index n, std::span<const S> g, std::span<S> w, double rate) {
  o.reserve(n);
  o.advance();
  o.update(n, g, w);
  { constant.learning_rate() } -> std::same_as<double>;
  o.learning_rate(rate);
  { o.state() } -> std::same_as<OptimizerState<S>>;
  { constant.clipping() } -> std::same_as<Clipping>;
};

/// An optimizer whose update rule the kernels know, so that they can apply it while they compute the gradient.
/// `block(first, g, w)` describes the update that `update(first, g, w)` would make; `interleaves()` returns whether the
/// optimizer's options allow this. The results are bit-identical to those of `update`.
template <class O, class S>
concept InterleavingOptimizer = Optimizer<O, S> && detail::HasBlocks<O, S>;

}  // namespace gemel
