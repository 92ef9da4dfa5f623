#include "../../../examples/face_recognition/report.hpp"

#include <vector>

#include "catch.hpp"

TEST_CASE("The worst errors are those farthest beyond the threshold, and show no image twice") {
  const std::vector<faces::WrongPair> wrong = {
      {.fold = 1, .first = 0, .second = 1, .distance = 1.1, .threshold = 1, .same = true},
      {.fold = 1, .first = 2, .second = 3, .distance = 1.5, .threshold = 1, .same = true},
      {.fold = 1, .first = 3, .second = 4, .distance = 1.4, .threshold = 1, .same = true},
      {.fold = 1, .first = 5, .second = 6, .distance = 0.8, .threshold = 1, .same = false},
      {.fold = 1, .first = 7, .second = 8, .distance = 0.9, .threshold = 2, .same = false},
      {.fold = 1, .first = 9, .second = 10, .distance = 0.9, .threshold = 1, .same = false},
  };
  const auto worst = faces::worst_errors(wrong, 2);
  REQUIRE(worst.size() == 4);
  CHECK(worst[0].first == 2);
  CHECK(worst[1].first == 0);  // the pair of 3 and 4 shows 3 again
  CHECK(worst[2].first == 7);
  CHECK(worst[3].first == 5);
  CHECK(faces::worst_errors({}, 2).empty());
}
