#include "gemel/network/standardize.hpp"

#include <cmath>
#include <cstring>
#include <initializer_list>
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

static_assert(Layer<Standardize<>, float> && Layer<Standardize<7>, double> && BoundingLayer<Standardize<>>);
static_assert(!std::is_default_constructible_v<Standardize<7>> && !std::is_default_constructible_v<Standardize<>>);
static_assert(detail::is_fitted<Standardize<>> && std::is_same_v<decltype(Standardize{{1.0}, {2.0}}), Standardize<>>);
static_assert(SampleColumns<Samples<float>> && SampleColumns<MatrixX<double>> && !SampleColumns<MatrixX<int>> &&
              !SampleColumns<std::vector<float>>);

namespace {

// The mean and the standard deviation (of the population) of each feature, summed sample by sample in double.
std::pair<VectorX<double>, VectorX<double>> mean_and_deviation(const MatrixX<float>& samples) {
  const auto n = static_cast<double>(samples.cols());
  VectorX<double> mean = VectorX<double>::Zero(samples.rows()), variance = mean;
  for (Index j = 0; j < samples.cols(); ++j) mean += samples.col(j).cast<double>() / n;
  for (Index j = 0; j < samples.cols(); ++j) {
    variance += (samples.col(j).cast<double>() - mean).cwiseAbs2() / n;
  }
  return {mean, variance.cwiseSqrt()};
}

// Features with very different means and scales.
MatrixX<float> raw_samples(Index features, Index n) {
  Rng rng{3};
  MatrixX<float> x = normal<float>(features, n, rng);
  for (Index i = 0; i < features; ++i) {
    x.row(i) *= std::pow(10.0F, static_cast<float>(i % 9) - 4);
    x.row(i).array() += 3 * static_cast<float>(i);
  }
  return x;
}

// Samples of one feature, half of which are `low` and half `high`.
template <class S>
MatrixX<S> in_halves(S low, S high) {
  MatrixX<S> samples(1, 8);
  for (Index j = 0; j < 8; ++j) samples(0, j) = j % 2 == 0 ? low : high;
  return samples;
}

}  // namespace

TEST_CASE("Standardize is fitted to mean and standard deviation, with equal bits for every type of samples",
          "[standardize]") {
  const MatrixX<float> x = raw_samples(11, 37);
  const auto [mean, deviation] = mean_and_deviation(x);
  const Standardize<> layer{x};
  CHECK(layer.in() == 11);
  CHECK(layer.out() == 11);
  CHECK(layer.mean() == mean);
  CHECK(layer.scale() == deviation);
  CHECK(!layer.clip());
  const MatrixX<double> wide = x.cast<double>();
  const MatrixX<float> expected =
      ((wide.colwise() - mean).array().colwise() * deviation.cwiseInverse().array()).cast<float>();
  CHECK(layer.transform(x) == expected);
  CHECK((layer.transform(x).rowwise().mean().array().abs() <= 1e-5F).all());

  // Samples in other types and a static size give the same.
  const Samples<float> samples{x};
  const std::vector<Index> all_but_two = {0, 5, 6, 7, 8};
  CHECK(Standardize<11>{samples}.mean() == mean);
  CHECK(Standardize<11>{samples}.transform(samples) == expected);
  CHECK(Standardize<>{samples.select(all_but_two)}.mean() == mean_and_deviation(x(Eigen::all, all_but_two)).first);
  CHECK(Standardize{x.leftCols(9)}.scale() == mean_and_deviation(x.leftCols(9)).second);
  CHECK(Standardize{Eigen::Matrix<float, Dynamic, Dynamic, Eigen::RowMajor>(x)}.scale() == deviation);
  CHECK(layer.transform(x.middleCols(3, 6)) == expected.middleCols(3, 6));
  CHECK(layer.transform(samples.select(all_but_two)) == expected(Eigen::all, all_but_two));
}

