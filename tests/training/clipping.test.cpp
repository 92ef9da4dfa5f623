#include "gemel/training/clipping.hpp"

#include <array>
#include <limits>
#include <vector>

#include "catch.hpp"

using namespace gemel;

namespace {

std::vector<double> clipped(const Clipping& clipping, std::vector<double> gradient) {
  clip(clipping, std::span<double>(gradient), std::array<Index, 2>{3, 2});
  return gradient;
}

const std::vector<double> gradient{2, -1, 2, 0, -0.5};  // norms 3 and 0.5

}  // namespace

TEST_CASE("Clipping by value, by each variable's norm, by the whole norm") {
  CHECK(clipped({}, gradient) == gradient);
  CHECK(clipped({.clipvalue = 0.75}, gradient) == std::vector<double>{0.75, -0.75, 0.75, 0, -0.5});
  CHECK(clipped({.clipnorm = 1.5}, gradient) == std::vector<double>{1, -0.5, 1, 0, -0.5});
  CHECK(clipped({.clipnorm = 3}, gradient) == gradient);
  CHECK(clipped({.global_clipnorm = 4}, gradient) == gradient);
  const auto global = clipped({.global_clipnorm = 1}, gradient);
  for (std::size_t i = 0; i < global.size(); ++i) CHECK(std::abs(global[i] - gradient[i] / std::sqrt(9.25)) <= 1e-16);
}

TEST_CASE("Clipping by a norm whose square overflows") {
  for (const float size : {1e-25F, 1e25F}) {
    std::vector<float> large{3 * size, -4 * size};
    const std::vector<Index> one_variable{2};
    clip(Clipping{.global_clipnorm = static_cast<double>(size)}, std::span<float>(large), one_variable);
    CAPTURE(size);
    CHECK(std::abs(large[0] / size - 0.6F) <= 1e-6F);
    CHECK(std::abs(large[1] / size + 0.8F) <= 1e-6F);
  }
}

TEST_CASE("Clipping keeps NaN") {
  const double nan = std::nan("");
  const std::vector<double> broken{1, nan, 2, 3, 4};
  CHECK(std::isnan(clipped({.clipvalue = 1}, broken)[1]));
  CHECK(std::isnan(clipped({.clipnorm = 1}, broken)[0]));
  CHECK(std::isnan(clipped({.global_clipnorm = 1}, broken)[4]));
}

TEST_CASE("Clipping refuses limits that are none, and two at once") {
  for (const double limit : {0.0, -1.0, std::nan(""), std::numeric_limits<double>::infinity()}) {
    CHECK_THROWS_AS(Clipping{.clipvalue = limit}.check(), ValueError);
    CHECK_THROWS_AS(Clipping{.clipnorm = limit}.check(), ValueError);
    CHECK_THROWS_AS(Clipping{.global_clipnorm = limit}.check(), ValueError);
  }
  CHECK_THROWS_AS((Clipping{.clipvalue = 1, .clipnorm = 1}.check()), ValueError);
  CHECK_THROWS_AS((Clipping{.clipnorm = 1, .global_clipnorm = 1}.check()), ValueError);
  Clipping{.clipnorm = 1}.check();
}
