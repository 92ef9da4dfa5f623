#include "../../../examples/face_recognition/image.hpp"

#include <numeric>
#include <vector>

#include "catch.hpp"
#include "error_text.hpp"
#include "mentions.hpp"
#include "near.hpp"

TEST_CASE("A scaled image has the means of the areas") {
  const faces::Image image{2, 4, {0, 1, 1, 0, 1, 0, 0, 0}};
  CHECK(faces::scaled(image, 1, 2).values() == std::vector<float>{0.5F, 0.25F});
  CHECK(faces::scaled(image, 2, 4).values() == image.values());
  CHECK(faces::scaled(image, 4, 8)(1, 3) == 1);
  CHECK(faces::scaled({1, 1, {0.5F}}, 3, 3).values() == std::vector<float>(9, 0.5F));

  // Two pixels of three: each covers one pixel and half of the middle one.
  const std::vector<float> two = faces::scaled({1, 3, {0, 0.5F, 1}}, 1, 2).values();
  CHECK(gemel::test::near(two[0], 0.5F / 3));
  CHECK(gemel::test::near(two[1], 2.5F / 3));

  // The mean stays, also for sizes that do not divide each other.
  std::vector<float> values(112 * 92);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i * 7919 % 256) / 255;
  const std::vector<float> small = faces::scaled({112, 92, values}, 64, 64).values();
  const auto mean = [](const std::vector<float>& all) {
    return std::accumulate(all.begin(), all.end(), 0.0) / static_cast<double>(all.size());
  };
  CHECK(gemel::test::near(mean(small), mean(values)));
}

TEST_CASE("A mirrored image has its columns in the opposite order") {
  const faces::Image image{2, 3, {0, 1, 0.5F, 0.25F, 0, 1}};
  CHECK(faces::mirrored(image).values() == std::vector<float>{0.5F, 1, 0, 1, 0, 0.25F});
  CHECK(faces::mirrored(faces::mirrored(image)).values() == image.values());
}

TEST_CASE("An image has as many values as pixels") {
  CHECK(mentions(error_text<gemel::ShapeError>([] { faces::Image(2, 2, {1, 1, 1}); }), "2 x 2 pixels"));
  CHECK(mentions(error_text<gemel::ShapeError>([] { faces::Image(2, 1, {1, 1, 1}); }), "3 values"));
  CHECK(mentions(error_text<gemel::ShapeError>([] { faces::Image(0, 2, {}); }), "0 values"));
}
