#include "gemel/verification/raw_samples.hpp"

#include "catch.hpp"
#include "gemel/core/random.hpp"
#include "gemel/data/pairs.hpp"
#include "gemel/verification/distances.hpp"
#include "gemel/verification/embedder.hpp"

using namespace gemel;

TEST_CASE("the embeddings of RawSamples are the samples", "[raw_samples]") {
  static_assert(Embedder<RawSamples<float>> && Embedder<RawSamples<double>>);
  Rng rng{1};
  const MatrixX<float> a = uniform<float>(5, 3, rng), b = uniform<float>(5, 3, rng);
  const RawSamples<float> model{5};
  CHECK(model.embed(ColumnList<float>{a.data(), 5, 5, 3}) == a);
  CHECK(model.embedding_size() == 5);
  const VectorX<float> d = distances(model, Pairs<float>{a, b, Labels{1, 0, 1}});
  for (Index j = 0; j < 3; ++j) {
    CHECK(d[j] == Euclidean{}.value(ConstColumn<float>{a.col(j).data(), 5}, ConstColumn<float>{b.col(j).data(), 5}));
  }
}

TEST_CASE("RawSamples refuses samples of another size", "[raw_samples]") {
  const MatrixX<float> x = MatrixX<float>::Zero(4, 2);
  CHECK_THROWS_AS(RawSamples<float>{0}, ShapeError);
  CHECK_THROWS_AS(RawSamples<float>{5}.embed(ColumnList<float>{x.data(), 4, 4, 2}), ShapeError);
  Workspace<float> workspace;
  MatrixX<float> y(4, 1);
  CHECK_THROWS_AS(
      RawSamples<float>{4}.embed(ColumnList<float>{x.data(), 4, 4, 2}, Columns<float>(y.data(), 4, 1), workspace),
      ShapeError);
}
