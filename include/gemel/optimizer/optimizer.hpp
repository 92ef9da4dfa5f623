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

namespace gemel {

/// One named array of an optimizer's state, such as "v".
template <class S>
struct NamedSpan {
  std::string_view name;  ///< As in the optimizer's formula.
  std::span<S> values;    ///< One value per parameter.
};

/// Everything that an optimizer carries from step to step, for checkpoints and hashes. To restore it, write into the
/// spans and `*step`.
template <class S>
struct OptimizerState {
  std::vector<NamedSpan<S>> arrays;  ///< Views of the optimizer's own arrays.
  std::int64_t* step;                ///< The number of steps so far.
};

namespace detail {

GEMEL_HAS_MEMBER(block)
GEMEL_HAS_MEMBER(interleaves)
GEMEL_HAS_MEMBER(penalty)

template <class O, class S>
concept GivesBlocks = requires(O o, const O constant, Index first, std::span<S> w) {
  o.block(first, w.data(), w);
  { constant.interleaves() } -> std::same_as<bool>;
};
template <class O>
concept GivesPenalty = requires(const O o) {
  { o.penalty() } -> std::same_as<double>;
};

/// The optimizer's penalty(), or 0 if it has none; see Optimizer.
template <class O>
double penalty_of(const O& optimizer) {
  if constexpr (GivesPenalty<O>) return optimizer.penalty();
  return 0;
}

/// Each optional member is either absent or has the right signature.
template <class O, class S>
concept OptimizerOptions = std::is_class_v<O> &&(GivesBlocks<O, S> || !(has_block<O> || has_interleaves<O>)) &&
                           (GivesPenalty<O> || !has_penalty<O>);

}  // namespace detail

/// An optimizer updates one flat vector of parameters, block by block; it does not know the network. For parameters
/// over scalar S it has these members:
///
///   reserve(n)           is called before each step and makes room for n parameters. The state is kept if n is
///                        the same (after a move from the optimizer, it starts without state)
///   advance()            is called once a step, before the step's blocks are updated
///   update(first, g, w)  updates the parameters first, …, first + w.size() - 1, which are w and have the gradient g.
///                        The blocks of a step do not overlap; several threads may update them at once
///   learning_rate()      is the learning rate
///   learning_rate(r)     sets it. Every finite r >= 0 is allowed, also one that is 0 as an S, since a schedule may end
///                        there (as an option from a user, that is an error)
///   clipping()           says how the training step clips the gradient first; `return {};` for no clipping. It is
///                        required, since a wrapper that forgot it would train without the clipping that was asked for
///   state()              gives the OptimizerState
///
/// These members are optional, but if a type has one, its signature must be right:
///
///   block, interleaves   save time; see InterleavingOptimizer. Without them, or if a layer cannot take the blocks (see
///                        Layer), the gradient is computed first and then passed to `update`
///   penalty()            is the factor by which `update` adds each parameter to its gradient before it squares the
///                        gradient (PyTorch's weight decay); 0: not at all. It lets the training step refuse a step
///                        whose squares would overflow. Without it, only the gradient itself is checked
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
/// `block(first, g, w)` describes the update of the parameters first, …, first + w.size() - 1; `interleaves()` says
/// whether the optimizer's options allow this. The results are the same as those of `update`.
template <class O, class S>
concept InterleavingOptimizer = Optimizer<O, S> && detail::GivesBlocks<O, S>;

}  // namespace gemel
