#include "gemel/core/error.hpp"

#include <stdexcept>
#include <string>
#include <type_traits>

#include "catch.hpp"

using namespace gemel;

static_assert(std::is_base_of_v<std::runtime_error, Error>);

TEST_CASE("a place describes only what is known") {
  CHECK(Place{}.describe().empty());
  CHECK(Place{.file = "digits.csv", .line = 3, .column = "label"}.describe() == "digits.csv, line 3, column 'label'");
  CHECK(Place{.epoch = 2, .batch = 17, .layer = 0}.describe() == "epoch 3, batch 17, layer 0");  // epochs from 1
  CHECK(Place{.pair = 0}.describe() == "pair 0");
}

TEMPLATE_TEST_CASE("errors have the place and the cause in their text, and the place as a member", "", ShapeError,
                   ValueError, NonFiniteError, FormatError, IoError) {
  try {
    throw TestType("it is bent", {.file = "a.csv", .pair = 4});
  } catch (const Error& error) {
    CHECK(std::string(error.what()) == "a.csv, pair 4: it is bent");
    CHECK(error.place().file == "a.csv");
    CHECK(error.place().pair == 4);
    CHECK(!error.place().line);
    CHECK(dynamic_cast<const TestType*>(&error) != nullptr);
  }
  CHECK(std::string(TestType("it is bent").what()) == "it is bent");
}
