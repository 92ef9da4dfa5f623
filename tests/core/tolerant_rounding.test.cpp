#include "gemel/core/tolerant_rounding.hpp"

#include "catch.hpp"

using namespace gemel;

TEST_CASE("a product that is below an integer only because of rounding counts as that integer", "[tolerant_rounding]") {
  CHECK(detail::tolerant_floor(1000 * (1 - 0.9), 1000) == 100);
  CHECK(detail::tolerant_floor(50 * 0.29 + 0.5, 50) == 15);
  CHECK(detail::tolerant_floor(1000 * (1 - 0.9001), 1000) == 99);
  CHECK(detail::tolerant_floor(0.999, 1) == 0);
  CHECK(detail::tolerant_ceil(4 / (1 - 0.9), 40) == 40);  // in double the quotient is larger
  CHECK(detail::tolerant_ceil(40.001, 40) == 41);
  CHECK(detail::tolerant_ceil(40, 40) == 40);
}
