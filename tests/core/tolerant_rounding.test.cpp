#include "gemel/core/tolerant_rounding.hpp"

#include "catch.hpp"

using namespace gemel;

TEST_CASE("a product that rounding has made a little less than a whole number is that number", "[whole]") {
  CHECK(detail::tolerant_floor(1000 * (1 - 0.9), 1000) == 100);
  CHECK(detail::tolerant_floor(50 * 0.29 + 0.5, 50) == 15);
  CHECK(detail::tolerant_floor(1000 * (1 - 0.9001), 1000) == 99);
  CHECK(detail::tolerant_floor(0.999, 1) == 0);
  CHECK(detail::tolerant_ceil(4 / (1 - 0.9), 40) == 40);  // as a quotient of doubles it is more
  CHECK(detail::tolerant_ceil(40.001, 40) == 41);
  CHECK(detail::tolerant_ceil(40, 40) == 40);
}
