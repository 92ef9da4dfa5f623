#include "../../../examples/program/rows.hpp"

#include <string>
#include <vector>

#include "../../../examples/program/text.hpp"
#include "catch.hpp"
#include "mentions.hpp"

namespace {

std::vector<program::Row> rows_with_rates(double raw, double whitened, double network) {
  return {{.name = "raw", .validation_eer = raw},
          {.name = "whitened", .validation_eer = whitened},
          {.name = "network", .validation_eer = network}};
}

}  // namespace

TEST_CASE("the best row has the lowest error on the validation pairs, and of equal rows it is the simplest") {
  constexpr double none = program::Row::none;
  CHECK(program::best_row(rows_with_rates(0.3, 0.2, 0.1)).name == "network");
  CHECK(program::best_row(rows_with_rates(0.3, 0.1, 0.2)).name == "whitened");
  CHECK(program::best_row(rows_with_rates(0.1, 0.1, 0.1)).name == "raw");
  CHECK(program::best_row(rows_with_rates(0.3, 0.1, 0.1)).name == "whitened");
  CHECK(program::best_row(rows_with_rates(none, none, 0.4)).name == "network");
  CHECK(program::best_row(rows_with_rates(none, 0.3, 0.4)).name == "whitened");
}

TEST_CASE("a sentence says that the network does not pay only if another row is the best") {
  CHECK(program::whether_it_pays(rows_with_rates(0.3, 0.2, 0.1)).empty());
  const std::string whitened = program::whether_it_pays(rows_with_rates(0.3, 0.1, 0.2));
  CHECK(mentions(whitened, "the distance of the whitened samples"));
  CHECK(mentions(whitened, "10.00 %, the network 20.00 %"));
  CHECK(mentions(program::whether_it_pays(rows_with_rates(0.1, 0.2, 0.1)), "the same equal error rate, 10.00 %"));
}

TEST_CASE("a list of names says how many it leaves out") {
  CHECK(program::listed({"a", "b", "c"}, 7) == "a, b, c");
  CHECK(program::listed({"a", "b", "c"}, 6) == "a, b and 1 more");
  CHECK(program::listed({"a", "b", "c"}, 1) == "a and 2 more");
}
