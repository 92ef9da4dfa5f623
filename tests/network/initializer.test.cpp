#include "gemel/network/initializer.hpp"

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "error_text.hpp"
#include "gemel/network/dense.hpp"
#include "gemel/network/network.hpp"
#include "gemel/network/siamese.hpp"
#include "mentions.hpp"

using namespace gemel;

static_assert(Initializer<GlorotUniform, float> && Initializer<GlorotNormal, float> && Initializer<HeUniform, float> &&
              Initializer<HeNormal, double> && Initializer<Identity, float>);
static_assert(!Initializer<int, float>);

namespace {

constexpr Index fan_in = 300, fan_out = 200;

struct Moments {
  double mean, deviation, largest;
};

template <class I>
Moments moments(const I& initialize) {
  std::vector<double> w(fan_in * fan_out);
  Rng rng{5};
  initialize(std::span(w), fan_in, fan_out, rng);
  Moments m{0, 0, 0};
  const double n = static_cast<double>(w.size());
  for (const double value : w) m.mean += value / n;
  for (const double value : w) {
    m.deviation += (value - m.mean) * (value - m.mean) / n;
    m.largest = std::max(m.largest, std::abs(value));
  }
  m.deviation = std::sqrt(m.deviation);
  return m;
}

// With 60,000 values, the standard errors of mean and deviation are 0.4 % and about 0.2 % of the deviation.
void check_moments(const Moments& m, double deviation, double largest) {
  CAPTURE(m.mean, m.deviation, m.largest, deviation, largest);
  CHECK(std::abs(m.mean) <= 0.02 * deviation);
  CHECK(std::abs(m.deviation / deviation - 1) <= 0.01);
  CHECK(m.largest <= largest);
  CHECK(m.largest >= 0.999 * largest);
}

}  // namespace

TEST_CASE("uniform initializers have the documented limit and standard deviation", "[initializer]") {
  const double glorot = std::sqrt(6.0 / (fan_in + fan_out)), he = std::sqrt(6.0 / fan_in);
  check_moments(moments(GlorotUniform{}), glorot / std::sqrt(3.0), glorot);
  check_moments(moments(HeUniform{}), he / std::sqrt(3.0), he);
}

TEST_CASE("normal initializers have the documented standard deviation after the truncation", "[initializer]") {
  const double glorot = std::sqrt(2.0 / (fan_in + fan_out)), he = std::sqrt(2.0 / fan_in);
  check_moments(moments(GlorotNormal{}), glorot, 2 * glorot / 0.87962566103423978);
  check_moments(moments(HeNormal{}), he, 2 * he / 0.87962566103423978);
}

TEST_CASE("Identity passes the inputs on, and draws no random numbers", "[initializer]") {
  Rng rng{7}, same{7};
  for (const auto& [in, out] : {std::pair<Index, Index>{3, 3}, {2, 4}, {5, 2}}) {
    CAPTURE(in, out);
    MatrixX<float> w = MatrixX<float>::Constant(out, in, 9);
    Identity{.gain = -0.5}(std::span(w.data(), static_cast<std::size_t>(w.size())), in, out, rng);
    CHECK(w == -0.5F * MatrixX<float>::Identity(out, in));
  }
  CHECK(rng.bits() == same.bits());
  const Siamese model{make_network<float>(rng, Dense<3, 3, Linear, Identity>{})};
  const MatrixX<float> x{{1}, {-2}, {3}};
  CHECK(model.embed(x) == x);

  MatrixX<float> w(2, 2);
  const std::span<float> weights(w.data(), 4);
  for (const double bad : {0.0, 1e-60, 1e60, std::numeric_limits<double>::quiet_NaN()}) {
    CHECK(mentions(error_text<ValueError>([&] { Identity{bad}(weights, 2, 2, rng); }),
                   "the gain of Identity must be finite and not 0"));
  }
  CHECK(
      mentions(error_text<ShapeError>([&] { Identity{}(weights, 3, 2, rng); }), "a matrix of 2 x 3, but there are 4"));
}

TEST_CASE("weights are drawn in the order of the flat vector", "[initializer]") {
  std::vector<float> w(6), longer(10);
  Rng rng{7}, again{7}, reference{7};
  GlorotUniform{}(std::span(w), 2, 3, rng);
  GlorotUniform{}(std::span(longer), 2, 3, again);
  const float limit = static_cast<float>(std::sqrt(6.0 / 5.0));
  for (std::size_t i = 0; i < w.size(); ++i) {
    CAPTURE(i);
    CHECK(w[i] == limit * (2 * reference.uniform<float>() - 1));
    CHECK(w[i] == longer[i]);
  }
}

TEST_CASE("a lambda with captures is an initializer", "[initializer]") {
  const float first = 7;
  const auto counting = [first](std::span<float> w, Index, Index, Rng&) {
    for (std::size_t i = 0; i < w.size(); ++i) w[i] = first + static_cast<float>(i);
  };
  using Counting = std::remove_cv_t<decltype(counting)>;
  static_assert(Initializer<Counting, float> && Layer<Dense<2, 3, ReLU, Counting>, float>);
  static_assert(!std::default_initializable<Dense<2, 3, ReLU, Counting>>);
  Rng rng{1};
  const auto network = make_network<float>(rng, Dense<2, 3, ReLU, Counting>{ReLU{}, counting});
  const Siamese model{network};
  CHECK(model.parameters() == VectorX<float>{{7, 8, 9, 10, 11, 12, 0, 0, 0}});
  const Dense<Dynamic, Dynamic, Linear, Counting> dynamic{2, 3, {}, counting};
  CHECK(make_network<float>(rng, dynamic).parameters() == network.parameters());
}
