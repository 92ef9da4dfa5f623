#include "gemel/training/max_distance.hpp"

#include <cmath>
#include <limits>

#include "catch.hpp"
#include "gemel/network/any_distance.hpp"
#include "gemel/network/network.hpp"

using namespace gemel;

namespace {

template <class Metric = Euclidean, class... Layers>
double max_distance_of(const Layers&... layers) {
  Rng rng{1};
  const auto network = make_network<double>(rng, layers...);
  return max_distance(Metric{}, detail::embedding_range(network), network.out());
}

}  // namespace

TEST_CASE("fitted layers bound embeddings, or scale the bounds of their inputs", "[max_distance]") {
  const double infinity = std::numeric_limits<double>::infinity();
  const auto near = [](double a, double b) { return std::abs(a - b) <= 1e-12 * b; };
  const Dense<3, 4, Sigmoid> sigmoid;
  CHECK(near(max_distance_of(sigmoid), 2));
  CHECK(near(max_distance_of(sigmoid, Rescale<4>{{.offset = 0.5, .factor = -3}}), 6));
  CHECK(max_distance_of(Dense<3, 4>{}, Rescale<4>{{.factor = 3}}) == infinity);
  CHECK(near(max_distance_of(L2Normalize<4>{}, Rescale<4>{{.factor = -5}}), 10));
  CHECK(near(max_distance_of<Manhattan>(sigmoid, Rescale<4>{{.factor = 5}}), 20));

  const auto standardize = [](StandardizeOptions options) {
    return Standardize<4>{{0, 0, 0, 0}, {1, 1, 1, 1}, options};
  };
  CHECK(max_distance_of(standardize({})) == infinity);
  CHECK(near(max_distance_of(standardize({.clip = 1.5})), 6));
}

TEST_CASE("AnyDistance has the largest distance of the distance that it holds", "[max_distance]") {
  const VectorRange range{.low = 0, .high = 1, .norm = 2};
  CHECK(max_distance(AnyDistance{}, range, 16) == max_distance(Euclidean{}, range, 16));
  CHECK(max_distance(AnyDistance{SquaredEuclidean{}}, range, 16) == max_distance(SquaredEuclidean{}, range, 16));
  CHECK(max_distance(AnyDistance{Manhattan{}}, range, 16) == max_distance(Manhattan{}, range, 16));
  CHECK(max_distance(AnyDistance{Cosine{}}, range, 16) == 1);
}
