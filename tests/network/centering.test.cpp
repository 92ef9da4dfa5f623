#include "gemel/network/centering.hpp"

#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

#include "catch.hpp"
#include "error_text.hpp"
#include "gemel/core/random.hpp"
#include "gemel/data/samples.hpp"
#include "gradients.hpp"
#include "mentions.hpp"

using namespace gemel;

static_assert(Layer<Centering<>, float> && Layer<Centering<7>, double> && BoundingLayer<Centering<>>);
static_assert(!std::is_default_constructible_v<Centering<7>> && detail::is_fitted<Centering<>>);

TEST_CASE("Centering subtracts the mean of the samples, in double", "[centering]") {
  Rng rng{3};
  const MatrixX<float> x = (10 * normal<float>(5, 17, rng)).array() + 1e6F;
  VectorX<double> mean = VectorX<double>::Zero(5);
  for (Index j = 0; j < 17; ++j) mean += x.col(j).cast<double>() / 17;
  const Centering<> layer{x};
  CHECK(layer.in() == 5);
  CHECK(layer.out() == 5);
  CHECK(layer.mean() == mean);
  const MatrixX<float> expected = (x.cast<double>().colwise() - mean).cast<float>();
  CHECK(layer.transform(x) == expected);
  CHECK(Centering<5>{Samples<float>{x}}.transform(x) == expected);
  CHECK(Centering<5>{MatrixX<double>(x.cast<double>())}.mean() == mean);
  CHECK(Centering<>{std::vector<double>(mean.begin(), mean.end())}.mean() == mean);
  CHECK(Centering<>{mean}.mean() == mean);  // one sample is its mean
  const Centering<> same = Centering<3>{{1, -2, 0.5}};
  CHECK(same.mean() == VectorX<double>{{1, -2, 0.5}});
  const auto lasting = Centering<>{same}.mean();  // a copy, since the layer is a temporary
  CHECK(lasting == same.mean());
}

TEST_CASE("Centering's gradient matches finite differences", "[centering]") {
  Rng rng{4};
  const MatrixX<double> x = normal<double>(7, 4, rng), u = normal<double>(7, 4, rng);
  CHECK(test::input_gradient_error(Centering<>{x}, x, u, Pass{}) <= 1e-7);
}

TEST_CASE("Centering rejects samples and means that it cannot use", "[centering]") {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  MatrixX<float> x = MatrixX<float>::Ones(3, 4);
  CHECK(mentions(error_text<ShapeError>([&] { Centering<4>{x}; }), "takes 4 features, but the samples have 3"));
  CHECK_THROWS_AS(Centering<>{MatrixX<float>(3, 0)}, ShapeError);
  CHECK_THROWS_AS(Centering<>{std::vector<double>{}}, ShapeError);
  CHECK(mentions(error_text<ShapeError>([] { Centering<2>{{1, 2, 3}}; }), "takes 2 features, but 3 means"));
  CHECK(mentions(error_text<ValueError>([] { Centering<>{{1, nan}}; }), "the mean of feature 1 must be finite"));
  x(1, 2) = std::numeric_limits<float>::infinity();
  CHECK(mentions(error_text<NonFiniteError>([&] { Centering<>{x}; }), "sample 2, feature 1"));
  const MatrixX<float> y = Centering<>{{0, 0, 0}}.transform(x);
  CHECK(std::isnan(y(1, 2)));
  CHECK(y.leftCols(2) == x.leftCols(2));
}
