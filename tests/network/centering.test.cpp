#include "gemel/network/centering.hpp"

#include <cmath>
#include <limits>
#include <utility>

#include "catch.hpp"
#include "gemel/core/random.hpp"
#include "gemel/data/samples.hpp"
#include "gradients.hpp"

using namespace gemel;

static_assert(Layer<Centering<>, float> && Layer<Centering<7>, double> && detail::is_fitted<Centering<>>);

TEST_CASE("Centering subtracts the mean of the samples that it is fitted to", "[centering]") {
  Rng rng{1};
  MatrixX<float> x = normal<float>(5, 40, rng);
  x.row(2).array() += 1e6F;
  const Centering<> layer{x};
  CHECK((layer.mean() - x.cast<double>().rowwise().mean()).cwiseAbs().maxCoeff() <= 1e-9);
  CHECK(layer.transform(x) == (x.cast<double>().colwise() - VectorX<double>(layer.mean())).cast<float>());
  CHECK(Centering<5>{Samples<float>{x}}.transform(x) == layer.transform(x));
  const Centering<> dynamic = Centering<5>{x};
  CHECK(dynamic.mean() == layer.mean());
  const MatrixX<double> at = normal<double>(5, 3, rng), u = normal<double>(5, 3, rng);
  CHECK(test::input_gradient_error(Centering<>{normal<double>(5, 9, rng)}, at, u, Pass{}) <= 1e-7);
}

TEST_CASE("Centering accepts a single sample, and rejects none, NaN, infinity and other sizes", "[centering]") {
  const MatrixX<float> one = MatrixX<float>::Constant(3, 1, 2);
  CHECK(Centering<>{one}.transform(one).isZero(0));
  CHECK_THROWS_AS(Centering<>{MatrixX<float>(3, 0)}, ShapeError);
  CHECK_THROWS_AS(Centering<4>{one}, ShapeError);
  CHECK_THROWS_AS(Centering<>{one}.transform(MatrixX<float>::Zero(4, 1).eval()), ShapeError);
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    MatrixX<float> x = one;
    x(1, 0) = bad;
    try {
      Centering<>{x};
      FAIL("no error");
    } catch (const NonFiniteError& error) {
      CHECK(error.place().feature == 1);
    }
  }
  const MatrixX<double> huge = MatrixX<double>::Constant(1, 3, 1.7e308);
  CHECK(Centering<>{huge}.mean()[0] > 1e308);
}
