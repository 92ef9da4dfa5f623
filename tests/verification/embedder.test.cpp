#include "gemel/verification/embedder.hpp"

#include <cmath>

#include "catch.hpp"
#include "gemel/core/random.hpp"
#include "gemel/loss/contrastive_loss.hpp"
#include "gemel/network/any_network.hpp"
#include "gemel/network/dense.hpp"
#include "gemel/network/siamese.hpp"
#include "gemel/verification/calibration.hpp"
#include "gemel/verification/evaluate.hpp"
#include "gemel/verification/verifier.hpp"
#include "verification/stub_model.hpp"

using namespace gemel;

namespace {

/// A user's own model without a network: it multiplies samples with a matrix.
struct Projection {
  using Scalar = double;
  MatrixX<double> matrix;

  MatrixX<double> embed(ColumnList<double> x) const {
    if (x.rows() != matrix.cols()) throw ShapeError("the projection takes another number of features");
    MatrixX<double> y(matrix.rows(), x.cols());
    for (Index j = 0; j < x.cols(); ++j) y.col(j) = matrix * x.column(j);
    return y;
  }
  const Manhattan& metric() const {
    static const Manhattan manhattan;
    return manhattan;
  }
};

using Trained = Siamese<Network<float, Dense<3, 4, ReLU>, Dense<4, 2>>>;

template <class Model, class Result>
struct Returning {
  using Scalar = Model;
  Result embed(ColumnList<float>) const;
  Euclidean metric() const;
};
struct NoMetric {
  using Scalar = float;
  MatrixX<float> embed(ColumnList<float>) const;
};
struct WrongMetric : NoMetric {
  int metric() const;
};
struct WithMetric : NoMetric {
  Euclidean metric() const;
};
struct NotConst {
  using Scalar = float;
  MatrixX<float> embed(ColumnList<float>);
  Euclidean metric() const;
};
struct SizeOnly : WithMetric {
  Index embedding_size() const;
};
struct IntoOnly {
  using Scalar = float;
  MatrixX<float> embed(ColumnList<float>) const;
  void embed(ColumnList<float>, Columns<float>, Workspace<float>&) const;
  Euclidean metric() const;
};
struct Both : IntoOnly {
  Index embedding_size() const;
};
struct SizeNotConst : IntoOnly {
  Index embedding_size();
};
/// Its `embed` hides the inherited one that writes into the caller's memory, which would give other embeddings.
struct Hiding : Trained {
  MatrixX<float> embed(ColumnList<float>) const;
};

// Four pairs of samples of 2 features: two similar ones that differ in one feature, and two dissimilar ones.
Pairs<double> pairs_of_two_features() {
  MatrixX<double> a = MatrixX<double>::Zero(2, 4), b(2, 4);
  b << 1, 0, 3, 4,  //
      0, 2, 3, 5;
  return {a, b, {1, 1, 0, 0}};
}

}  // namespace

static_assert(Embedder<Trained> && Embedder<Siamese<AnyNetwork<double>, Cosine>> && Embedder<const Trained>);
static_assert(Embedder<StubModel> && Embedder<Projection> && Embedder<WithMetric> && Embedder<Both>);
static_assert(Embedder<Returning<float, MatrixX<float>>> && !Embedder<Returning<int, MatrixX<float>>>);
static_assert(!Embedder<Returning<float, void>> && !Embedder<Returning<float, VectorX<float>*>>);
static_assert(!Embedder<int> && !Embedder<Network<float, Dense<3, 4>>> && !Embedder<Trained*>);
static_assert(!Embedder<NoMetric> && !Embedder<WrongMetric> && !Embedder<NotConst>);
static_assert(!Embedder<SizeOnly> && !Embedder<IntoOnly> && !Embedder<SizeNotConst> && !Embedder<Hiding>);

TEST_CASE("a user's own embedder works with distances, evaluate, calibrate and Verifier", "[embedder]") {
  const Projection model{MatrixX<double>{{1, 2}}};  // the distances are 1, 4, 9 and 14
  const Pairs<double> pairs = pairs_of_two_features();
  CHECK(distances(model, pairs) == VectorX<double>{{1, 4, 9, 14}});

  const Evaluation evaluation = evaluate(model, pairs, ContrastiveLoss{.margin = 10.0});
  CHECK(std::abs(evaluation.loss - (1 + 16 + 1 + 0) / 4.0) <= 1e-12);
  CHECK(evaluation.roc.auc() == 1);

  const Verifier verifier = calibrate(model, pairs, {.at_eer = true});
  CHECK(verifier.calibration().threshold == 6.5);
  const VectorX<double> origin{{0, 0}}, near{{6.5, 0}}, far{{0, 3.5}};
  CHECK(verifier.distance(origin, far) == 7);
  CHECK(verifier.same(origin, near));
  CHECK_FALSE(verifier.same(origin, far));
  MatrixX<double> a = MatrixX<double>::Zero(2, 100), b = MatrixX<double>::Zero(2, 100);
  for (Index j = 0; j < 100; ++j) b(1, j) = static_cast<double>(j);
  const VectorX<double> d = verifier.distances(a, b);
  REQUIRE(d.size() == 100);
  for (Index j = 0; j < 100; ++j) CHECK(d[j] == 2.0 * static_cast<double>(j));
  CHECK_THROWS_AS(verifier.distance(VectorX<double>{{1}}, VectorX<double>{{2}}), ShapeError);
}

namespace {

/// Returns too few embeddings, or embeddings without elements.
struct Faulty {
  using Scalar = float;
  Index rows, missing;

  MatrixX<float> embed(ColumnList<float> x) const { return MatrixX<float>::Zero(rows, x.cols() - missing); }
  Euclidean metric() const { return {}; }
};

}  // namespace

TEST_CASE("embeddings are rejected if there is not one per sample, or they have no elements", "[embedder]") {
  const MatrixX<float> x = MatrixX<float>::Ones(3, 2);
  const Pairs<float> pairs{x, x, {1, 0}};
  for (const Faulty& model : {Faulty{2, 1}, Faulty{0, 0}}) {
    CHECK_THROWS_AS(distances(model, pairs), ShapeError);
    const Verifier verifier{model, Calibration{}};
    CHECK_THROWS_AS(verifier.distance(x.col(0), x.col(1)), ShapeError);
    CHECK_THROWS_AS(verifier.distances(x, x), ShapeError);
  }
}
