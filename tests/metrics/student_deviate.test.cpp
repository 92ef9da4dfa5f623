#include "gemel/metrics/student_deviate.hpp"

#include <cmath>
#include <limits>

#include "catch.hpp"
#include "gemel/core/error.hpp"

using namespace gemel;

TEST_CASE("student_deviate gives published quantiles", "[student_deviate]") {
  // Abramowitz and Stegun, Handbook of Mathematical Functions, table 26.10, to its three digits after the point.
  const auto is = [](double rate, Index degrees, double t) {
    return std::abs(student_deviate(rate, degrees) - t) < 0.0006;
  };
  CHECK(is(0.975, 1, 12.706));
  CHECK(is(0.975, 2, 4.303));
  CHECK(is(0.975, 3, 3.182));
  CHECK(is(0.975, 4, 2.776));
  CHECK(is(0.975, 9, 2.262));
  CHECK(is(0.995, 7, 3.499));
  CHECK(is(0.95, 30, 1.697));
  CHECK(is(0.975, 120, 1.980));
  CHECK(is(0.9995, 5, 6.869));
  CHECK(is(0.025, 4, -2.776));
  CHECK(std::abs(student_deviate(0.5, 6)) < 1e-12);
}

TEST_CASE("with many degrees of freedom, student_deviate is normal_deviate", "[student_deviate]") {
  for (const double rate : {0.001, 0.2, 0.5, 0.975, 0.999}) {
    CHECK(std::abs(student_deviate(rate, 9'999) - normal_deviate(rate)) <=
          1e-12 + 1e-3 * std::abs(normal_deviate(rate)));
    CHECK(student_deviate(rate, 10'000) == normal_deviate(rate));
  }
  CHECK(std::isinf(student_deviate(1, 3)));
  CHECK(std::isinf(student_deviate(0, 3)));
}

TEST_CASE("student_deviate refuses what is no rate and no number of degrees", "[student_deviate]") {
  for (const double bad : {-0.1, 1.1, std::numeric_limits<double>::quiet_NaN()}) {
    CHECK_THROWS_AS(student_deviate(bad, 3), ValueError);
  }
  CHECK_THROWS_AS(student_deviate(0.5, 0), ValueError);
}
