#include "gemel/network/dense.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <span>
#include <type_traits>
#include <vector>

#include "catch.hpp"
#include "gradients.hpp"

using namespace gemel;

static_assert(BoundingLayer<Dense<3, 2>>);
static_assert(std::is_default_constructible_v<Dense<3, 2>> && !std::is_default_constructible_v<Dense<3, Dynamic>>);
static_assert(sizeof(Dense<3, 2, ReLU>) == 1);

namespace {

template <Scalar S>
ColumnList<S> list(const MatrixX<S>& x) {
  return ConstColumns<S>(x.data(), x.rows(), x.cols());
}
template <Scalar S>
Columns<S> columns(MatrixX<S>& x) {
  return {x.data(), x.rows(), x.cols()};
}
template <Scalar S>
std::span<const S> span(const VectorX<S>& p) {
  return {p.data(), static_cast<std::size_t>(p.size())};
}

template <class L, Scalar S>
MatrixX<S> forward(const L& layer, const VectorX<S>& p, ColumnList<S> x) {
  MatrixX<S> y = MatrixX<S>::Constant(layer.out(), x.cols(), 99);
  layer.forward(span(p), x, columns(y), Pass{});
  return y;
}

// The gradients of the elementwise product of u and y, summed.
template <Scalar S>
struct Gradient {
  MatrixX<S> dx;
  VectorX<S> dp;
};

template <class L, Scalar S>
Gradient<S> gradient(const L& layer, const VectorX<S>& p, const MatrixX<S>& x, const MatrixX<S>& u) {
  const MatrixX<S> y = forward(layer, p, list(x));
  MatrixX<S> dz = u, dx = MatrixX<S>::Constant(x.rows(), x.cols(), 99);
  layer.backward(span(p), list(x), list(y), columns(dz), columns(dx), Pass{});
  VectorX<S> dp = VectorX<S>::Zero(layer.parameter_count());
  layer.add_gradient(list(x), list(dz), 0, std::span<S>(dp.data(), static_cast<std::size_t>(dp.size())));
  return {dx, dp};
}

}  // namespace

TEMPLATE_TEST_CASE("forward computes f(W x + b), where the parameters are W column by column and then b", "[dense]",
                   Linear, ReLU, LeakyReLU, Tanh, Sigmoid) {
  const Dense<Dynamic, Dynamic, TestType> layer{7, 19};
  Rng rng{1};
  const VectorX<double> p = normal<double>(layer.parameter_count(), 1, rng);
  const MatrixX<double> x = normal<double>(7, 11, rng);
  const ConstColumns<double> w(p.data(), 19, 7);
  MatrixX<double> expected = (w * x).colwise() + p.tail(19);
  expected = expected.unaryExpr([](double z) { return TestType{}.value(z); });
  CHECK((forward(layer, p, list(x)) - expected).cwiseAbs().maxCoeff() <= 1e-14);

  const VectorX<float> pf = p.cast<float>();
  const MatrixX<float> xf = x.cast<float>();
  const MatrixX<float> yf = forward(layer, pf, list(xf));
  CHECK((yf - expected.cast<float>()).cwiseAbs().maxCoeff() <= 1e-5F);
}

TEMPLATE_TEST_CASE("sizes static, dynamic or mixed give the same bits", "[dense]", float, double) {
  Rng rng{2};
  const Dense<5, 9, Tanh> fixed;
  const VectorX<TestType> p = normal<TestType>(9 * 6, 1, rng);
  const MatrixX<TestType> x = normal<TestType>(5, 8, rng), u = normal<TestType>(9, 8, rng);
  const MatrixX<TestType> y = forward(fixed, p, list(x));
  const Gradient<TestType> expected = gradient(fixed, p, x, u);
  const auto check = [&](const auto& layer) {
    CHECK(layer.in() == 5);
    CHECK(layer.out() == 9);
    CHECK(layer.parameter_count() == 54);
    CHECK(layer.grain() == 9);
    CHECK(layer.variables() == std::array<Index, 2>{45, 9});
    CHECK(forward(layer, p, list(x)) == y);
    const Gradient<TestType> g = gradient(layer, p, x, u);
    CHECK(g.dx == expected.dx);
    CHECK(g.dp == expected.dp);
  };
  check(fixed);
  check(Dense<Dynamic, Dynamic, Tanh>{5, 9});
  check(Dense<5, Dynamic, Tanh>{5, 9});
  check(Dense<Dynamic, 9, Tanh>{5, 9});
}

