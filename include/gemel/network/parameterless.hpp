#pragma once

#include <array>
#include <span>

#include "gemel/core/columns.hpp"
#include "gemel/core/random.hpp"

namespace gemel {

/// A base class for layers without parameters. It has the members of the Layer concept that deal with parameters; a
/// derived class adds in(), out(), forward and backward.
struct Parameterless {
  /// @{
  /// Required by the Layer concept (network/layer.hpp).
  static Index parameter_count() { return 0; }
  static Index grain() { return 1; }
  static std::array<Index, 0> variables() { return {}; }
  static double gradient_bound(double, double, Index) { return 0; }
  template <Scalar S>
  static void initialize(std::span<S>, Rng&) {}
  template <Scalar S>
  static void add_gradient(ColumnList<S>, ColumnList<S>, Index, std::span<S>) {}
  /// @}
};

}  // namespace gemel