TEST_CASE("Standardize takes mean and scale as vectors and as lists", "[standardize]") {
  const std::vector<double> mean = {1, -2, 30}, scale = {2, 0, 0.5};
  const VectorX<double> m = VectorX<double>::Map(mean.data(), 3), s = VectorX<double>::Map(scale.data(), 3);
  MatrixX<float> x(3, 2), expected(3, 2);
  x << 5, 1, 1e9F, -3e38F, 30.25F, 28;
  expected << 2, 0, 0, 0, 0.5F, -4;
  CHECK(Standardize<>{mean, scale}.transform(x) == expected);
  CHECK(Standardize{m, s}.transform(x) == expected);
  CHECK(Standardize<3>{{1, -2, 30}, {2, 0, 0.5}}.transform(x) == expected);
  const Standardize<> same = Standardize<3>{m, s, {.clip = 3}};
  CHECK(same.mean() == m);
  CHECK(same.scale() == s);
  CHECK(same.clip() == 3);
  CHECK(Standardize<3>{m, s}.transform(MatrixX<double>(x.cast<double>())) == expected.cast<double>());
  const auto lasting_mean = Standardize<3>{m, s}.mean();  // a copy, since the layer is a temporary
  const auto lasting_scale = Standardize<>{same}.scale();
  CHECK(lasting_mean == m);
  CHECK(lasting_scale == s);
  CHECK(same.scale().data() == same.scale().data());  // a view
}

