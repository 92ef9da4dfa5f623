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

/// What a layer is told of the pass it computes in. Dropout draws from a stream of (seed, step, column), so that no
/// value depends on which thread computes a column.
struct Pass {
  bool training = false;                ///< false at inference
  std::uint64_t seed = 0;               ///< differs from layer to layer
  std::uint64_t step = 0;               ///< differs from batch to batch
  std::span<const Index> columns = {};  ///< each column's number within the batch; empty: 0, 1, 2, …

  /// The number within the batch of the pass's column j.
  Index column(Index j) const { return columns.empty() ? j : columns[static_cast<std::size_t>(j)]; }
};

/// A layer that bounds the elements of its parameters' gradient: gradient_bound(x, dz, columns), given bounds x of |x|
/// and dz of |dz| and the number of columns. With it, the training step proves a gradient finite before it computes
/// one.
template <class L>
concept BoundingLayer = requires(const L layer, double x, Index columns) {
  { layer.gradient_bound(x, x, columns) } -> std::same_as<double>;
};

namespace detail {

/// Whether a layer declares that its state is fitted before training; see Layer.
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

/// Every optional member is absent or has the right signature.
template <class L, class S>
concept LayerOptions = std::is_class_v<L> &&
    (BoundingLayer<L> || !has_gradient_bound<L>)&&(HasFusedUpdate<L, S, kernel::Update<kernel::SGDRule<S>, S>> ||
                                                   !has_fused_update<L>);

}  // namespace detail

/// One layer of a network over scalar S: sizes and a rule. Its parameters lie in the network's flat vector, not in the
/// layer. The columns of a batch are independent. A block of parameters is a multiple of `grain()`, so that threads can
/// divide the gradient among them without dividing a sum.
///
///   forward       computes y (out x n) from x (in x n)
///   backward      turns dy = dLoss/dy (out x n) into dz, which add_gradient needs, and overwrites dx (in x n); dx is
///                 empty where it is not needed (the first layer)
///   add_gradient  adds dLoss/dp for the parameters first, …, first + g.size() - 1 to g, column after column
///   variables     the sizes of the layer's variables (Dense: W, b), for clipping by a variable's norm
///
/// A layer is const while it computes, so that any number of threads may share it.
///
/// A layer may also have these members, which save time; with another signature than asked for, they do not compile:
///
///   gradient_bound  see BoundingLayer. Without it, the whole gradient of each batch is computed and checked before the
///                   parameters are updated
///   fused_update    see InterleavingLayer. It takes at least the blocks of the library's optimizers,
///                   kernel::Update<Rule, S>. For a block that it cannot take, the gradient is computed first
///
/// A layer whose state is fitted before training (Standardize) declares `static constexpr bool fitted = true`. It has
/// no parameters and draws no random numbers, and the numbers that other layers draw do not depend on it.
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

/// A layer that updates a block of its parameters while it computes their gradient: it has fused_update(x, dz, first,
/// block), as Dense does.
template <class L, class S, class Block>
concept InterleavingLayer = Layer<L, S> && detail::HasFusedUpdate<L, S, Block>;

}  // namespace gemel
