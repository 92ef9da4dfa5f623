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

// A network is a row of leaves: layers that are neither a Sequence nor a variant. The functions below find them.

template <class L>
inline constexpr bool is_sequence = false;
template <class L>
inline constexpr bool is_sequence<Sequence<L>> = true;

template <class L>
inline constexpr bool is_variant = false;
template <class... Layers>
inline constexpr bool is_variant<std::variant<Layers...>> = true;

/// The number of a layer's leaves.
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

/// Calls f(leaf) for leaf k of a layer, 0 <= k < leaf_count(layer).
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

/// The inputs of the first leaf.
template <class L>
Index layer_in(const L& layer) {
  Index in = 0;
  visit_leaf(layer, 0, [&in](const auto& leaf) { in = leaf.in(); });
  return in;
}
/// The outputs of the last leaf.
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

/// Throws ShapeError where layer k has another number of inputs, `in`, than the layer before it has outputs, `out`.
inline void check_neighbours(Index k, Index out, Index in) {
  if (out != in) {
    throw ShapeError({"it takes ", in, " inputs, but the layer before it gives ", out, "; make the two sizes equal"},
                     {.layer = k});
  }
}

}  // namespace detail

/// A list of layers of one type, or of a std::variant of types, whose length is chosen at run time. It stands for a
/// layer of a Network, which looks inside: `Network<float, Dense<100, 64, ReLU>, Sequence<Dense<64, 64, ReLU>>>`.
template <class L>
class Sequence {
 public:
  /// Throws ValueError where the list is empty, ShapeError where the sizes of two neighbours disagree.
  explicit Sequence(std::vector<L> layers) : layers_(std::move(layers)) {
    if (layers_.empty()) throw ValueError("a Sequence needs at least one layer");
    for (std::size_t k = 1; k < layers_.size(); ++k) {
      detail::check_neighbours(static_cast<Index>(k), detail::layer_out(layers_[k - 1]), detail::layer_in(layers_[k]));
    }
  }

  Index in() const { return detail::layer_in(layers_.front()); }                  ///< the first layer's inputs
  Index out() const { return detail::layer_out(layers_.back()); }                 ///< the last layer's outputs
  Index parameter_count() const { return detail::layer_parameter_count(*this); }  ///< of all layers
  const std::vector<L>& layers() const { return layers_; }                        ///< the layers in order

 private:
  std::vector<L> layers_;
};

}  // namespace gemel
