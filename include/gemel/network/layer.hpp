#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <span>
#include <type_traits>

#include "gemel/core/columns.hpp"
#include "gemel/core/has_member.hpp"
#include "gemel/core/kernel/update.hpp"
#include "gemel/core/random.hpp"

namespace gemel {

/// What a layer may know of the pass it computes in. Dropout draws from a stream of (seed, step, column), so that the
/// same columns drop whichever thread computes them.
struct Pass {
  bool training = false;
  std::uint64_t seed = 0;  ///< differs from layer to layer
  std::uint64_t step = 0;
  std::span<const Index> columns = {};  ///< the batch's own number of each column; empty: 0, 1, 2, …

  Index column(Index j) const { return columns.empty() ? j : columns[static_cast<std::size_t>(j)]; }
};

/// A layer that can bound its gradient's elements: given bounds of |x| and |dz| and the number of columns. It lets the
/// training step prove a gradient finite before it computes one.
template <class L>
concept BoundingLayer = requires(const L layer, double x, Index columns) {
  { layer.gradient_bound(x, x, columns) } -> std::same_as<double>;
};

namespace detail {

/// Whether a layer says that its state is fitted before the training; see Layer.
template <class L>
inline constexpr bool is_fitted = false;
template <class L>
requires requires { L::fitted; }
inline constexpr bool is_fitted<L> = L::fitted;

GEMEL_HAS_MEMBER(gradient_bound)
GEMEL_HAS_MEMBER(fused_update)

template <class L, class S, class Block>
concept HasFusedUpdate = requires(const L layer, ColumnList<S> x, Index first, const Block& block) {
  layer.fused_update(x, x, first, block);
};

/// Optional members are right, or not there.
template <class L, class S>
concept LayerOptions = std::is_class_v<L> &&
    (BoundingLayer<L> || !names_gradient_bound<L>)&&(HasFusedUpdate<L, S, kernel::Update<kernel::SGDRule<S>, S>> ||
                                                     !names_fused_update<L>);

}  // namespace detail

/// One layer of a network over scalar S: sizes and a rule, but no parameters, which lie in the network's flat vector.
/// The columns of a batch are independent. A block of parameters is a multiple of `grain()`, so that threads may share
/// the gradient's work without sharing a sum.
///
///   forward       x (in x n) -> y (out x n)
///   backward      dy = dLoss/dy (out x n) becomes dz, what add_gradient needs; dx (in x n) is overwritten, or is empty
///                 where nobody asks for it (the first layer)
///   add_gradient  adds dLoss/dp for the parameters first, …, first + g.size() - 1, column after column
///   variables     the sizes of the variables within (Dense: W, b), for clipping by a variable's norm
///
/// All but the parameters is const: any number of threads may share a layer.
///
/// Optional, but right where they are there; they save time:
///
///   gradient_bound      see BoundingLayer. Without it each batch's whole gradient is computed and checked before the
///                       parameters are stepped
///   fused_update  see InterleavingLayer. It takes the blocks of the library's optimizers at least,
///                       kernel::Update<Rule, S>; for another optimizer's block that it cannot take, the gradient is
///                       computed first
///
/// A layer whose state is fitted before the training (Standardize) says `static constexpr bool fitted = true`: it has
/// no parameters and draws nothing, and what other layers draw is as if it were not there.
template <class L, class S>
concept Layer = std::copy_constructible<L> && detail::LayerOptions<L, S> &&
    requires(const L layer, std::span<S> w, std::span<const S> p, ColumnList<S> x, Columns<S> y, Index first,
             const Pass& pass, Rng& rng) {
  { layer.in() } -> std::convertible_to<Index>;
  { layer.out() } -> std::convertible_to<Index>;
  { layer.parameter_count() } -> std::convertible_to<Index>;
  { layer.grain() } -> std::convertible_to<Index>;
  { layer.variables() } -> std::ranges::input_range;
  layer.initialize(w, rng);
  layer.forward(p, x, y, pass);
  layer.backward(p, x, x, y, y, pass);
  layer.add_gradient(x, x, first, w);
};

/// A layer that can update a block of its parameters while it computes their gradient; see Dense.
template <class L, class S, class Block>
concept InterleavingLayer = Layer<L, S> && detail::HasFusedUpdate<L, S, Block>;

}  // namespace gemel
