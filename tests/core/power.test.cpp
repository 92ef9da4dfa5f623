#include "gemel/core/power.hpp"

#include "catch.hpp"

using namespace gemel;

namespace {

double relative(double a, double b) { return std::abs(a - b) / std::abs(b); }

}  // namespace

TEST_CASE("Whole powers") {
  CHECK(power(3.0, std::int64_t{0}) == 1);
  CHECK(power(3.0, std::int64_t{5}) == 243);
  CHECK(power(0.0, std::int64_t{0}) == 1);
  CHECK(power(0.5, std::int64_t{2000}) == 0);
  for (const std::int64_t n : {1, 2, 7, 100, 1000, 12345}) {
    CAPTURE(n);
    CHECK(relative(power(0.999, n), std::pow(0.999, static_cast<double>(n))) <= 1e-12);
    CHECK(relative(one_minus_power(0.999, n), -std::expm1(static_cast<double>(n) * std::log(0.999))) <= 1e-13);
  }
  CHECK(one_minus_power(0.0, 1) == 1);
  CHECK(one_minus_power(0.75, 2) == 0.4375);
}

TEST_CASE("The exponential and broken powers agree with the platform's") {
  CHECK(portable_exp(0) == 1);
  for (double x = -40; x < 40; x += 0.37) {
    CAPTURE(x);
    CHECK(relative(portable_exp(x), std::exp(x)) <= 4e-16);
  }
  for (double x = 0; x < 20; x += 0.31) {
    CAPTURE(x);
    CHECK(relative(power(0.7, x), std::pow(0.7, x)) <= 3e-15);
    CHECK(relative(power(1.3, x), std::pow(1.3, x)) <= 3e-15);
  }
}
