#include "gemel/verification/template.hpp"

#include <cmath>

#include "catch.hpp"
#include "gemel/network/distance.hpp"

using namespace gemel;

TEST_CASE("a centroid is the mean of the embeddings, summed in double", "[template]") {
  const MatrixX<float> embeddings{{1, 2, 6}, {1e8F, 1, -1e8F}};
  const VectorX<float> centroid = detail::centroid_of(embeddings);
  CHECK(centroid[0] == 3);
  CHECK(centroid[1] == static_cast<float>(1.0 / 3));
}

TEST_CASE("a spread is the mean over all pairs of columns", "[template]") {
  const MatrixX<double> embeddings{{0, 3, 0}, {0, 4, 0}};
  CHECK(detail::spread_of(Euclidean{}, embeddings) == 10.0 / 3);
  CHECK(detail::spread_of(SquaredEuclidean{}, embeddings) == 50.0 / 3);
  CHECK(std::isnan(detail::spread_of(Euclidean{}, MatrixX<double>(embeddings.leftCols(1)))));
}
