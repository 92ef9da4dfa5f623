#include "gemel/training/farthest.hpp"

#include <cmath>
#include <limits>

#include "catch.hpp"
#include "gemel/network/any_distance.hpp"
#include "gemel/network/network.hpp"

using namespace gemel;

namespace {

template <class Metric = Euclidean, class... Layers>
double farthest_embeddings(const Layers&... layers) {
  Rng rng{1};
  const auto network = make_network<double>(rng, layers...);
  return farthest(Metric{}, detail::embedding_range(network), network.out());
}

}  // namespace

TEST_CASE("fitted layers bound embeddings, or move the bounds of what is before them", "[farthest]") {
  const double infinity = std::numeric_limits<double>::infinity();
  const auto near = [](double a, double b) { return std::abs(a - b) <= 1e-12 * b; };
  const Dense<3, 4, Sigmoid> sigmoid;
  CHECK(near(farthest_embeddings(sigmoid), 2));
  CHECK(near(farthest_embeddings(sigmoid, Rescale<4>{{.offset = 0.5, .factor = -3}}), 6));
  CHECK(farthest_embeddings(Dense<3, 4>{}, Rescale<4>{{.factor = 3}}) == infinity);
  CHECK(near(farthest_embeddings(L2Normalize<4>{}, Rescale<4>{{.factor = -5}}), 10));
  CHECK(near(farthest_embeddings<Manhattan>(sigmoid, Rescale<4>{{.factor = 5}}), 20));

  const auto standardize = [](StandardizeOptions options) {
    return Standardize<4>{{0, 0, 0, 0}, {1, 1, 1, 1}, options};
  };
  CHECK(farthest_embeddings(standardize({})) == infinity);
  CHECK(near(farthest_embeddings(standardize({.clip = 1.5})), 6));
}

TEST_CASE("the farthest that AnyDistance may be is that of what is chosen", "[farthest]") {
  const VectorRange range{.low = 0, .high = 1, .norm = 2};
  CHECK(farthest(AnyDistance{}, range, 16) == farthest(Euclidean{}, range, 16));
  CHECK(farthest(AnyDistance{SquaredEuclidean{}}, range, 16) == farthest(SquaredEuclidean{}, range, 16));
  CHECK(farthest(AnyDistance{Manhattan{}}, range, 16) == farthest(Manhattan{}, range, 16));
  CHECK(farthest(AnyDistance{Cosine{}}, range, 16) == 1);
}
