#include "gemel/network/whitening.hpp"

#include <cmath>
#include <limits>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "error_text.hpp"
#include "gemel/core/random.hpp"
#include "gemel/data/samples.hpp"
#include "gemel/network/network.hpp"
#include "gradients.hpp"
#include "instruction_sets.hpp"
#include "mentions.hpp"

using namespace gemel;

static_assert(Layer<Whitening<>, float> && Layer<Whitening<7, 3>, double> && BoundingLayer<Whitening<>>);
static_assert(!std::is_default_constructible_v<Whitening<7, 3>> && detail::is_fitted<Whitening<>>);
static_assert(std::is_convertible_v<const Whitening<7, 3>&, Whitening<>> &&
              std::is_convertible_v<const Whitening<7, 3>&, Whitening<7>> &&
              !std::is_convertible_v<const Whitening<7, 3>&, Whitening<6, 3>>);

namespace {

Whitening<> some_layer(Index in, Index out) {
  Rng rng{2};
  return {10 * normal<double>(in, 1, rng), normal<double>(out, in, rng)};
}

MatrixX<float> far_samples(Index features, Index n) {
  Rng rng{6};
  return 10 * normal<float>(features, n, rng);
}

}  // namespace

TEST_CASE("Whitening subtracts the mean in double and multiplies by the matrix", "[whitening]") {
  const VectorX<double> mean{{1e8 + 1, -2, 0.5}};
  const MatrixX<double> matrix{{1, 2, 0}, {-1, 0, 4}};
  const Whitening<3, 2> layer{mean, matrix};
  CHECK(layer.in() == 3);
  CHECK(layer.out() == 2);
  CHECK(layer.mean() == mean);
  CHECK(layer.matrix() == matrix);
  MatrixX<float> x(3, 2), expected(2, 2);
  x << 1e8F, 1e8F + 8, 0, 1, 2.5F, 0.5F;  // in float, 1e8 + 1 is 1e8
  expected << 3, 13, 9, -7;
  CHECK(layer.transform(x) == expected);
  CHECK(layer.transform(MatrixX<double>(x.cast<double>())) == expected.cast<double>());
  CHECK(layer.transform(Samples<float>{x}) == expected);
  const Whitening<> same = layer;
  CHECK(same.matrix() == matrix);
  CHECK(same.transform(x) == expected);
  const auto lasting_mean = Whitening<>{same}.mean();  // copies, since the layers are temporaries
  const auto lasting_matrix = Whitening<>{same}.matrix();
  CHECK(lasting_mean == mean);
  CHECK(lasting_matrix == matrix);
}

TEST_CASE("each output is one chain of multiply-adds, whatever the sizes and the instruction set", "[whitening]") {
  for (const auto& [in, out, n] :
       {std::tuple<Index, Index, Index>{5, 3, 1}, {128, 7, 33}, {300, 40, 70}, {129, 1, 5}}) {
    CAPTURE(in, out, n);
    const Whitening<> layer = some_layer(in, out);
    const MatrixX<float> x = far_samples(in, n);
    MatrixX<float> expected = MatrixX<float>::Zero(out, n);
    for (Index j = 0; j < n; ++j) {
      for (Index k = 0; k < in; ++k) {
        const auto deviation = static_cast<float>(static_cast<double>(x(k, j)) - layer.mean()[k]);
        for (Index i = 0; i < out; ++i) {
          expected(i, j) = std::fma(static_cast<float>(layer.matrix()(i, k)), deviation, expected(i, j));
        }
      }
    }
    test::for_each_fused([&] { CHECK(layer.transform(x) == expected); });
    test::for_each_instruction_set([&] { CHECK(layer.transform(x).isApprox(expected, 1e-4F)); });
  }
}

TEST_CASE("a sample's output does not depend on the other samples, nor on where they lie", "[whitening]") {
  const Whitening<> layer = some_layer(150, 9);
  const MatrixX<float> x = far_samples(150, 200);
  const MatrixX<float> y = layer.transform(x);
  MatrixX<float> one(9, 1);
  std::vector<const float*> pointers;
  for (Index j = 0; j < 200; ++j) pointers.push_back(x.data() + 150 * (199 - j));
  MatrixX<float> reversed(9, 200);
  bool equal = true;
  for (Index j = 0; j < 200; ++j) {
    layer.forward(std::span<const float>(), ColumnList<float>(x.data() + 150 * j, 150, 150, 1),
                  Columns<float>(one.data(), 9, 1), Pass{});
    equal = equal && one.col(0) == y.col(j);
  }
  layer.forward(std::span<const float>(), ColumnList<float>(pointers.data(), 150, 200),
                Columns<float>(reversed.data(), 9, 200), Pass{});
  CHECK(equal);
  CHECK(reversed.rowwise().reverse() == y);
}

