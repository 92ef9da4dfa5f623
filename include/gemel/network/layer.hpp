#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <span>
#include <string_view>
#include <type_traits>

#include "gemel/core/columns.hpp"
#include "gemel/core/has_member.hpp"
#include "gemel/core/kernel/update.hpp"
#include "gemel/core/random.hpp"

namespace gemel {

/// Describes the forward or backward pass that a layer computes, of all or some of the columns of a batch. Dropout
/// draws its random numbers from (seed, step, index of the column in the batch), so that no result depends on which
/// thread computes a column.
struct Pass {
  bool training = false;                ///< true during training, false at inference
  std::uint64_t seed = 0;               ///< a number that differs from layer to layer
  std::uint64_t step = 0;               ///< a number that differs from batch to batch
  std::span<const Index> columns = {};  ///< the index in the batch of each column; empty if they are 0, 1, 2, …

  /// The index in the batch of column j of this pass.
  Index column(Index j) const { return columns.empty() ? j : columns[static_cast<std::size_t>(j)]; }
};

/// A layer that can bound the gradient of its parameters before it is computed. If no element of the layer's inputs is
/// larger than the number x in magnitude, and no element of its deltas (dz in Layer) is larger than the number dz, then
/// gradient_bound(x, dz, columns) is an upper bound of the magnitude of every element of the gradient, summed over that
/// number of columns. If the bound shows that the gradient is finite, the training step need not check each element.
template <class L>
concept BoundingLayer = requires(const L layer, double x, Index columns) {
  { layer.gradient_bound(x, x, columns) } -> std::same_as<double>;
};

/// The name and shape of a part of a layer's parameters, such as the weights or the bias of a Dense.
struct NamedVariable {
  std::string_view name = {};  ///< In a file, it follows "layers.<k>.".
  Index rows = 0;              ///< At least 1.
  Index columns = 0;           ///< 0 for a vector. The parameters hold a matrix column by column.
};

/// How a layer's dz follows from dy = dLoss/dy (see Layer).
enum class DeltaRule {
  Copied,   ///< dz = dy
  Masked,   ///< dz = dy where the output y is positive, and 0 elsewhere
  Computed  ///< in another way
};

namespace detail {

GEMEL_HAS_MEMBER(delta_rule)
GEMEL_HAS_MEMBER(measured_forward)
GEMEL_HAS_MEMBER(to_dz)
GEMEL_HAS_MEMBER(measured_backward)

template <class L, class S>
concept MeasuresItsPasses = requires(const L layer, std::span<const S> p, ColumnList<S> x, Columns<S> y, S* largest,
                                     const S* const* keep, const Pass& pass) {
  requires std::same_as<typename L::ExactType, L>;
  requires std::same_as<std::remove_cv_t<decltype(L::delta_rule)>, DeltaRule>;
  { layer.measured_forward(p, x, y, pass, largest) } -> std::same_as<S>;
  layer.to_dz(x, y);
  { layer.measured_backward(p, x, keep, y) } -> std::same_as<S>;
};
/// A layer that inherits its ExactType. Then it also inherits the measuring members, which are not used.
template <class L>
concept DerivedLayer = !std::same_as<typename L::ExactType, L> && std::derived_from<L, typename L::ExactType>;

/// Whether a layer declares that it is fitted before training; see Layer.
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
    (BoundingLayer<L> ||
     !has_gradient_bound<L>)&&(HasFusedUpdate<L, S, kernel::Update<kernel::SGDRule<S>, S>> ||
                               !has_fused_update<L>)&&(MeasuresItsPasses<L, S> || DerivedLayer<L> ||
                                                       !(has_delta_rule<L> || has_measured_forward<L> || has_to_dz<L> ||
                                                         has_measured_backward<L>));

}  // namespace detail

/// One layer of a network over scalar S. A layer knows its sizes and how to compute; its parameters are in the
/// network's flat vector. It is const while it computes, so that any number of threads may share it, and it computes
/// each of the n columns of a batch independently of the others.
///
///   in(), out()                      the numbers of inputs and outputs per column, at least 1
///   parameter_count()                the number of parameters, possibly 0
///   variables()                      the sizes of the layer's variables, in the order of the parameters (Dense: W, b),
///                                    for clipping by a variable's norm; they add up to parameter_count()
///   grain()                          a divisor of parameter_count(), at least 1 (Dense: out). Threads divide the
///                                    parameters into blocks whose sizes are multiples of it
///   initialize(w, rng)               fills all parameters, w, before training
///   forward(p, x, y, pass)           computes y (out x n) from x (in x n) with the parameters p
///   backward(p, x, y, dy, dx, pass)  given dy = dLoss/dy (out x n), writes dLoss/dx to dx (in x n) and overwrites dy
///                                    with dz, the input of add_gradient. dx is empty if it is not needed, as in the
///                                    first layer
///   add_gradient(x, dz, first, g)    adds dLoss/dp for the parameters first, …, first + g.size() - 1 to g: a sum over
///                                    the columns in their order
///
/// dz = dLoss/dz, where z is the layer's value before its activation (Dense: z = W x + b). A layer without parameters
/// may leave dy as it is.
///
/// A layer may also have these members, which save time. With another signature, they do not compile:
///
///   gradient_bound(x, dz, columns)     see BoundingLayer. Without it, the whole gradient of each batch is computed and
///                                      checked before any parameter is updated
///   fused_update(x, dz, first, block)  see InterleavingLayer. It must accept at least the blocks of the library's
///                                      optimizers, kernel::Update<Rule, S>. For a block that it does not accept,
///                                      add_gradient is called first
///
///   measured_forward, to_dz, measured_backward, delta_rule, ExactType
///                                      all five or none; see MeasuringLayer
///
/// A layer that is fitted before training, such as Standardize, declares `static constexpr bool fitted = true`. It must
/// have no parameters and draw no random numbers. It does not change the random numbers that other layers draw.
///
/// A layer can be saved to a file (io/model_file.hpp) if its type has a name (core/type_name.hpp). It may have these
/// members; save and load are templates, over the types that write and read files (io/model/options.hpp):
///
///   save(to)           writes the options and the fitted state: to.number("rate", rate_), to.optional_number("clip",
///                      clip_), to.vector("mean", mean_), to.matrix("matrix", matrix()), to.part("activation",
///                      activation_). Without it, there are none
///   load(from)         static; returns a layer with these options: from.in(), from.out(), from.number("rate"),
///                      from.optional_number("clip"), from.vector("mean"), from.matrix("matrix", rows, columns),
///                      from.part<Activation>("activation"). Without it, a layer is loaded by its default constructor,
///                      which is possible only if the type has no data members
///   named_variables()  returns a range of NamedVariable, in the order of the parameters, all of which they cover.
///                      Without it, the parameters are one vector with the name "parameters"
///
/// The same holds for an activation or a distance, except for in(), out() and named_variables().
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

/// A layer that can update a block of its parameters, from parameter `first` on, while it computes their gradient. Such
/// a layer, for example Dense, has a member fused_update(x, dz, first, block).
template <class L, class S, class Block>
concept InterleavingLayer = Layer<L, S> && detail::HasFusedUpdate<L, S, Block>;

/// A layer whose passes also find the largest values, which a training step needs, and do in one sweep over memory what
/// otherwise takes three. Such a layer, for example Dense, has these members:
///
///   measured_forward(p, x, y, pass, largest_x)  as forward; returns the largest |y(i, j)|, and, unless largest_x is
///                                               null, sets *largest_x to the largest |x(i, j)|. NaN counts as larger
///                                               than infinity
///   to_dz(y, dy)                                overwrites dy with dz, as backward does
///   measured_backward(p, dz, keep, dx)          writes dLoss/dx to dx. `keep` is null, or points to one column for
///                                               each of dx; then dx(i, j) becomes 0 unless keep[j][i] > 0. Returns the
///                                               largest |dx(i, j)|
///   delta_rule                                  a static constexpr DeltaRule
///   ExactType                                   an alias of the type itself. In a derived class, the inherited alias
///                                               names the base class. Then forward and backward are called instead,
///                                               because the derived class may have its own
template <class L, class S>
concept MeasuringLayer = Layer<L, S> && detail::MeasuresItsPasses<L, S>;

namespace detail {

/// The sized type of a layer L: a layer that computes the same, but whose sizes are known at run time, so that layers
/// of different static sizes share it (Network::visit_sized). Most layers have none. A specialization has `Type` and
/// `static Type of(const L&)`.
template <class L>
struct SizedLayer {};

template <class L>
concept HasSizedLayer = requires {
  typename SizedLayer<L>::Type;
};

}  // namespace detail

}  // namespace gemel
