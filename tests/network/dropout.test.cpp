#include "gemel/network/dropout.hpp"

#include <cmath>
#include <limits>
#include <span>
#include <type_traits>
#include <vector>

#include "catch.hpp"
#include "gradients.hpp"

using namespace gemel;

static_assert(Layer<Dropout<>, float> && Layer<Dropout<7>, double> && BoundingLayer<Dropout<>>);
static_assert(std::is_default_constructible_v<Dropout<7>> && !std::is_default_constructible_v<Dropout<>>);

namespace {

/// The output for x, whose columns have the indices `columns` in a batch.
template <class L>
MatrixX<float> forward(const L& layer, const MatrixX<float>& x, Pass pass, std::vector<Index> columns = {}) {
  MatrixX<float> y = MatrixX<float>::Constant(x.rows(), x.cols(), 99);
  pass.columns = columns;
  layer.forward(std::span<const float>(), ColumnList<float>(ConstColumns<float>(x.data(), x.rows(), x.cols())),
                Columns<float>(y.data(), y.rows(), y.cols()), pass);
  return y;
}

const Pass training{.training = true, .seed = 11, .step = 4};

}  // namespace

TEST_CASE("dropout drops the fraction `rate` of the values and preserves the mean", "[dropout]") {
  const Index rows = 200, cols = 300;
  const double rate = GENERATE(0.1, 0.5, 0.8);
  const MatrixX<float> y = forward(Dropout<>{rows, rate}, MatrixX<float>::Constant(rows, cols, 3), training);
  const double kept = static_cast<double>((y.array() != 0).count()) / static_cast<double>(y.size());
  CAPTURE(rate, kept);
  CHECK(std::abs(kept - (1 - rate)) <= 0.01);  // more than four standard errors, at most 0.0082
  CHECK((y.array() == 0 || (y.array() - static_cast<float>(3 / (1 - rate))).abs() <= 1e-5F).all());
  CHECK((y.col(0).array() != y.col(1).array()).any());
}

TEST_CASE("dropout copies its input at inference, and if its rate is 0", "[dropout]") {
  Rng rng{2};
  const MatrixX<float> x = normal<float>(7, 3, rng);
  CHECK(forward(Dropout<>{7, 0.5}, x, Pass{}) == x);
  CHECK(forward(Dropout<7>{0.0}, x, training) == x);
  CHECK(forward(Dropout<7>{}, x, training) != x);
}

TEST_CASE("seed, step and column determine which values are dropped", "[dropout]") {
  Rng rng{2};
  const Dropout<> layer{70, 0.5};
  const MatrixX<float> x = normal<float>(70, 6, rng);
  const MatrixX<float> y = forward(layer, x, training);
  CHECK(forward(layer, x, training) == y);

  // A pass of columns 4 and 1 of the batch only.
  MatrixX<float> part(70, 2);
  part << x.col(4), x.col(1);
  const MatrixX<float> of_part = forward(layer, part, training, {4, 1});
  CHECK(of_part.col(0) == y.col(4));
  CHECK(of_part.col(1) == y.col(1));

  CHECK(forward(layer, x, {.training = true, .seed = 12, .step = 4}) != y);
  CHECK(forward(layer, x, {.training = true, .seed = 11, .step = 5}) != y);
}

TEST_CASE("dropout's gradient matches finite differences", "[dropout]") {
  Rng rng{9};
  const MatrixX<double> x = normal<double>(11, 4, rng), u = normal<double>(11, 4, rng);
  const std::vector<Index> numbers = {8, 3, 5, 0};
  Pass pass = training;
  CHECK(test::input_gradient_error(Dropout<>{11, 0.4}, x, u, pass) <= 1e-7);
  CHECK(test::input_gradient_error(Dropout<11>{0.4}, x, u, Pass{}) <= 1e-7);
  pass.columns = numbers;
  CHECK(test::input_gradient_error(Dropout<11>{0.4}, x, u, pass) <= 1e-7);
}

TEST_CASE("NaN propagates through dropout, even from dropped values", "[dropout]") {
  const MatrixX<float> x = MatrixX<float>::Constant(50, 1, std::numeric_limits<float>::quiet_NaN());
  CHECK(forward(Dropout<>{50, 0.5}, x, training).array().isNaN().all());
}

TEST_CASE("dropout rejects a rate outside [0, 1) and invalid sizes", "[dropout]") {
  for (const double rate : {-0.1, 1.0, 20.0, std::nan("")}) {
    CAPTURE(rate);
    CHECK_THROWS_AS(Dropout<7>{rate}, ValueError);
    CHECK_THROWS_AS((Dropout<>{7, rate}), ValueError);
  }
  CHECK_THROWS_AS((Dropout<>{0, 0.5}), ShapeError);
  CHECK_THROWS_AS((Dropout<7>{8, 0.5}), ShapeError);
  CHECK(Dropout<7>{}.rate() == 0.5);
  CHECK(Dropout<>{7, 0.25}.in() == 7);
  CHECK(Dropout<>{7, 0.25}.out() == 7);
}
