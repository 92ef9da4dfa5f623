#pragma once

#include "gemel/core/choice.hpp"
#include "gemel/core/columns.hpp"
#include "gemel/network/distance.hpp"

namespace gemel {

/// One of the library's distances, chosen at run time: `AnyDistance metric = Cosine{}`. It models Distance. It cannot
/// hold a distance of your own; pass yours to Siamese directly.
class AnyDistance final : public Choice<Euclidean, SquaredEuclidean, Manhattan, Cosine> {
 public:
  /// Each of the four distances converts to AnyDistance. The default is Euclidean.
  using Choice::Choice;

  /// @{
  /// Required by the Distance concept (network/distance.hpp).
  template <Scalar S>
  S value(ConstColumn<S> a, ConstColumn<S> b) const {
    return visit([&](const auto& metric) { return metric.value(a, b); });
  }
  template <Scalar S>
  void add_gradient(ConstColumn<S> a, ConstColumn<S> b, S d, S slope, Column<S> da, Column<S> db) const {
    visit([&](const auto& metric) { metric.add_gradient(a, b, d, slope, da, db); });
  }
  double as_length(double d) const {
    return visit([d](const auto& metric) { return metric.as_length(d); });
  }
  /// @}
};

}  // namespace gemel