TEST_CASE("a constant feature becomes 0, whatever its value and the number of samples", "[standardize]") {
  Index wrong = 0;
  for (const float value : {14.62F, 0.1F, -0.3F, 1e-40F, 3e-5F, 123456.789F, 1e9F, -3e38F}) {
    for (Index n = 2; n <= 300; ++n) {
      MatrixX<float> samples(2, n);
      for (Index j = 0; j < n; ++j) samples.col(j) << value, static_cast<float>(j % 2) + 1.5F;
      const Standardize<2> layer{samples};
      samples(0, 0) = value * 1.001F;
      wrong += (layer.transform(samples).row(0).array() != 0).any() || layer.scale()[0] != 0;
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("a feature that is constant up to rounding becomes 0", "[standardize]") {
  for (const float value : {1e9F, -0.7F, 14.62F}) {
    CAPTURE(value);
    MatrixX<float> samples(2, 6);
    for (Index j = 0; j < 6; ++j) {
      samples.col(j) << (j % 2 == 0 ? value : std::nextafter(value, 2 * value)), static_cast<float>(j) + 0.5F;
    }
    CHECK(Standardize<2>{samples}.scale()[0] == 0);
    CHECK(Standardize<2>{samples.cast<double>()}.scale()[0] >
          0);  // the same values differ by more than rounding to double
    samples(0, 1) = 1.001F * value;
    CHECK(Standardize<2>{samples}.scale()[0] > 0);
  }
}

TEST_CASE("very small and very large numbers are standardized accurately", "[standardize]") {
  for (const auto& [low, high] : {std::pair{0.0F, 1e-40F}, {1e-42F, 1e-40F}, {-2e38F, 2e38F}, {2e38F, 3e38F}}) {
    CAPTURE(low, high);
    const MatrixX<float> samples = in_halves(low, high);
    const MatrixX<float> y = Standardize<1>{samples}.transform(samples);
    CHECK(std::abs(y(0) + 1) < 1e-6);
    CHECK(std::abs(y(1) - 1) < 1e-6);
  }
  for (const auto& [low, high] : {std::pair{0.0, 1e-300}, {-1e300, -2e-300}, {-8e307, 8e307}, {1.0, 1e-200}}) {
    CAPTURE(low, high);
    const MatrixX<double> samples = in_halves(low, high);
    const MatrixX<double> y = Standardize<1>{samples}.transform(samples);
    CHECK(std::abs(std::abs(y(0)) - 1) < 1e-12);
    CHECK(std::abs(y(0) + y(1)) < 1e-12);
  }
}

TEST_CASE("values beyond clip are clipped, and NaN stays NaN", "[standardize]") {
  MatrixX<float> x(1, 5);
  x << 2, 100, -100, std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity();
  const Standardize<1> layer{{1}, {2}, {.clip = 2.5}};
  const MatrixX<float> y = layer.transform(x);
  CHECK(y(0) == 0.5F);
  CHECK(y(1) == 2.5F);
  CHECK(y(2) == -2.5F);
  CHECK(std::isnan(y(3)));
  CHECK(y(4) == -2.5F);
  // Without a clip, a result beyond the range of float becomes NaN, which a ReLU does not hide.
  for (const float far : {1e30F, -1e30F}) {
    CHECK(std::isnan(Standardize<1>{{0}, {1e-20}}.transform(MatrixX<float>::Constant(1, 1, far))(0)));
  }
}

TEST_CASE("Standardize's gradient matches finite differences", "[standardize]") {
  Rng rng{4};
  const MatrixX<double> x = 2 * normal<double>(11, 6, rng), u = normal<double>(11, 6, rng);
  const Standardize<> layer{x}, clipped{x, {.clip = 1}};
  CHECK(test::input_gradient_error(layer, x, u, Pass{}) <= 1e-7);
  CHECK(test::input_gradient_error(clipped, x, u, Pass{}) <= 1e-7);
  const Index held = (clipped.transform(x).array().abs() == 1).count();
  CHECK(held > 5);
  CHECK(held < 50);
}

TEST_CASE("Standardize rejects samples that it cannot be fitted to", "[standardize]") {
  const auto fit = [](const auto& x) { return error_text([&] { Standardize<>{x}; }); };
  MatrixX<float> x = raw_samples(3, 5);
  CHECK(mentions(error_text([&] { Standardize<4>{x}; }), "takes 4 features, but the samples have 3"));
  CHECK_THROWS_AS(Standardize<4>{x}, ShapeError);
  CHECK_THROWS_AS(Standardize<>{MatrixX<float>(3, 0)}, ShapeError);
  CHECK_THROWS_AS(Standardize<>{MatrixX<float>(0, 3)}, ShapeError);
  CHECK(mentions(fit(MatrixX<float>(x.col(0))), "every feature is the same in all 1 samples"));
  CHECK_THROWS_AS(Standardize<>{MatrixX<float>::Constant(3, 5, 14.62F)}, ValueError);
  CHECK(mentions(fit(in_halves(-1e308, 1e308)), "feature 0 goes from -1e+308 to 1e+308"));
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    x(1, 4) = bad;
    CHECK(mentions(fit(x), "sample 4, feature 1: a layer cannot be fitted to NaN or infinity"));
    CHECK_THROWS_AS(Standardize<3>{x}, NonFiniteError);
  }
}

TEST_CASE("Standardize rejects invalid values of mean, scale and clip", "[standardize]") {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  using Two = Standardize<2>;
  const std::initializer_list<double> good = {1, 1};
  CHECK(mentions(error_text([] {
                   Two{{1, 2, 3}, {1, 2}};
                 }),
                 "for each of 2 features, but there are 3 means and 2 scales"));
  CHECK_THROWS_AS((Two{{1}, {1}}), ShapeError);
  CHECK_THROWS_AS((Standardize<>{{1, 2, 3}, {1, 2}}), ShapeError);
  CHECK_THROWS_AS((Standardize<>{std::vector<double>{}, std::vector<double>{}}), ShapeError);
  CHECK_THROWS_AS((Standardize<>{MatrixX<double>::Ones(2, 2), MatrixX<double>::Ones(2, 2)}), ShapeError);
  for (const double bad : {nan, infinity, -1.0, 1e-310}) {
    CAPTURE(bad);
    const std::initializer_list<double> scale = {1, bad};
    CHECK_THROWS_AS((Two{good, scale}), ValueError);
    CHECK(mentions(error_text([&] { Two{good, scale}; }), "the scale of feature 1"));
  }
  CHECK_THROWS_AS((Two{{nan, 1}, good}), ValueError);
  CHECK_THROWS_AS((Two{{1, -infinity}, good}), ValueError);
  CHECK_THROWS_AS((Two{good, {0, 0}}), ValueError);
  for (const double clip : {0.0, -1.0, nan, infinity}) {
    CHECK(mentions(error_text<ValueError>([&] { Two{good, good, {.clip = clip}}; }), "leave it out to clip nothing"));
    CHECK_THROWS_AS((Two{raw_samples(2, 5), {.clip = clip}}), ValueError);
  }
  CHECK_THROWS_AS((Two{good, good}.transform(MatrixX<float>::Zero(3, 4))), ShapeError);
}
