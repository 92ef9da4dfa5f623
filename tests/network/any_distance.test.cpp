#include "gemel/network/any_distance.hpp"

#include <concepts>

#include "catch.hpp"
#include "gemel/core/random.hpp"
#include "gemel/network/dense.hpp"
#include "gemel/network/network.hpp"
#include "gemel/network/siamese.hpp"

using namespace gemel;

namespace {

struct HalfOfEuclidean : Euclidean {
  template <Scalar S>
  S value(ConstColumn<S> a, ConstColumn<S> b) const {
    return Euclidean::value(a, b) / 2;
  }
};

static_assert(Distance<AnyDistance, float> && Distance<AnyDistance, double>);
static_assert(!std::constructible_from<AnyDistance, HalfOfEuclidean>);  // it would be measured as Euclidean

template <class S, class Metric>
void check_any_distance(const Metric& metric) {
  const AnyDistance any = metric;
  Rng rng{1};
  const MatrixX<S> x = normal<S>(7, 2, rng);
  const ConstColumn<S> a(x.col(0).data(), 7), b(x.col(1).data(), 7);
  const S d = metric.value(a, b);
  CHECK(any.value(a, b) == d);
  CHECK(any.as_length(2.5) == metric.as_length(2.5));

  MatrixX<S> expected = normal<S>(7, 2, rng);  // gradients are added to what is there
  MatrixX<S> gradient = expected;
  metric.add_gradient(a, b, d, S{-0.75}, Column<S>(expected.col(0).data(), 7), Column<S>(expected.col(1).data(), 7));
  any.add_gradient(a, b, d, S{-0.75}, Column<S>(gradient.col(0).data(), 7), Column<S>(gradient.col(1).data(), 7));
  CHECK(gradient == expected);

  // 50 pairs are more than one block.
  const Network<S, Dense<7, 5>> network{rng};
  const MatrixX<S> left = normal<S>(7, 50, rng), right = normal<S>(7, 50, rng);
  CHECK(Siamese{network, any}.distance(left, right) == Siamese{network, metric}.distance(left, right));
}

}  // namespace

TEMPLATE_TEST_CASE("AnyDistance is bit-identical to the chosen distance", "[any_distance]", float, double) {
  check_any_distance<TestType>(Euclidean{});
  check_any_distance<TestType>(SquaredEuclidean{});
  check_any_distance<TestType>(Manhattan{});
  check_any_distance<TestType>(Cosine{});
}

TEST_CASE("AnyDistance is Euclidean by default", "[any_distance]") {
  const VectorX<double> a{{0, 0}}, b{{3, 4}};
  CHECK(AnyDistance{}.value(ConstColumn<double>(a.data(), 2), ConstColumn<double>(b.data(), 2)) == 5);
}
