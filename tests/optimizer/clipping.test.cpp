#include "gemel/optimizer/clipping.hpp"

#include <array>
#include <cmath>
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

TEST_CASE("clipvalue, clipnorm and global_clipnorm limit elements, variables and the whole gradient") {
  CHECK(clipped({}, gradient) == gradient);
  CHECK(clipped({.clipvalue = 0.75}, gradient) == std::vector<double>{0.75, -0.75, 0.75, 0, -0.5});
  CHECK(clipped({.clipnorm = 1.5}, gradient) == std::vector<double>{1, -0.5, 1, 0, -0.5});
  CHECK(clipped({.clipnorm = 3}, gradient) == gradient);
  CHECK(clipped({.global_clipnorm = 4}, gradient) == gradient);
  const auto global = clipped({.global_clipnorm = 1}, gradient);
  for (std::size_t i = 0; i < global.size(); ++i) CHECK(std::abs(global[i] - gradient[i] / std::sqrt(9.25)) <= 1e-16);
}

TEST_CASE("Clipping by a norm whose square overflows or underflows in float") {
  for (const float size : {1e-25F, 1e25F}) {
    std::vector<float> large{3 * size, -4 * size};
    const std::vector<Index> one_variable{2};
    clip(Clipping{.global_clipnorm = static_cast<double>(size)}, std::span<float>(large), one_variable);
    CAPTURE(size);
    CHECK(std::abs(large[0] / size - 0.6F) <= 1e-6F);
    CHECK(std::abs(large[1] / size + 0.8F) <= 1e-6F);
  }
}

TEST_CASE("Clipping by a norm whose square overflows or underflows in double") {
  // The variables (3, -4, 0) and (0, 12) times `size` have norms 5 and 12; the whole norm is 13, times `size`.
  const auto check = [](const Clipping& clipping, double size, double first, double second) {
    const std::vector<double> unit{3, -4, 0, 0, 12};
    std::vector<double> large = unit;
    for (double& g : large) g *= size;
    const std::vector<double> got = clipped(clipping, large);
    for (std::size_t i = 0; i < unit.size(); ++i) {
      const double expected = unit[i] * (i < 3 ? first : second);
      CAPTURE(size, i, got[i]);
      CHECK(std::abs(got[i] / size - expected) <= 1e-14);
    }
  };
  for (const double size : {1e-170, 1e-300, 1.0, 1e154, 1e160, 1e307}) {
    check({.clipnorm = size}, size, 1.0 / 5, 1.0 / 12);
    check({.clipnorm = 6 * size}, size, 1, 6.0 / 12);
    check({.global_clipnorm = size}, size, 1.0 / 13, 1.0 / 13);
    check({.global_clipnorm = 12 * size}, size, 12.0 / 13, 12.0 / 13);
    check({.global_clipnorm = 14 * size}, size, 1, 1);
  }
  CHECK(std::abs(clipped({.clipnorm = 1}, {1.5e308, 1.5e308, 0, 0, 0})[0] / std::sqrt(0.5) - 1) <
        1e-5);  // here the norm itself overflows, too
}

TEST_CASE("Clipping by a factor that is below the normal numbers") {
  CHECK(std::abs(clipped({.global_clipnorm = 1e-200}, {3e150, 0, 0, 4e150, 0})[3] / 8e-201 - 1) < 1e-5);
  std::vector<float> large{3e25F, -4e25F};
  clip(Clipping{.clipnorm = 1e-20}, std::span<float>(large), std::vector<Index>{2});
  CHECK(std::abs(large[0] / 6e-21 - 1) < 1e-5);
}

TEST_CASE("NaN propagates through clipping") {
  const double nan = std::nan("");
  const std::vector<double> broken{1, nan, 2, 3, 4};
  CHECK(std::isnan(clipped({.clipvalue = 1}, broken)[1]));
  CHECK(std::isnan(clipped({.clipnorm = 1}, broken)[0]));
  CHECK(std::isnan(clipped({.global_clipnorm = 1}, broken)[4]));
}

TEST_CASE("Clipping rejects invalid limits, and two limits at once") {
  for (const double limit : {0.0, -1.0, std::nan(""), std::numeric_limits<double>::infinity()}) {
    CHECK_THROWS_AS(Clipping{.clipvalue = limit}.check(), ValueError);
    CHECK_THROWS_AS(Clipping{.clipnorm = limit}.check(), ValueError);
    CHECK_THROWS_AS(Clipping{.global_clipnorm = limit}.check(), ValueError);
  }
  CHECK_THROWS_AS((Clipping{.clipvalue = 1, .clipnorm = 1}.check()), ValueError);
  CHECK_THROWS_AS((Clipping{.clipnorm = 1, .global_clipnorm = 1}.check()), ValueError);
  Clipping{.clipnorm = 1}.check();
}
