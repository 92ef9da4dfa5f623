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

/// One named array of an optimizer's state, e.g. "v" (one value a parameter).
template <class S>
struct NamedSpan {
  std::string_view name;
  std::span<S> values;
};

/// All that an optimizer carries from step to step, for checkpoints and hashes: restore by writing into the spans and
/// `*step`.
template <class S>
struct OptimizerState {
  std::vector<NamedSpan<S>> arrays;
  std::int64_t* step;
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

/// See Optimizer.
template <class O>
double penalty_of(const O& optimizer) {
  if constexpr (GivesPenalty<O>) return optimizer.penalty();
  return 0;
}

/// Optional members are right, or not there.
template <class O, class S>
concept OptimizerOptions = std::is_class_v<O> &&(GivesBlocks<O, S> || !(has_block<O> || has_interleaves<O>)) &&
                           (GivesPenalty<O> || !has_penalty<O>);

}  // namespace detail

/// An optimizer sees one flat vector of parameters in blocks and knows no network.
///
///   reserve(n)         before each step: room for n parameters; keeps its state where n is the same (and it still has
///                      it: one that was moved from begins anew)
///   advance()          once a step, before the updates of its blocks
///   learning_rate(r)   sets the rate, any that is not negative and finite: one so small that it is 0 as an S is taken,
///                      since a schedule may end there (of an option that a user gives, it is an error)
///   update(first,g,w)  steps the parameters first, …, first + w.size() - 1, whose gradient is g; blocks of one step do
///                      not overlap and may be updated by several threads at once
///   clipping()         how the training step is to clip the gradient first; `return {};` for not at all. It is
///                      required, since a wrapper that forgot it would train on without the clipping asked for
///
/// Optional, but right where they are there:
///
///   block, interleaves  save time: see InterleavingOptimizer. Without them, or where a layer cannot take the blocks
///                       (see Layer), the gradient is computed first and `update` called
///   penalty()           how much of each parameter `update` adds to its gradient before it squares it (PyTorch's
///                       weight decay), 0 for nothing: a step whose squares would overflow is then refused. Without it,
///                       only the gradient itself is looked at
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

/// An optimizer whose rule the kernels know, so that they can take it while they compute a gradient: `block` describes
/// the parameters first, …, and `interleaves` says whether its options allow it. The results are those of `update`.
template <class O, class S>
concept InterleavingOptimizer = Optimizer<O, S> && detail::GivesBlocks<O, S>;

}  // namespace gemel
