#include "gemel/core/format.hpp"

#include <cstdint>
#include <limits>
#include <string>

#include "catch.hpp"

using namespace gemel;

TEST_CASE("format joins its pieces") {
  const std::string name = "margin";
  CHECK(format({}).empty());
  CHECK(format({"the ", name, " is ", 3, ", not ", std::uint8_t{200}}) == "the margin is 3, not 200");
  CHECK(format({std::string("a "), "temporary"}) == "a temporary");
}

TEST_CASE("integers are written as std::to_string does, and real numbers with six digits") {
  constexpr auto least = std::numeric_limits<std::int64_t>::min();
  constexpr auto most = std::numeric_limits<std::uint64_t>::max();
  CHECK(format({least}) == std::to_string(least));
  CHECK(format({most}) == std::to_string(most));
  CHECK(format({0.1f, " ", -2.5, " ", 1.0, " ", -1e-7}) == "0.1 -2.5 1 -1e-07");
  CHECK(format({std::numeric_limits<double>::lowest()}) == "-1.79769e+308");
}
