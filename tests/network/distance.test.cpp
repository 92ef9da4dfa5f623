#include "gemel/network/distance.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <type_traits>
#include <vector>

#include "catch.hpp"
#include "gemel/core/random.hpp"
#include "gradients.hpp"

using namespace gemel;

static_assert(Distance<Euclidean, float> && Distance<SquaredEuclidean, float> && Distance<Manhattan, double> &&
              Distance<Cosine, double>);
static_assert(!Distance<int, float>);

namespace {

template <Scalar S>
ConstColumn<S> view(const VectorX<S>& x) {
  return {x.data(), x.size()};
}

template <Scalar S, class D>
S distance(const D& metric, const VectorX<S>& a, const VectorX<S>& b) {
  return metric.value(view(a), view(b));
}

/// The gradient of a above the gradient of b, both added to `start`.
template <Scalar S, class D>
VectorX<S> gradient(const D& metric, const VectorX<S>& a, const VectorX<S>& b, S slope, S start = 0) {
  const Index n = a.size();
  VectorX<S> both = VectorX<S>::Constant(2 * n, start);
  metric.add_gradient(view(a), view(b), distance(metric, a, b), slope, Column<S>(both.data(), n),
                      Column<S>(both.data() + n, n));
  return both;
}

template <class D>
constexpr const char* golden_name = nullptr;
template <>
constexpr const char* golden_name<Euclidean> = "euclidean";
template <>
constexpr const char* golden_name<SquaredEuclidean> = "squared_euclidean";
template <>
constexpr const char* golden_name<Manhattan> = "manhattan";
template <>
constexpr const char* golden_name<Cosine> = "cosine";

}  // namespace

TEMPLATE_TEST_CASE("distances and their gradients match PyTorch's", "[distance]", Euclidean, SquaredEuclidean,
                   Manhattan, Cosine) {
  const auto json = nlohmann::json::parse(std::ifstream(GEMEL_TEST_DATA "/golden/losses_and_metrics.json"));
  const auto vector = [](const nlohmann::json& values) {
    const auto list = values.get<std::vector<double>>();
    return VectorX<double>(ConstColumn<double>(list.data(), length(list)));
  };
  const auto& upstream = json["distance"]["upstream"];
  const nlohmann::json& expected = json["distance"]["values"][golden_name<TestType>];
  REQUIRE(upstream.size() == 9);
  for (std::size_t i = 0; i < upstream.size(); ++i) {
    const VectorX<double> a = vector(json["a"][i]), b = vector(json["b"][i]);
    const VectorX<double> both = gradient(TestType{}, a, b, upstream[i].get<double>());
    CAPTURE(i, a, b);
    CHECK(std::abs(distance(TestType{}, a, b) - expected["value"][i].get<double>()) <= 1e-12);
    CHECK((both.head(a.size()) - vector(expected["gradient_a"][i])).cwiseAbs().maxCoeff() <= 1e-12);
    CHECK((both.tail(a.size()) - vector(expected["gradient_b"][i])).cwiseAbs().maxCoeff() <= 1e-12);
  }
}

TEMPLATE_TEST_CASE("a distance's gradient matches finite differences", "[distance]", Euclidean, SquaredEuclidean,
                   Manhattan, Cosine) {
  const TestType metric;
  Rng rng{8};
  for (const Index n : {1, 2, 7, 37}) {
    if (n == 1 && std::is_same_v<TestType, Cosine>) continue;  // with one element, the cosine is constant
    VectorX<double> both;
    do both = normal<double>(2 * n, 1, rng);
    while ((both.head(n) - both.tail(n)).cwiseAbs().minCoeff() <= 10 * test::largest_step);
    const double slope = -1.7;
    const auto loss = [&](const VectorX<double>& at) {
      return slope * distance<double>(metric, at.head(n), at.tail(n));
    };
    CAPTURE(n);
    CHECK(test::gradient_error(loss, both, gradient<double>(metric, both.head(n), both.tail(n), slope)) <= 1e-7);
  }
}

TEMPLATE_TEST_CASE("add_gradient adds to the gradients that are there", "[distance]", Euclidean, SquaredEuclidean,
                   Manhattan, Cosine) {
  const VectorX<double> a = VectorX<double>::LinSpaced(5, 1, 2), b = VectorX<double>::LinSpaced(5, 2.5, -1);
  const VectorX<double> alone = gradient(TestType{}, a, b, 0.7), added = gradient(TestType{}, a, b, 0.7, 3.0);
  CHECK((added - alone - VectorX<double>::Constant(10, 3)).cwiseAbs().maxCoeff() <= 1e-14);
  CHECK(alone.cwiseAbs().minCoeff() > 1e-3);
  CHECK(gradient(TestType{}, a, b, 0.0).isZero(0));
}

TEMPLATE_TEST_CASE("equal embeddings have the distance 0 (but zero vectors 1 by Cosine) and the gradient 0",
                   "[distance]", Euclidean, SquaredEuclidean, Manhattan, Cosine) {
  Rng rng{6};
  const VectorX<double> a = normal<double>(37, 1, rng);
  CHECK(distance(TestType{}, a, a) >= 0);
  CHECK(distance(TestType{}, a, a) <= 1e-15);
  CHECK(gradient(TestType{}, a, a, 1.0).cwiseAbs().maxCoeff() <= 1e-15);

  const VectorX<float> zero = VectorX<float>::Zero(5);
  CHECK(distance(TestType{}, zero, zero) == (std::is_same_v<TestType, Cosine> ? 1.0F : 0.0F));
  CHECK(gradient(TestType{}, zero, zero, 1.0F).isZero(0));
}

