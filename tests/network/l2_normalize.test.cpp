#include "gemel/network/l2_normalize.hpp"

#include <cmath>
#include <limits>
#include <span>
#include <type_traits>

#include "catch.hpp"
#include "gradients.hpp"

using namespace gemel;

static_assert(Layer<L2Normalize<>, float> && Layer<L2Normalize<7>, double> && BoundingLayer<L2Normalize<>>);
static_assert(std::is_default_constructible_v<L2Normalize<7>> && !std::is_default_constructible_v<L2Normalize<>>);

namespace {

template <class L, Scalar S>
MatrixX<S> forward(const L& layer, const MatrixX<S>& x) {
  MatrixX<S> y = MatrixX<S>::Constant(x.rows(), x.cols(), 99);
  layer.forward(std::span<const S>(), ColumnList<S>(ConstColumns<S>(x.data(), x.rows(), x.cols())),
                Columns<S>(y.data(), y.rows(), y.cols()), Pass{});
  return y;
}

}  // namespace

TEST_CASE("L2Normalize gives every column the length 1 and preserves its direction", "[l2_normalize]") {
  MatrixX<double> x(2, 3);
  x << 3, -5, 0,  //
      4, 12, 1e-150;
  const MatrixX<double> y = forward(L2Normalize<2>{}, x);
  MatrixX<double> expected(2, 3);
  expected << 0.6, -5 / 13.0, 0,  //
      0.8, 12 / 13.0, 1;
  CHECK((y - expected).cwiseAbs().maxCoeff() <= 1e-15);

  Rng rng{4};
  const MatrixX<float> z = forward(L2Normalize<>{37}, normal<float>(37, 5, rng));
  CHECK((z.colwise().norm().array() - 1).abs().maxCoeff() <= 1e-6F);
}

TEST_CASE("L2Normalize's gradient matches finite differences", "[l2_normalize]") {
  Rng rng{4};
  const MatrixX<double> x = normal<double>(11, 4, rng), u = normal<double>(11, 4, rng);
  CHECK(test::input_gradient_error(L2Normalize<>{11}, x, u, Pass{}) <= 1e-7);
  CHECK(test::input_gradient_error(L2Normalize<11>{}, x, u, Pass{}) <= 1e-7);

  // For a dy orthogonal to y, the gradient is dy / |x|.
  MatrixX<double> at(2, 1), across(2, 1);
  at << 3, 4;
  across << -4, 3;
  CHECK(test::input_gradient_error(L2Normalize<2>{}, at, across, Pass{}) <= 1e-7);
}

TEST_CASE("a zero vector stays zero and has the gradient 0, and NaN propagates", "[l2_normalize]") {
  const L2Normalize<3> layer;
  MatrixX<float> x = MatrixX<float>::Zero(3, 2);
  x(1, 1) = std::numeric_limits<float>::quiet_NaN();
  const MatrixX<float> y = forward(layer, x);
  CHECK(y.col(0).isZero(0));
  CHECK(y.col(1).array().isNaN().all());

  MatrixX<float> dy = MatrixX<float>::Ones(3, 2), dx = MatrixX<float>::Constant(3, 2, 99);
  const ColumnList<float> xs{ConstColumns<float>(x.data(), 3, 2)}, ys{ConstColumns<float>(y.data(), 3, 2)};
  layer.backward(std::span<const float>(), xs, ys, Columns<float>(dy.data(), 3, 2), Columns<float>(dx.data(), 3, 2),
                 Pass{});
  CHECK(dx.col(0).isZero(0));
  CHECK(dx.col(1).array().isNaN().all());
}

TEST_CASE("L2Normalize preserves the direction of very long and very short vectors", "[l2_normalize]") {
  const L2Normalize<2> layer;
  for (const float size : {1e-38F, 1e-22F, 1e25F, 3e37F}) {
    MatrixX<float> x(2, 1);
    x << 3 * size, -4 * size;
    CAPTURE(size);
    const MatrixX<float> y = forward(layer, x);
    CHECK(std::abs(y(0, 0) - 0.6F) <= 1e-6F);
    CHECK(std::abs(y(1, 0) + 0.8F) <= 1e-6F);

    MatrixX<float> dy(2, 1), dx(2, 1);
    dy << 4 * size, 3 * size;  // orthogonal to y
    const ColumnList<float> xs{ConstColumns<float>(x.data(), 2, 1)}, ys{ConstColumns<float>(y.data(), 2, 1)};
    layer.backward(std::span<const float>(), xs, ys, Columns<float>(dy.data(), 2, 1), Columns<float>(dx.data(), 2, 1),
                   Pass{});
    CHECK(std::abs(dx(0, 0) - 0.8F) <= 2e-6F);
    CHECK(std::abs(dx(1, 0) - 0.6F) <= 2e-6F);
  }
}

TEST_CASE("L2Normalize rejects invalid sizes", "[l2_normalize]") {
  CHECK_THROWS_AS(L2Normalize<>{-1}, ShapeError);
  CHECK_THROWS_AS(L2Normalize<3>{4}, ShapeError);
  CHECK(L2Normalize<>{4}.out() == 4);
}
