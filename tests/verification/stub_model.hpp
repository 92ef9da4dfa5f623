#pragma once

#include "gemel/core/columns.hpp"
#include "gemel/core/error.hpp"

namespace gemel {

/// A model without a network, whose embedding is the sample times `scale` and whose distance is Euclidean. It adds the
/// number of samples that it embeds to *embedded.
struct StubModel {
  using Scalar = float;
  struct Metric {
    float value(ConstColumn<float> a, ConstColumn<float> b) const { return (a - b).norm(); }
    void add_gradient(ConstColumn<float>, ConstColumn<float>, float, float, Column<float>, Column<float>) const {}
  };

  Index features = 3;
  float scale = 2;
  Index* embedded = nullptr;

  MatrixX<float> embed(ColumnList<float> x) const {
    if (x.rows() != features) throw ShapeError("the model takes another number of features");
    if (embedded) *embedded += x.cols();
    MatrixX<float> y(features, x.cols());
    for (Index j = 0; j < x.cols(); ++j) y.col(j) = scale * x.column(j);
    return y;
  }
  Metric metric() const { return {}; }
};

}  // namespace gemel