TEMPLATE_TEST_CASE("the bits of a column depend neither on its place in memory nor on the number of columns", "[dense]",
                   float, double) {
  const Dense<6, 10, ReLU> layer;
  Rng rng{3};
  const VectorX<TestType> p = normal<TestType>(70, 1, rng);
  const MatrixX<TestType> x = normal<TestType>(6, 211, rng);
  const MatrixX<TestType> y = forward(layer, p, list(x));
  std::vector<const TestType*> reversed;
  for (Index j = 210; j >= 0; --j) reversed.push_back(x.data() + 6 * j);
  CHECK(forward(layer, p, ColumnList<TestType>(reversed.data(), 6, 211)) == y.rowwise().reverse());
  for (const Index j : {0, 95, 96, 191, 192, 210}) {
    CHECK(forward(layer, p, list(x).middle(j, 1)) == y.col(j));
  }
  CHECK(forward(layer, p, list(x).middle(0, 0)).cols() == 0);

  // The gradient is summed column by column, whether the columns come as one matrix, as pointers or in two parts.
  MatrixX<TestType> dz = normal<TestType>(10, 211, rng);
  std::vector<const TestType*> in_order(reversed.rbegin(), reversed.rend());
  VectorX<TestType> whole = VectorX<TestType>::Ones(70), pointers = whole, parts = whole;
  const auto add = [&](ColumnList<TestType> from, ColumnList<TestType> delta, VectorX<TestType>& g) {
    layer.add_gradient(from, delta, 0, std::span<TestType>(g.data(), 70));
  };
  add(list(x), list(dz), whole);
  add({in_order.data(), 6, 211}, list(dz), pointers);
  add(list(x).middle(0, 50), list(dz).middle(0, 50), parts);
  add(list(x).middle(50, 161), list(dz).middle(50, 161), parts);
  CHECK(pointers == whole);
  CHECK(parts == whole);
}

TEMPLATE_TEST_CASE("Dense's gradients match finite differences", "[dense]", Linear, ReLU, LeakyReLU, Tanh, Sigmoid) {
  const Dense<4, 7, TestType> layer;
  Rng rng{4};
  VectorX<double> p;
  MatrixX<double> x;
  const auto smallest_z = [&] {
    const ConstColumns<double> w(p.data(), 7, 4);
    return ((w * x).colwise() + p.tail(7)).cwiseAbs().minCoeff();
  };
  do {
    p = normal<double>(35, 1, rng);
    x = normal<double>(4, 5, rng);
  } while (smallest_z() <= 1e-3);  // keeps away from the kinks of ReLU and LeakyReLU
  const MatrixX<double> u = normal<double>(7, 5, rng);
  const Gradient<double> g = gradient(layer, p, x, u);
  const auto loss_of_p = [&](const VectorX<double>& at) { return forward(layer, at, list(x)).cwiseProduct(u).sum(); };
  const auto loss_of_x = [&](const VectorX<double>& at) {
    const MatrixX<double> moved = at.reshaped(4, 5);
    return forward(layer, p, list(moved)).cwiseProduct(u).sum();
  };
  CHECK(test::gradient_error(loss_of_p, p, g.dp) <= 1e-7);
  CHECK(test::gradient_error(loss_of_x, x.reshaped(), g.dx.reshaped()) <= 1e-7);
}