TEST_CASE("NaN stays NaN, and infinite results become NaN, which a ReLU does not hide", "[whitening]") {
  constexpr float infinity = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  const Whitening<> layer{VectorX<double>{{0, 0}}, MatrixX<double>{{1, 0}, {-1e10, 1}}};
  for (const float bad : {nan, infinity, -infinity}) {
    MatrixX<float> x(2, 2);
    x << 1, bad, 1, 1;
    const MatrixX<float> y = layer.transform(x);
    CHECK(y.col(0).allFinite());
    CHECK(std::isnan(y(0, 1)));
    CHECK(std::isnan(y(1, 1)));
  }
  MatrixX<float> x(2, 1);
  x << 1e35F, 1;
  CHECK(layer.transform(x)(0) == 1e35F);
  CHECK(std::isnan(layer.transform(x)(1)));
}

TEST_CASE("Whitening's gradient matches finite differences", "[whitening]") {
  Rng rng{4};
  const MatrixX<double> x = normal<double>(6, 40, rng), u = normal<double>(6, 40, rng);
  CHECK(test::input_gradient_error(some_layer(6, 6), x, u, Pass{}) <= 1e-7);
  CHECK(test::input_gradient_error(Whitening<>::pca(x), x, u, Pass{}) <= 1e-7);
  // dx = W^T dy for any number of outputs, in lists of columns and in blocks.
  const Whitening<> layer = some_layer(11, 4);
  const MatrixX<double> at = normal<double>(11, 130, rng);
  MatrixX<double> y = layer.transform(at), dy = normal<double>(4, 130, rng), dx(11, 130);
  const MatrixX<double> expected = layer.matrix().transpose() * dy;
  layer.backward(std::span<const double>(), ColumnList<double>(at.data(), 11, 11, 130),
                 ColumnList<double>(y.data(), 4, 4, 130), Columns<double>(dy.data(), 4, 130),
                 Columns<double>(dx.data(), 11, 130), Pass{});
  CHECK(dx.isApprox(expected, 1e-14));
}

TEST_CASE("Whitening rejects means and matrices that it cannot use", "[whitening]") {
  const auto make = [](const MatrixX<double>& mean, const MatrixX<double>& matrix) {
    return error_text([&] { Whitening<>{mean, matrix}; });
  };
  const MatrixX<double> mean = MatrixX<double>::Ones(3, 1), matrix = MatrixX<double>::Ones(2, 3);
  CHECK(make(mean, matrix) == "no error");
  CHECK(mentions(make(MatrixX<double>::Ones(2, 1), matrix), "they have 2 values and 2 x 3"));
  CHECK(mentions(make(MatrixX<double>::Ones(3, 2), matrix), "one column, but it is 3 x 2"));
  CHECK(mentions(make(MatrixX<double>(0, 1), MatrixX<double>(2, 0)), "0 values and 2 x 0"));
  CHECK(mentions(make(mean, MatrixX<double>(0, 3)), "3 values and 0 x 3"));
  CHECK_THROWS_AS((Whitening<4, 2>{mean, matrix}), ShapeError);
  CHECK_THROWS_AS((Whitening<3, 1>{mean, matrix}), ShapeError);
  for (const double bad : {std::numeric_limits<double>::quiet_NaN(), -std::numeric_limits<double>::infinity()}) {
    MatrixX<double> changed = mean;
    changed(1) = bad;
    CHECK(mentions(make(changed, matrix), "the mean of Whitening must be finite"));
    changed = matrix;
    changed(1) = bad;
    CHECK(mentions(make(mean, changed), "the matrix of Whitening must be finite"));
  }
  // In a network of floats, all elements would become 0 or infinite.
  for (const double factor : {0.0, 1e-39, 1e39}) {
    CHECK(mentions(make(mean, factor * matrix), "which a float cannot hold; scale the features"));
  }
  CHECK_THROWS_AS((Whitening<>{mean, matrix}.transform(MatrixX<float>::Zero(2, 4))), ShapeError);
}

TEST_CASE("a network refuses a Whitening that was moved from", "[whitening]") {
  Whitening<> layer = some_layer(3, 2);
  const Whitening<> taken = std::move(layer);
  Rng rng{1};
  CHECK_THROWS_AS(make_network<float>(rng, layer), ShapeError);  // NOLINT(bugprone-use-after-move)
  CHECK(make_network<float>(rng, taken).parameter_count() == 0);
}
