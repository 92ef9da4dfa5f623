#pragma once

#include <cstddef>
#include <utility>
#include <variant>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/types.hpp"

namespace gemel {

template <class L>
class Sequence;

namespace detail {

// The functions below look at the leaves of a layer, in their order. The leaves of a Sequence are those of its layers.
// The leaf of a variant is the layer that it holds. Any other layer is a leaf itself.

template <class L>
inline constexpr bool is_sequence = false;
template <class L>
inline constexpr bool is_sequence<Sequence<L>> = true;

template <class L>
inline constexpr bool is_variant = false;
template <class... Layers>
inline constexpr bool is_variant<std::variant<Layers...>> = true;

/// The number of leaves of a layer.
template <class L>
Index leaf_count(const L& layer) {
  if constexpr (is_sequence<L>) {
    Index count = 0;
    for (const auto& part : layer.layers()) count += leaf_count(part);
    return count;
  } else {
    return 1;
  }
}

/// Calls f(leaf) for leaf k of a layer. k must be in 0, …, leaf_count(layer) - 1.
template <class L, class F>
void visit_leaf(const L& layer, Index k, F&& f) {
  if constexpr (is_sequence<L>) {
    for (const auto& part : layer.layers()) {
      const Index count = leaf_count(part);
      if (k < count) return visit_leaf(part, k, f);
      k -= count;
    }
  } else if constexpr (is_variant<L>) {
    std::visit(f, layer);
  } else {
    f(layer);
  }
}

/// The number of inputs of the first leaf.
template <class L>
Index layer_in(const L& layer) {
  Index in = 0;
  visit_leaf(layer, 0, [&in](const auto& leaf) { in = leaf.in(); });
  return in;
}
/// The number of outputs of the last leaf.
template <class L>
Index layer_out(const L& layer) {
  Index out = 0;
  visit_leaf(layer, leaf_count(layer) - 1, [&out](const auto& leaf) { out = leaf.out(); });
  return out;
}

/// The number of parameters of all leaves.
template <class L>
Index layer_parameter_count(const L& layer) {
  Index count = 0;
  for (Index k = 0; k < leaf_count(layer); ++k) {
    visit_leaf(layer, k, [&count](const auto& leaf) { count += leaf.parameter_count(); });
  }
  return count;
}

/// Throws ShapeError if `in`, the number of inputs of layer k, differs from `out`, the number of outputs of the layer
/// before it.
inline void check_neighbors(Index k, Index out, Index in) {
  if (out != in) {
    throw ShapeError({"it takes ", in, " inputs, but the layer before it gives ", out, "; make the two sizes equal"},
                     {.layer = k});
  }
}

}  // namespace detail

/// A list of layers whose length is chosen at run time. L is one layer type or a std::variant of several. A Sequence is
/// given to a Network in place of a layer, and the Network computes its layers one after the other:
/// `Network<float, Dense<100, 64, ReLU>, Sequence<Dense<64, 64, ReLU>>>`.
template <class L>
class Sequence {
 public:
  /// A sequence of the given layers. Throws ValueError if there are none, and ShapeError if a layer does not have as
  /// many inputs as the layer before it has outputs.
  explicit Sequence(std::vector<L> layers) : layers_(std::move(layers)) {
    if (layers_.empty()) throw ValueError("a Sequence needs at least one layer");
    for (std::size_t k = 1; k < layers_.size(); ++k) {
      detail::check_neighbors(static_cast<Index>(k), detail::layer_out(layers_[k - 1]), detail::layer_in(layers_[k]));
    }
  }

  Index in() const { return detail::layer_in(layers_.front()); }                  ///< the number of inputs
  Index out() const { return detail::layer_out(layers_.back()); }                 ///< the number of outputs
  Index parameter_count() const { return detail::layer_parameter_count(*this); }  ///< the number of all parameters
  const std::vector<L>& layers() const { return layers_; }                        ///< the layers in their order

 private:
  std::vector<L> layers_;
};

}  // namespace gemel
