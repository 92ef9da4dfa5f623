#include "../../../examples/face_recognition/features.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <set>
#include <vector>

#include "catch.hpp"
#include "near.hpp"

namespace {

/// An image of `side` x `side` pixels whose values are bright where is_bright(row, col) holds.
template <class IsBright>
faces::Image two_tone(gemel::Index side, const IsBright& is_bright) {
  std::vector<float> values;
  for (gemel::Index row = 0; row < side; ++row) {
    for (gemel::Index col = 0; col < side; ++col) values.push_back(is_bright(row, col) ? 1 : 0);
  }
  return {side, side, values};
}

std::vector<float> hog_of(const faces::Image& image) {
  std::vector<float> features;
  faces::hog(image, {.cell = 8, .stride = 8}, features);
  return features;
}

}  // namespace

TEST_CASE("The gradients at an edge vote for its orientation") {
  // Across a horizontal edge the gradient points down, which is the middle of the fifth of nine orientations.
  const std::vector<float> horizontal = hog_of(two_tone(16, [](auto row, auto) { return row >= 8; }));
  REQUIRE(horizontal.size() == 4 * 9);
  for (std::size_t i = 0; i < horizontal.size(); ++i) {
    CHECK(gemel::test::near(horizontal[i], i % 9 == 4 ? 0.5 : 0, 1e-3));
  }
  // A gradient to the right is between the last and the first one.
  const std::vector<float> vertical = hog_of(two_tone(16, [](auto, auto col) { return col >= 8; }));
  for (std::size_t i = 0; i < vertical.size(); ++i) {
    CHECK(gemel::test::near(vertical[i], i % 9 == 0 || i % 9 == 8 ? std::sqrt(1.0 / 8) : 0, 1e-3));
  }
  // The opposite gradient has the same orientation, and a flat image has none.
  const std::vector<float> opposite = hog_of(two_tone(16, [](auto row, auto) { return row < 8; }));
  for (std::size_t i = 0; i < opposite.size(); ++i) CHECK(gemel::test::near(opposite[i], horizontal[i], 1e-6));
  CHECK(std::ranges::count(hog_of(two_tone(16, [](auto, auto) { return true; })), 0.F) == 36);
}

TEST_CASE("A block's gradients count by their share, not by the contrast of the image") {
  const auto bright = [](auto row, auto col) { return (row / 3 + col / 5) % 2 == 0; };
  const faces::Image full = two_tone(16, bright);
  std::vector<float> values = full.values();
  for (float& value : values) value = 0.3F + value / 2;
  const std::vector<float> strong = hog_of(full), weak = hog_of({16, 16, values});
  for (std::size_t i = 0; i < strong.size(); ++i) CHECK(gemel::test::near(weak[i], strong[i], 1e-4));
}

TEST_CASE("Overlapping cells make blocks of cells that touch") {
  std::vector<float> features;
  faces::hog(two_tone(64, [](auto row, auto) { return row >= 32; }), {.cell = 16, .stride = 8}, features);
  CHECK(features.size() == 5 * 5 * 4 * 9);  // 7 x 7 cells, each with the one two places on
}

TEST_CASE("Patterns that change at most twice around the circle are uniform") {
  const auto numbers = faces::detail::pattern_numbers();
  CHECK(numbers[0] == 0);
  CHECK(numbers[255] == 57);
  CHECK(numbers[0b00000001] == 1);
  CHECK(numbers[0b10000001] < 58);  // around the end
  CHECK(numbers[0b01010101] == 58);
  CHECK(numbers[0b00100100] == 58);
  CHECK(std::set<gemel::Index>(numbers.begin(), numbers.end()).size() == 59);
  CHECK(std::ranges::count(numbers, 58) == 256 - 58);
}

TEST_CASE("The patterns of a dot and of an edge are those that were expected") {
  const auto histogram = [](const faces::Image& image, double radius) {
    std::vector<float> features;
    faces::lbp(image, {.radius = radius, .cell = 16}, features);
    return features;
  };
  const auto share = [](const std::vector<float>& features, std::size_t pattern) {
    const double root = features[static_cast<std::size_t>(faces::detail::pattern_numbers()[pattern])];
    return root * root;
  };
  for (const double radius : {1.0, 2.0}) {
    // No neighbour of the dot is as bright; of every other pixel, all are at least as bright.
    const auto dot = histogram(two_tone(16, [](auto row, auto col) { return row == 8 && col == 8; }), radius);
    REQUIRE(dot.size() == 59);
    CHECK(gemel::test::near(share(dot, 0), 1.0 / 256));
    CHECK(gemel::test::near(share(dot, 255), 255.0 / 256));
    // Left of the bright half, all neighbours are at least as bright; the points 3, 4 and 5 on the circle are on the
    // left of a bright pixel, and darker if it is beside the edge.
    const auto edge = histogram(two_tone(16, [](auto, auto col) { return col >= 8; }), radius);
    CHECK(share(edge, 255 - 8 - 16 - 32) >= 1.0 / 16);
    CHECK(gemel::test::near(share(edge, 255), (16 - radius) / 16));
  }
}

TEST_CASE("The features of an image and of its mirror image are equal, whatever the number of threads") {
  std::vector<faces::Image> images;
  for (const gemel::Index slope : {1, 2, 3}) {
    images.push_back(two_tone(64, [slope](auto row, auto col) { return (row + slope * col) % 13 < 5; }));
  }
  const gemel::Samples<float> one = faces::features_of(images, 1), two = faces::features_of(images, 2);
  CHECK(one.features() == 1764 + 900 + 2 * 16 * 59);
  CHECK(one.matrix() == two.matrix());
  const std::vector<float> mirror = faces::features_of(faces::mirrored(images[1]));
  for (gemel::Index i = 0; i < one.features(); ++i) {
    CHECK(mirror[static_cast<std::size_t>(i)] == one.matrix()(i, 1));
  }
}
