#include "gemel/network/rescale.hpp"

#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "error_text.hpp"
#include "gemel/core/random.hpp"
#include "gemel/data/samples.hpp"
#include "gradients.hpp"
#include "mentions.hpp"

using namespace gemel;

static_assert(Layer<Rescale<>, float> && Layer<Rescale<7>, double> && BoundingLayer<Rescale<>>);
static_assert(!std::is_default_constructible_v<Rescale<7>> && !std::is_default_constructible_v<Rescale<>>);
static_assert(detail::is_fitted<Rescale<>>);

TEST_CASE("Rescale subtracts its offset and then multiplies, in double", "[rescale]") {
  MatrixX<float> x(2, 3), expected(2, 3);
  x << 3, 5, -1, 4, 255, 0;
  const MatrixX<float> y = Rescale<>{2, {.offset = 3, .factor = -0.5}}.transform(x);
  expected << 0, -1, 2, -0.5F, -126, 1.5F;
  CHECK(y == expected);
  const Rescale<2> pixels{{.factor = 1 / 255.0}};
  for (Index i = 0; i < x.size(); ++i) {
    CHECK(pixels.transform(x)(i) == static_cast<float>(static_cast<double>(x(i)) * (1 / 255.0)));
  }
  const Rescale<> same = pixels;
  CHECK(same.in() == 2);
  CHECK(same.offset() == 0);
  CHECK(same.factor() == 1 / 255.0);
  CHECK(same.transform(x) == pixels.transform(x));
}

TEST_CASE("to_unit_range maps all features to [0, 1]", "[rescale]") {
  Rng rng{3};
  const MatrixX<float> x = 100 * normal<float>(5, 9, rng);
  const auto low = static_cast<double>(x.minCoeff()), high = static_cast<double>(x.maxCoeff());
  const MatrixX<float> expected = ((x.cast<double>().array() - low) * (1 / (high - low))).cast<float>();
  const auto layer = Rescale<>::to_unit_range(x);
  CHECK(layer.in() == 5);
  CHECK(layer.offset() == low);
  CHECK(layer.factor() == 1 / (high - low));
  CHECK(layer.transform(x) == expected);
  CHECK(expected.minCoeff() == 0);
  CHECK(std::abs(expected.maxCoeff() - 1) <= 1e-6F);
  const Samples<float> samples{x};
  CHECK(Rescale<5>::to_unit_range(samples).transform(samples) == expected);
  const std::vector<Index> some = {2, 3};
  CHECK(Rescale<5>::to_unit_range(samples.select(some)).offset() == static_cast<double>(x.middleCols(2, 2).minCoeff()));

  for (const auto& [smallest, largest] : {std::pair{0.0F, 1e-40F}, {1e-42F, 1e-40F}, {-2e38F, 2e38F}, {2e38F, 3e38F}}) {
    CAPTURE(smallest, largest);
    MatrixX<float> two(1, 2);
    two << smallest, largest;
    const MatrixX<float> y = Rescale<1>::to_unit_range(two).transform(two);
    CHECK(y(0) == 0);
    CHECK(std::abs(y(1) - 1) < 1e-6);
  }
}

TEST_CASE("Rescale's gradient matches finite differences", "[rescale]") {
  Rng rng{4};
  const MatrixX<double> x = normal<double>(7, 4, rng), u = normal<double>(7, 4, rng);
  CHECK(test::input_gradient_error(Rescale<7>{{.offset = 2, .factor = -0.3}}, x, u, Pass{}) <= 1e-7);
}

TEST_CASE("Rescale rejects invalid options and samples", "[rescale]") {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  for (const double bad : {0.0, nan, infinity}) CHECK_THROWS_AS((Rescale<2>{{.factor = bad}}), ValueError);
  for (const double bad : {-infinity, nan}) CHECK_THROWS_AS((Rescale<>{2, {.offset = bad}}), ValueError);
  CHECK_THROWS_AS((Rescale<2>{3, {.factor = 2}}), ShapeError);
  CHECK_THROWS_AS((Rescale<>{0, {.factor = 2}}), ShapeError);
  CHECK_THROWS_AS((Rescale<2>{{.factor = 2}}.transform(MatrixX<float>::Zero(3, 4))), ShapeError);

  CHECK_THROWS_AS(Rescale<>::to_unit_range(MatrixX<float>(3, 0)), ShapeError);
  CHECK_THROWS_AS(Rescale<2>::to_unit_range(MatrixX<float>::Identity(3, 4)), ShapeError);
  CHECK_THROWS_AS(Rescale<>::to_unit_range(MatrixX<float>::Constant(3, 4, 14.62F)), ValueError);
  MatrixX<double> x = MatrixX<double>::Identity(3, 4);
  x(2, 1) = 1e308;
  x(0, 3) = -1e308;
  CHECK_THROWS_AS(Rescale<>::to_unit_range(x), ValueError);
  x(2, 1) = nan;
  CHECK(mentions(error_text([&] { Rescale<>::to_unit_range(x); }), "sample 1, feature 2: "));
}
