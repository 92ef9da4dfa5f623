#pragma once

#include <cstddef>
#include <utility>
#include <variant>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/types.hpp"

namespace gemel {

/// A list of layers of one type (or of a std::variant of types) whose number is known at run time. It takes the place
/// of a layer in a Network, which looks inside: `Network<float, Dense<100, 64, ReLU>, Sequence<Dense<64, 64, ReLU>>>`.
/// Throws ValueError where the list is empty, ShapeError where two neighbours' sizes disagree.
template <class L>
class Sequence {
 public:
  explicit Sequence(std::vector<L> layers);

  Index in() const;
  Index out() const;
  Index parameter_count() const;
  const std::vector<L>& layers() const { return layers_; }

 private:
  std::vector<L> layers_;
};

// A network is a row of leaves: layers that are neither a Sequence nor a variant. The functions below find them.

template <class L>
inline constexpr bool is_sequence = false;
template <class L>
inline constexpr bool is_sequence<Sequence<L>> = true;

template <class L>
inline constexpr bool is_variant = false;
template <class... Layers>
inline constexpr bool is_variant<std::variant<Layers...>> = true;

/// How many leaves a layer is.
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

/// f(leaf) for leaf k of a layer, 0 <= k < leaf_count(layer).
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

/// The first leaf's inputs and the last leaf's outputs.
template <class L>
Index layer_in(const L& layer) {
  Index in = 0;
  visit_leaf(layer, 0, [&in](const auto& leaf) { in = leaf.in(); });
  return in;
}
template <class L>
Index layer_out(const L& layer) {
  Index out = 0;
  visit_leaf(layer, leaf_count(layer) - 1, [&out](const auto& leaf) { out = leaf.out(); });
  return out;
}

/// The parameters of all leaves.
template <class L>
Index layer_parameter_count(const L& layer) {
  Index count = 0;
  for (Index k = 0; k < leaf_count(layer); ++k) {
    visit_leaf(layer, k, [&count](const auto& leaf) { count += leaf.parameter_count(); });
  }
  return count;
}

/// Throws ShapeError where layer `index`, which takes `in`, cannot follow one that gives `out`.
inline void check_neighbours(Index index, Index out, Index in) {
  if (out != in) {
    throw ShapeError({"it takes ", in, " inputs, but the layer before it gives ", out, "; make the two sizes equal"},
                     {.layer = index});
  }
}

template <class L>
Sequence<L>::Sequence(std::vector<L> layers) : layers_(std::move(layers)) {
  if (layers_.empty()) throw ValueError("a Sequence needs at least one layer");
  for (std::size_t k = 1; k < layers_.size(); ++k) {
    check_neighbours(static_cast<Index>(k), layer_out(layers_[k - 1]), layer_in(layers_[k]));
  }
}

template <class L>
Index Sequence<L>::in() const {
  return layer_in(layers_.front());
}

template <class L>
Index Sequence<L>::out() const {
  return layer_out(layers_.back());
}

template <class L>
Index Sequence<L>::parameter_count() const {
  return layer_parameter_count(*this);
}

}  // namespace gemel
