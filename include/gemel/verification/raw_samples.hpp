#pragma once

#include "gemel/core/columns.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/types.hpp"
#include "gemel/network/distance.hpp"
#include "gemel/network/workspace.hpp"

namespace gemel {

/// An embedder whose embeddings are the samples themselves. With it, a scorer of your own (verification/scorer.hpp)
/// gets the enrolled samples and the query as they are, and `distances` compares samples without a model:
///
///   ClaimVerifier verifier{RawSamples<float>{features}, [&](auto enrolled, auto query) { return …; }};
template <Scalar S>
class RawSamples {
 public:
  using Scalar = S;  ///< float or double

  /// For samples of so many features. Throws ShapeError unless the number is positive.
  explicit RawSamples(Index features) : features_(features) {
    if (features < 1) throw ShapeError({"a sample needs at least one feature, but ", features, " were given"});
  }

  /// The number of features of a sample.
  Index in() const { return features_; }

  /// @{
  /// Required by the Embedder concept (verification/embedder.hpp). Throws ShapeError if x has other sizes.
  Index embedding_size() const { return features_; }
  MatrixX<S> embed(ColumnList<S> x) const {
    MatrixX<S> y(features_, x.cols());
    copy(x, Columns<S>(y.data(), y.rows(), y.cols()));
    return y;
  }
  void embed(ColumnList<S> x, Columns<S> y, Workspace<S>&) const { copy(x, y); }
  Euclidean metric() const { return {}; }
  /// @}

 private:
  void copy(const ColumnList<S>& x, Columns<S> y) const {
    if (x.rows() != features_) {
      throw ShapeError({"samples have ", features_, " features, but these have ", x.rows(),
                        " (rows are features, columns are samples)"});
    }
    if (y.rows() != features_ || y.cols() != x.cols()) {
      throw ShapeError(
          {"the samples are ", features_, " x ", x.cols(), ", but there is room for ", y.rows(), " x ", y.cols()});
    }
    for (Index j = 0; j < x.cols(); ++j) y.col(j) = x.column(j);
  }

  Index features_;
};

}  // namespace gemel