TEST_CASE("by Cosine, a zero vector has the distance 1 to every vector and the gradient 0", "[distance]") {
  const VectorX<double> zero = VectorX<double>::Zero(5), other = VectorX<double>::LinSpaced(5, 1, 2);
  CHECK(distance(Cosine{}, zero, other) == 1);
  CHECK(distance(Cosine{}, other, zero) == 1);
  CHECK(gradient(Cosine{}, zero, other, 1.0).isZero(0));
  CHECK(gradient(Cosine{}, other, zero, 1.0).isZero(0));
}

TEST_CASE("the cosine distance depends on directions only, and is in [0, 2]", "[distance]") {
  const VectorX<double> a = VectorX<double>::LinSpaced(5, 1, 2);
  CHECK(std::abs(distance<double>(Cosine{}, a, -3 * a) - 2) <= 1e-15);
  VectorX<double> x(2), y(2);
  x << 2, 0;
  y << 0, 5;
  CHECK(distance(Cosine{}, x, y) == 1);
  VectorX<double> expected(4);
  expected << 0, -0.5, -0.2, 0;  // -b / (|a| * |b|) and -a / (|a| * |b|), because the cosine is 0
  CHECK((gradient(Cosine{}, x, y, 1.0) - expected).cwiseAbs().maxCoeff() <= 1e-16);

  Rng rng{1};
  for (int run = 0; run < 100; ++run) {
    const VectorX<float> z = normal<float>(13, 1, rng);
    CHECK(distance<float>(Cosine{}, z, 1.7F * z) >= 0);
    CHECK(distance<float>(Cosine{}, z, -1.7F * z) <= 2);
  }

  VectorX<float> along(2), diagonal(2);
  along << 2, 0;
  diagonal << 1, 1;
  const VectorX<float> usual = gradient(Cosine{}, along, diagonal, 1.0F);
  for (const float size : {1e-30F, 1e-21F, 1e20F, 1e30F}) {
    CAPTURE(size);
    const VectorX<float> scaled = size * along;
    CHECK(std::abs(distance(Cosine{}, scaled, diagonal) - 0.29289F) <= 1e-5F);
    CHECK(std::abs(distance<float>(Cosine{}, scaled, diagonal / size) - 0.29289F) <= 1e-5F);
    const VectorX<float> slopes = gradient(Cosine{}, scaled, diagonal, 1.0F);
    CHECK((slopes.tail(2) - usual.tail(2)).cwiseAbs().maxCoeff() <= 1e-6F);
    CHECK((slopes.head(2) * size - usual.head(2)).cwiseAbs().maxCoeff() <= 1e-6F);
  }
}

TEMPLATE_TEST_CASE("the cosine distance is accurate up to rounding at every magnitude", "[distance]", float, double) {
  using S = TestType;
  using Limits = std::numeric_limits<S>;
  Rng rng{3};
  const VectorX<S> a = normal<S>(64, 1, rng), b = normal<S>(64, 1, rng);
  const S expected = distance(Cosine{}, a, b), slope = 1;
  const VectorX<S> plain = gradient(Cosine{}, a, b, slope);
  S worst = 0, worst_slope = 0;
  for (int exponent = Limits::min_exponent + 26; exponent < Limits::max_exponent - 3; ++exponent) {
    const S unit = std::ldexp(S{1}, exponent);  // products with a power of two are exact
    const VectorX<S> at = unit * a, bt = unit * b;
    worst = std::max({worst, std::abs(distance(Cosine{}, at, bt) - expected),
                      std::abs(distance(Cosine{}, at, b) - expected), std::abs(distance(Cosine{}, a, bt) - expected)});
    if (std::abs(exponent) > Limits::max_exponent - 16) continue;  // the gradient would be beyond the range of S
    const VectorX<S> there = gradient(Cosine{}, at, bt, slope);
    worst_slope = std::max(worst_slope, (there * unit - plain).cwiseAbs().maxCoeff());
  }
  CHECK(worst <= 4 * Limits::epsilon());
  CHECK(worst_slope <= 4 * Limits::epsilon());
}

TEST_CASE("the cosine distance is accurate up to rounding if all squares of the elements are denormal", "[distance]") {
  const Index n = 2048;  // so many that the sum of the squares is a normal number
  VectorX<float> a(n), b(n);
  for (Index i = 0; i < n; ++i) {
    a[i] = i % 2 ? 3.1e-21f : 2.7e-21f;
    b[i] = i % 3 ? 2.9e-21f : -3.3e-21f;
  }
  const VectorX<double> wide_a = a.cast<double>() * 1e20, wide_b = b.cast<double>() * 1e20;
  const double expected = 1 - wide_a.normalized().dot(wide_b.normalized());
  CHECK(std::abs(static_cast<double>(distance(Cosine{}, a, b)) - expected) <= 1e-6);
}

TEMPLATE_TEST_CASE("NaN propagates to the distance", "[distance]", Euclidean, SquaredEuclidean, Manhattan, Cosine) {
  VectorX<float> a = VectorX<float>::Ones(20), b = VectorX<float>::Ones(20);
  b[17] = std::numeric_limits<float>::quiet_NaN();
  CHECK(std::isnan(distance(TestType{}, a, b)));
  CHECK(std::isnan(distance(TestType{}, b, a)));
}
