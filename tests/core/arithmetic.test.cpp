#include "gemel/core/arithmetic.hpp"

#include <cmath>
#include <cstdint>
#include <numbers>

#include "catch.hpp"
#include "gemel/core/random.hpp"

using namespace gemel;

namespace {

long double relative_error(double value, long double expected) {
  return std::abs((static_cast<long double>(value) - expected) / expected);
}

double relative_difference(double a, double b) { return std::abs(a - b) / std::abs(b); }

}  // namespace

TEST_CASE("portable_log is accurate to the last bits") {
  Rng rng{1};
  long double worst = 0;
  for (int i = 0; i < 100000; ++i) {
    const double u = 1 - rng.uniform<double>();
    for (const double x : {u, std::ldexp(u, -i % 60), 1 - std::ldexp(u, -1 - i % 50), 1 + std::ldexp(u, -i % 50)}) {
      if (x != 1) worst = std::max(worst, relative_error(portable_log(x), std::log(static_cast<long double>(x))));
    }
  }
  CHECK(worst < 1e-15L);
  CHECK(portable_log(1) == 0);
  CHECK(portable_log(2) == std::numbers::ln2);
}

TEST_CASE("cos_of_turns is accurate to the last bits, even near its zeros") {
  constexpr long double two_pi = 2 * std::numbers::pi_v<long double>;
  Rng rng{2};
  long double worst = 0;
  for (int i = 0; i < 100000; ++i) {
    const double small = std::ldexp(1 - rng.uniform<double>(), -3 - i % 40);
    // The reference reduces the angle to the nearest quarter turn, which is exact.
    worst = std::max(worst, relative_error(cos_of_turns(small), std::cos(two_pi * small)));
    worst = std::max(worst, relative_error(cos_of_turns(0.5 + small), -std::cos(two_pi * (0.5 + small - 0.5))));
    const double quarter = 0.25 + small - 0.25;
    if (quarter > 0) worst = std::max(worst, relative_error(cos_of_turns(0.25 + quarter), -std::sin(two_pi * quarter)));
    const double last = 0.75 + small - 0.75;
    if (last > 0) worst = std::max(worst, relative_error(cos_of_turns(0.75 + last), std::sin(two_pi * last)));
  }
  CHECK(worst < 1e-15L);
  CHECK(cos_of_turns(0) == 1);
  CHECK(cos_of_turns(0.25) == 0);
  CHECK(cos_of_turns(0.5) == -1);
  CHECK(cos_of_turns(0.75) == 0);
}

TEST_CASE("integer powers agree with those of the C library") {
  CHECK(power(3.0, std::int64_t{0}) == 1);
  CHECK(power(3.0, std::int64_t{5}) == 243);
  CHECK(power(0.0, std::int64_t{0}) == 1);
  CHECK(power(0.5, std::int64_t{2000}) == 0);
  for (const std::int64_t n : {1, 2, 7, 100, 1000, 12345}) {
    CAPTURE(n);
    CHECK(relative_difference(power(0.999, n), std::pow(0.999, static_cast<double>(n))) <= 1e-12);
    CHECK(relative_difference(one_minus_power(0.999, n), -std::expm1(static_cast<double>(n) * std::log(0.999))) <=
          1e-13);
  }
  CHECK(one_minus_power(0.0, 1) == 1);
  CHECK(one_minus_power(0.75, 2) == 0.4375);
}

TEST_CASE("the exponential and fractional powers agree with those of the C library") {
  CHECK(portable_exp(0) == 1);
  for (double x = -40; x < 40; x += 0.37) {
    CAPTURE(x);
    CHECK(relative_difference(portable_exp(x), std::exp(x)) <= 4e-16);
  }
  for (double x = 0; x < 20; x += 0.31) {
    CAPTURE(x);
    CHECK(relative_difference(power(0.7, x), std::pow(0.7, x)) <= 3e-15);
    CHECK(relative_difference(power(1.3, x), std::pow(1.3, x)) <= 3e-15);
  }
}
