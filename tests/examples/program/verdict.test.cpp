#include "../../../examples/program/verdict.hpp"

#include <vector>

#include "catch.hpp"

TEST_CASE("The verdict follows the validation, and says what the test shows") {
  std::vector<program::Row> rows = {
      {.name = "raw", .validation_eer = 0.2, .eer = 0.3, .eer_interval = {0.2, 0.4, ""}},
      {.name = "whitened", .validation_eer = 0.08, .eer = 0.06, .eer_interval = {0.04, 0.09, ""}},
      {.name = "network", .validation_eer = 0.07, .eer = 0.065, .eer_interval = {0.05, 0.1, ""}}};
  CHECK(program::verdict(rows) ==
        "The network pays: its equal error rate on the validation is 7.00 %, and 8.00 % without it (whitened); on the "
        "test they are 6.50 % and 6.00 %, with intervals that overlap.");
  rows[2].validation_eer = rows[1].validation_eer;
  rows[2].eer_interval = {0.095, 0.2, ""};
  CHECK(program::verdict(rows) ==
        "The network does not pay: its equal error rate on the validation is 8.00 %, and 8.00 % without it (whitened); "
        "on the test they are 6.50 % and 6.00 %, with intervals that do not meet.");
}
