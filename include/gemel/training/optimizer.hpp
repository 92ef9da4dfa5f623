#pragma once

#include <concepts>
#include <span>
#include <string_view>
#include <vector>

#include "gemel/core/types.hpp"
#include "gemel/training/clipping.hpp"

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

/// An optimizer sees one flat vector of parameters in blocks and knows no network.
///
///   reserve(n)         before each step: room for n parameters; keeps its state where n is the same (and it still has
///                      it: one that was moved from begins anew)
///   advance()          once a step, before the updates of its blocks
///   learning_rate(r)   sets the rate, any that is not negative and finite: one so small that it is 0 as an S is taken,
///                      since a schedule may end there (of an option that a user gives, it is an error)
///   update(first,g,w)  steps the parameters first, …, first + w.size() - 1, whose gradient is g; blocks of one step do
///                      not overlap and may be updated by several threads at once
template <class O, class S>
concept Optimizer = requires(O o, const O constant, Index n, std::span<const S> g, std::span<S> w, double rate) {
  o.reserve(n);
  o.advance();
  o.update(n, g, w);
  { constant.learning_rate() } -> std::same_as<double>;
  o.learning_rate(rate);
  { o.state() } -> std::same_as<OptimizerState<S>>;
};

/// An optimizer whose rule the kernels know, so that they can take it while they compute a gradient: `block` describes
/// the parameters first, …, and `interleaves` says whether its options allow it. The results are those of `update`.
template <class O, class S>
concept InterleavingOptimizer = Optimizer<O, S> && requires(O o, const O constant, Index first, std::span<S> w) {
  o.block(first, w.data(), w);
  { constant.interleaves() } -> std::same_as<bool>;
};

/// An optimizer whose options ask the training step to clip the gradient first.
template <class O>
concept ClippingOptimizer = requires(const O o) {
  { o.clipping() } -> std::same_as<Clipping>;
};

}  // namespace gemel
