#include "gemel/core/message.hpp"

#include <cstdint>
#include <limits>
#include <string>

#include "catch.hpp"

using namespace gemel;

TEST_CASE("a message is its pieces, one after the other") {
  const std::string name = "margin";
  CHECK(message({}).empty());
  CHECK(message({"the ", name, " is ", 3, ", not ", std::uint8_t{200}}) == "the margin is 3, not 200");
  CHECK(message({std::string("a "), "temporary"}) == "a temporary");
}

TEST_CASE("numbers are written as std::to_string writes them") {
  constexpr auto least = std::numeric_limits<std::int64_t>::min();
  constexpr auto most = std::numeric_limits<std::uint64_t>::max();
  CHECK(message({least}) == std::to_string(least));
  CHECK(message({most}) == std::to_string(most));
  CHECK(message({0.1f, " ", -2.5}) == std::to_string(0.1f) + " " + std::to_string(-2.5));
  constexpr double longest = std::numeric_limits<double>::lowest();
  CHECK(message({longest}) == std::to_string(longest));
}
