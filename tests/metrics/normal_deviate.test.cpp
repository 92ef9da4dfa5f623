#include "gemel/metrics/normal_deviate.hpp"

#include <cmath>
#include <limits>

#include "catch.hpp"
#include "gemel/core/error.hpp"

using namespace gemel;

TEST_CASE("normal_deviate gives published quantiles", "[normal_deviate]") {
  // Published quantiles of the normal distribution: Abramowitz and Stegun, Handbook of Mathematical Functions, 26.2.
  const auto is = [](double rate, double z) { return std::abs(normal_deviate(rate) - z) < 5e-8; };
  CHECK(is(0.5, 0));
  CHECK(is(0.975, 1.95996398));
  CHECK(is(0.025, -1.95996398));
  CHECK(is(0.001, -3.09023231));
  CHECK(is(0.9, 1.28155157));
  CHECK(normal_deviate(0) == -std::numeric_limits<double>::infinity());
  CHECK(normal_deviate(1) == std::numeric_limits<double>::infinity());
  for (const double bad : {-0.1, 1.1, std::numeric_limits<double>::quiet_NaN()}) {
    CHECK_THROWS_AS(normal_deviate(bad), ValueError);
  }
}
