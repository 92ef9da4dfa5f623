#include "gemel/network/gaussian_noise.hpp"

#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include "catch.hpp"
#include "gemel/core/fill_normal.hpp"
#include "gradients.hpp"
#include "instruction_sets.hpp"

using namespace gemel;

static_assert(Layer<GaussianNoise<>, float> && Layer<GaussianNoise<7>, double> && BoundingLayer<GaussianNoise<>>);

namespace {

/// The output for x, whose columns have the indices `columns` in a batch.
template <class L, class S>
MatrixX<S> noisy(const L& layer, const MatrixX<S>& x, Pass pass, std::vector<Index> columns = {}) {
  MatrixX<S> y = MatrixX<S>::Constant(x.rows(), x.cols(), 99);
  pass.columns = columns;
  layer.forward(std::span<const S>(), ColumnList<S>(ConstColumns<S>(x.data(), x.rows(), x.cols())),
                Columns<S>(y.data(), y.rows(), y.cols()), pass);
  return y;
}

const Pass noisy_pass{.training = true, .seed = 11, .step = 4};

}  // namespace

TEMPLATE_TEST_CASE("GaussianNoise adds stddev times the numbers of fill_normal", "[gaussian_noise]", float, double) {
  using S = TestType;
  Rng rng{2};
  const MatrixX<S> x = normal<S>(77, 3, rng);
  const S stddev = static_cast<S>(0.3);
  test::for_each_instruction_set([&] {
    const MatrixX<S> y = noisy(GaussianNoise<>{77, 0.3}, x, noisy_pass);
    for (Index j = 0; j < 3; ++j) {
      std::vector<S> z(77);
      fill_normal<S>(z, 11, mix(4, static_cast<std::uint64_t>(j)));
      for (Index i = 0; i < 77; ++i) {
        volatile S noise = stddev * z[static_cast<std::size_t>(i)];  // rounded
        CHECK(y(i, j) == x(i, j) + noise);
      }
    }
  });
}

TEST_CASE("GaussianNoise copies its input at inference, and if stddev is 0", "[gaussian_noise]") {
  Rng rng{2};
  const MatrixX<float> x = normal<float>(7, 3, rng);
  CHECK(noisy(GaussianNoise<>{7, 0.5}, x, Pass{}) == x);
  CHECK(noisy(GaussianNoise<7>{0}, x, noisy_pass) == x);
  CHECK(noisy(GaussianNoise<7>{0.5}, x, noisy_pass) != x);
}

TEST_CASE("seed, step and column determine GaussianNoise", "[gaussian_noise]") {
  Rng rng{2};
  const GaussianNoise<> layer{70, 0.5};
  const MatrixX<float> x = normal<float>(70, 6, rng);
  const MatrixX<float> y = noisy(layer, x, noisy_pass);
  CHECK(noisy(layer, x, noisy_pass) == y);
  MatrixX<float> part(70, 2);
  part << x.col(4), x.col(1);
  const MatrixX<float> of_part = noisy(layer, part, noisy_pass, {4, 1});
  CHECK(of_part.col(0) == y.col(4));
  CHECK(of_part.col(1) == y.col(1));
  CHECK(noisy(layer, x, {.training = true, .seed = 12, .step = 4}) != y);
  CHECK(noisy(layer, x, {.training = true, .seed = 11, .step = 5}) != y);
}

TEST_CASE("GaussianNoise's gradient matches finite differences", "[gaussian_noise]") {
  Rng rng{9};
  const MatrixX<double> x = normal<double>(11, 4, rng), u = normal<double>(11, 4, rng);
  CHECK(test::input_gradient_error(GaussianNoise<>{11, 0.4}, x, u, noisy_pass) <= 1e-7);
  CHECK(test::input_gradient_error(GaussianNoise<11>{0.4}, x, u, Pass{}) <= 1e-7);
}

TEST_CASE("NaN propagates through GaussianNoise", "[gaussian_noise]") {
  const MatrixX<float> x = MatrixX<float>::Constant(50, 1, std::numeric_limits<float>::quiet_NaN());
  CHECK(noisy(GaussianNoise<>{50, 0.5}, x, noisy_pass).array().isNaN().all());
}

TEST_CASE("GaussianNoise rejects a stddev that is negative or not finite, and invalid sizes", "[gaussian_noise]") {
  for (const double stddev : {-0.1, std::numeric_limits<double>::infinity(), std::nan("")}) {
    CAPTURE(stddev);
    CHECK_THROWS_AS(GaussianNoise<7>{stddev}, ValueError);
    CHECK_THROWS_AS((GaussianNoise<>{7, stddev}), ValueError);
  }
  CHECK_THROWS_AS((GaussianNoise<>{0, 0.5}), ShapeError);
  CHECK_THROWS_AS((GaussianNoise<7>{8, 0.5}), ShapeError);
  CHECK(GaussianNoise<>{7, 0.25}.stddev() == 0.25);
  CHECK(GaussianNoise<>{7, 0.25}.in() == 7);
}
