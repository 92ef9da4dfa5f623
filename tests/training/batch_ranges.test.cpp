#include "gemel/training/batch_ranges.hpp"

#include <cstdint>
#include <vector>

#include "catch.hpp"

using namespace gemel;

TEST_CASE("the ranges of an epoch include each batch until they are reset", "[batch_ranges]") {
  detail::EpochRanges<float> ranges(2);
  const std::vector<std::uint8_t> dissimilar = {0, 0}, similar = {1};
  ranges.include_y(0, 3);
  ranges.include_y(2, 5);
  ranges.include_y(2, 4);
  ranges.include_distance(1);
  ranges.include_labels(dissimilar);
  CHECK(ranges.max_abs_feature() == 3);
  CHECK(ranges.max_abs_output(0) == 0);
  CHECK(ranges.max_abs_output(1) == 5);
  CHECK(ranges.max_abs_distance() == 1);
  CHECK(ranges.has_label(false));
  CHECK(!ranges.has_label(true));
  ranges.include_labels(similar);
  CHECK(ranges.has_label(true));

  ranges.reset();
  CHECK(ranges.max_abs_feature() == 0);
  CHECK(ranges.max_abs_output(1) == 0);
  CHECK(ranges.max_abs_distance() == 0);
  CHECK(!ranges.has_label(false));
  CHECK(!ranges.has_label(true));
}
