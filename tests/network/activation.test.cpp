#include "gemel/network/activation.hpp"

#include <cmath>
#include <limits>

#include "catch.hpp"
#include "gemel/core/random.hpp"
#include "gradients.hpp"

using namespace gemel;

static_assert(Activation<Linear, float> && Activation<ReLU, float> && Activation<LeakyReLU, float> &&
              Activation<Tanh, float> && Activation<Sigmoid, float>);
static_assert(Activation<Linear, double> && Activation<ReLU, double> && Activation<LeakyReLU, double> &&
              Activation<Tanh, double> && Activation<Sigmoid, double>);

struct NoSlope {
  double value(double z) const { return z; }
};
static_assert(!Activation<NoSlope, double>);

TEMPLATE_TEST_CASE("an activation's slope is the derivative of its value", "[activation]", Linear, ReLU, LeakyReLU,
                   Tanh, Sigmoid) {
  const TestType f;
  Rng rng{3};
  for (int run = 0; run < 200; ++run) {
    VectorX<double> z(1);
    do z[0] = 6 * rng.uniform<double>() - 3;
    while (std::abs(z[0]) <= 10 * test::largest_step);
    const VectorX<double> slope = VectorX<double>::Constant(1, f.slope(f.value(z[0])));
    CAPTURE(z[0], slope[0]);
    if (slope[0] == 0) {
      CHECK(f.value(z[0] + 0.01 * z[0]) == f.value(z[0]));
    } else {
      CHECK(test::gradient_error([&](const VectorX<double>& x) { return f.value(x[0]); }, z, slope) <= 1e-7);
    }
  }
}

TEMPLATE_TEST_CASE("NaN propagates through every activation", "[activation]", Linear, ReLU, LeakyReLU, Tanh, Sigmoid) {
  CHECK(std::isnan(TestType{}.value(std::numeric_limits<float>::quiet_NaN())));
  CHECK(std::isnan(TestType{}.value(std::numeric_limits<double>::quiet_NaN())));
}

TEST_CASE("activations match known values", "[activation]") {
  CHECK(Linear{}.value(-2.5) == -2.5);
  CHECK(ReLU{}.value(-2.5) == 0);
  CHECK(ReLU{}.value(2.5F) == 2.5F);
  CHECK(ReLU{}.slope(0.0) == 0);
  CHECK(LeakyReLU{}.value(-2.0) == -0.6);
  CHECK(LeakyReLU{}.value(2.0) == 2);
  CHECK(LeakyReLU{}.slope(0.0) == 0.3);
  CHECK(LeakyReLU{.negative_slope = 0.25}.value(-2.0F) == -0.5F);
  CHECK(LeakyReLU{.negative_slope = 0}.slope(LeakyReLU{.negative_slope = 0}.value(-2.0)) == 0);
  CHECK(std::abs(Tanh{}.value(0.5) - 0.46211715726000975) <= 1e-15);
  CHECK(std::abs(Sigmoid{}.value(0.5) - 0.6224593312018546) <= 1e-15);
  CHECK(std::abs(Sigmoid{}.value(-0.5) - 0.3775406687981454) <= 1e-15);
}

TEST_CASE("Sigmoid does not overflow, and is accurate for small values", "[activation]") {
  const Sigmoid f;
  CHECK(f.value(1000.0) == 1);
  CHECK(f.value(-1000.0) == 0);
  CHECK(f.value(-std::numeric_limits<float>::infinity()) == 0);
  CHECK(f.value(std::numeric_limits<float>::infinity()) == 1);
  CHECK(std::abs(f.value(-80.0F) / std::exp(-80.0) - 1) <= 1e-6);
}

TEST_CASE("LeakyReLU rejects negative slopes, NaN and infinity", "[activation]") {
  for (const double slope : {-0.01, -1.0, std::nan(""), std::numeric_limits<double>::infinity()}) {
    CAPTURE(slope);
    CHECK_THROWS_AS(LeakyReLU{.negative_slope = slope}, ValueError);
  }
}

TEST_CASE("LeakyReLU rejects a positive slope that is too small for a float", "[activation]") {
  CHECK_THROWS_AS(LeakyReLU{1e-46}, ValueError);
  CHECK(LeakyReLU{0}.value(-2.0f) == 0);
  CHECK(LeakyReLU{1e-37}.value(-1.0f) == -1e-37f);
}
