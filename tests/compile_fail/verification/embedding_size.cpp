// error: gemel: this type does not model the Embedder concept
#include "gemel/gemel.hpp"

/// A model whose `embed` into the caller's memory takes no Workspace, so that it would not be called. When repaired, it
/// takes one.
struct Doubled {
  using Scalar = float;

  gemel::MatrixX<float> embed(gemel::ColumnList<float> x) const {
    gemel::MatrixX<float> y(x.rows(), x.cols());
    for (gemel::Index j = 0; j < x.cols(); ++j) y.col(j) = 2 * x.column(j);
    return y;
  }
#if defined(REPAIRED)
  void embed(gemel::ColumnList<float> x, gemel::Columns<float> y, gemel::Workspace<float>&) const {
#else
  void embed(gemel::ColumnList<float> x, gemel::Columns<float> y) const {
#endif
      for (gemel::Index j = 0; j < x.cols(); ++j) y.col(j) = 2 * x.column(j);
} gemel::Index embedding_size() const {
  return 5;
}
gemel::Euclidean metric() const { return {}; }
}
;

gemel::Verifier<Doubled> verifier{{}, {.threshold = 1}};