TEMPLATE_TEST_CASE("a gradient computed in blocks has the same bits, and is added to what is there", "[dense]", float,
                   double) {
  const Dense<Dynamic, Dynamic> layer{11, 5};
  Rng rng{5};
  const MatrixX<TestType> x = normal<TestType>(11, 130, rng), dz = normal<TestType>(5, 130, rng);
  const VectorX<TestType> start = normal<TestType>(60, 1, rng);
  VectorX<TestType> whole = start;
  layer.add_gradient(list(x), list(dz), 0, std::span<TestType>(whole.data(), 60));
  const MatrixX<TestType> dw = dz * x.transpose();
  CHECK((whole.head(55) - start.head(55) - dw.reshaped()).cwiseAbs().maxCoeff() <= 1e-3F);
  CHECK((whole.tail(5) - start.tail(5) - dz.rowwise().sum()).cwiseAbs().maxCoeff() <= 1e-3F);
  for (const Index columns_each : {1, 3, 4, 11, 12}) {
    VectorX<TestType> g = start;
    for (Index column = 0; column < 12; column += columns_each) {
      const Index count = std::min<Index>(columns_each, 12 - column);
      layer.add_gradient(list(x), list(dz), 5 * column,
                         std::span<TestType>(g.data() + 5 * column, static_cast<std::size_t>(5 * count)));
    }
    CAPTURE(columns_each);
    CHECK(g == whole);
  }
}

TEMPLATE_TEST_CASE("backward computes dz and dx, or only dz if dx is empty", "[dense]", float, double) {
  Rng rng{6};
  for (const Index in : {6, 300}) {
    const Dense<Dynamic, Dynamic, ReLU> layer{in, 9};
    const VectorX<TestType> p = normal<TestType>(layer.parameter_count(), 1, rng);
    const MatrixX<TestType> x = normal<TestType>(in, 100, rng), u = normal<TestType>(9, 100, rng);
    const MatrixX<TestType> y = forward(layer, p, list(x));
    MatrixX<TestType> dz = u, dx(in, 100), none(in, 0), dz_only = u;
    layer.backward(span(p), list(x), list(y), columns(dz), columns(dx), Pass{});
    CHECK(dz == (y.array() > 0).select(u, TestType{0}));
    CHECK(dx.isApprox(ConstColumns<TestType>(p.data(), 9, in).transpose() * dz));
    layer.backward(span(p), list(x), list(y), columns(dz_only), columns(none), Pass{});
    CHECK(dz_only == dz);
  }
}

TEST_CASE("gradient_bound holds for every element of the gradient", "[dense]") {
  const Dense<8, 3> layer;
  Rng rng{7};
  for (const double scale : {0.01, 1.0, 100.0}) {
    const MatrixX<double> x = scale * MatrixX<double>::Ones(8, 20), dz = MatrixX<double>::Constant(3, 20, -0.5);
    VectorX<double> g = VectorX<double>::Zero(27);
    layer.add_gradient(list(x), list(dz), 0, std::span<double>(g.data(), 27));
    const double bound = layer.gradient_bound(scale, 0.5, 20);
    CHECK(g.cwiseAbs().maxCoeff() <= bound * (1 + 1e-12));
    CHECK(g.cwiseAbs().maxCoeff() >= bound * (1 - 1e-12));  // the bound is reached because all elements are equal
  }
}

TEST_CASE("the initializer fills the weights, and biases are 0", "[dense]") {
  Rng rng{8}, same{8}, he{8};
  VectorX<float> p = VectorX<float>::Constant(35, 99), weights(28);
  Dense<4, 7>{}.initialize(std::span<float>(p.data(), 35), rng);
  GlorotUniform{}(std::span<float>(weights.data(), 28), 4, 7, same);
  CHECK(p.head(28) == weights);
  CHECK(p.tail(7).isZero(0));

  Dense<4, 7, ReLU, HeUniform>{}.initialize(std::span<float>(p.data(), 35), rng = he);
  HeUniform{}(std::span<float>(weights.data(), 28), 4, 7, he);
  CHECK(p.head(28) == weights);
}

TEST_CASE("a Dense keeps its activation's options, and rejects invalid sizes", "[dense]") {
  const Dense<2, 1, LeakyReLU> layer{LeakyReLU{.negative_slope = 0.25}};
  CHECK(layer.activation().negative_slope == 0.25);
  VectorX<double> p(3);
  p << 1, 1, -1;
  const MatrixX<double> x = MatrixX<double>::Constant(2, 1, -1);
  CHECK(forward(layer, p, list(x))(0, 0) == -0.75);
  CHECK(Dense<Dynamic, 1, LeakyReLU>{2, 1, LeakyReLU{.negative_slope = 0.5}}.activation().negative_slope == 0.5);

  CHECK_THROWS_AS((Dense<Dynamic, Dynamic>{0, 4}), ShapeError);
  CHECK_THROWS_AS((Dense<Dynamic, Dynamic>{4, -1}), ShapeError);
  CHECK_THROWS_AS((Dense<3, Dynamic>{4, 2}), ShapeError);
  CHECK_THROWS_AS((Dense<Dynamic, 2>{4, 3}), ShapeError);
}

TEMPLATE_TEST_CASE("a NaN feature propagates to every unit", "[dense]", Linear, ReLU, LeakyReLU, Tanh, Sigmoid) {
  const Dense<Dynamic, Dynamic, TestType> layer{3, 20};
  MatrixX<float> x = MatrixX<float>::Ones(3, 2);
  x(2, 1) = std::numeric_limits<float>::quiet_NaN();
  const VectorX<float> p = VectorX<float>::Constant(80, -1);
  const MatrixX<float> y = forward(layer, p, list(x));
  CHECK(!y.col(0).array().isNaN().any());
  CHECK(y.col(1).array().isNaN().all());
}

namespace {

template <class L, Scalar S>
void check_measured_passes() {
  Rng rng{9};
  const L layer;
  for (const Index n : {1, 5, 13, 600}) {
    VectorX<S> p(layer.parameter_count());
    layer.initialize(std::span<S>(p.data(), static_cast<std::size_t>(p.size())), rng);
    const MatrixX<S> x = normal<S>(layer.in(), n, rng), keep = normal<S>(layer.in(), n, rng);
    const MatrixX<S> y = forward(layer, p, list(x));
    MatrixX<S> measured(layer.out(), n);
    S largest_x = -1;
    const S largest_y = layer.measured_forward(span(p), list(x), columns(measured), Pass{}, &largest_x);
    CAPTURE(n);
    CHECK(measured == y);
    CHECK(largest_y == y.cwiseAbs().maxCoeff());
    CHECK(largest_x == x.cwiseAbs().maxCoeff());
    CHECK(layer.measured_forward(span(p), list(x), columns(measured), Pass{}, static_cast<S*>(nullptr)) == largest_y);

    MatrixX<S> dz = normal<S>(layer.out(), n, rng), dx(layer.in(), n), same = dz, kept(layer.in(), n);
    layer.backward(span(p), list(x), list(y), columns(dz), columns(dx), Pass{});
    layer.to_dz(list(y), columns(same));
    CHECK(same == dz);
    const S* const* none = nullptr;
    CHECK(layer.measured_backward(span(p), list(dz), none, columns(kept)) == dx.cwiseAbs().maxCoeff());
    CHECK(kept == dx);
    std::vector<const S*> pointers;
    for (Index j = 0; j < n; ++j) pointers.push_back(keep.col(j).data());
    const S largest_dx = layer.measured_backward(span(p), list(dz), pointers.data(), columns(kept));
    const MatrixX<S> expected = (keep.array() > 0).select(dx, S{0});
    CHECK(kept == expected);
    CHECK(largest_dx == expected.cwiseAbs().maxCoeff());
  }
}

}  // namespace

TEMPLATE_TEST_CASE("the measured passes are bit-identical to the others, and measure", "[dense]", float, double) {
  check_measured_passes<Dense<37, 21, ReLU>, TestType>();
  check_measured_passes<Dense<37, 21, Tanh>, TestType>();
  check_measured_passes<Dense<37, 21>, TestType>();
}
