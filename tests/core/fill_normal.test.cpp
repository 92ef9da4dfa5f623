#include "gemel/core/fill_normal.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <vector>

#include "catch.hpp"
#include "instruction_sets.hpp"

using namespace gemel;
using test::for_each_instruction_set;

namespace {

template <class S>
std::vector<S> normals(std::size_t n, std::uint64_t seed, std::uint64_t stream) {
  std::vector<S> values(n, S{99});
  fill_normal<S>(values, seed, stream);
  return values;
}

}  // namespace

TEST_CASE("bulk normals have the recorded bits with every instruction set", "[fill_normal]") {
  // Computed once by this library with AVX-512; the next test compares them with Box and Muller's formula.
  for_each_instruction_set([] {
    const std::vector<float> z = normals<float>(64, 5, 9);
    CHECK(z[0] == 0x1.87c21ep-4F);
    CHECK(z[16] == 0x1.fec96cp-1F);
    CHECK(normals<double>(17, 5, 9)[16] == 0x1.fec96cp-1);
  });
}

TEST_CASE("bulk normals are those of Box and Muller from the words of the same stream", "[fill_normal]") {
  for_each_instruction_set([] {
    const std::uint64_t seed = 0x123456789abcdef, stream = 0xfedcba9876543210;
    const std::vector<float> z = normals<float>(1280, seed, stream);
    Rng rng{seed, stream};
    double error = 0;
    for (std::size_t block = 0; block < 320; ++block) {
      for (std::size_t half = 0; half < 2; ++half) {
        const double u = (rng.bits32() >> 1) * 0x1p-31 + 0x1p-32, turns = rng.bits32() * 0x1p-32;
        const double radius = std::sqrt(-2 * std::log(u)), angle = 2 * std::numbers::pi * turns;
        const std::size_t i = block / 16 * 64 + half * 32 + block % 16;
        // Near u = 1 the float u is only accurate to 2^-25, and so is radius^2 / 2.
        const double tolerance = 1e-6 + 0x1p-24 / std::max(radius, 1e-3);
        error = std::max(error, std::abs(z[i] - radius * std::cos(angle)) / tolerance);
        error = std::max(error, std::abs(z[i + 16] - radius * std::sin(angle)) / tolerance);
      }
    }
    CHECK(error <= 1);
  });
}

TEMPLATE_TEST_CASE("bulk normals are equal for all instruction sets, and short fills begin long ones", "[fill_normal]",
                   float, double) {
  using S = TestType;
  force_instruction_set(InstructionSet::Portable);
  const std::vector<S> all = normals<S>(100003, 7, 1);
  for_each_instruction_set([&] {
    CHECK(normals<S>(100003, 7, 1) == all);
    for (std::size_t n = 0; n <= 200; ++n) {
      std::vector<S> values(n + 1, S{99});
      fill_normal(std::span(values.data(), n), 7, 1);
      CAPTURE(n);
      CHECK(std::equal(values.begin(), values.end() - 1, all.begin()));
      CHECK(values.back() == 99);
    }
  });
  CHECK(normals<S>(64, 8, 1) != normals<S>(64, 7, 1));
  CHECK(normals<S>(64, 7, 2) != normals<S>(64, 7, 1));
  CHECK(normals<S>(64, 7, std::uint64_t{1} << 32) != normals<S>(64, 7, 0));
  CHECK(normals<S>(64, 7 + (std::uint64_t{1} << 32), 1) != normals<S>(64, 7, 1));
}

TEST_CASE("bulk normals have the moments, the tails and the distribution function of normal numbers", "[fill_normal]") {
  constexpr std::size_t n = 1000000;
  std::vector<float> z = normals<float>(n, 4, 0);
  double first = 0, second = 0, third = 0, fourth = 0, lag = 0, half = 0;
  int beyond_3 = 0, beyond_4 = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const double v = z[i];
    first += v;
    second += v * v;
    third += v * v * v;
    fourth += v * v * v * v;
    lag += i > 0 ? v * z[i - 1] : 0;
    half += i >= 16 ? v * z[i - 16] : 0;  // the other number of the same pair, for half of the numbers
    beyond_3 += std::abs(v) > 3;
    beyond_4 += std::abs(v) > 4;
  }
  const double root = std::sqrt(n);
  CHECK(std::abs(first / n) < 4 / root);
  CHECK(std::abs(second / n - 1) < 4 * std::sqrt(2) / root);
  CHECK(std::abs(third / n) < 4 * std::sqrt(15) / root);
  CHECK(std::abs(fourth / n - 3) < 4 * std::sqrt(96) / root);
  CHECK(std::abs(lag / n) < 4 / root);
  CHECK(std::abs(half / n) < 4 / root);
  CHECK(std::abs(beyond_3 - 2699.8) < 4 * std::sqrt(2699.8));
  CHECK(std::abs(beyond_4 - 63.3) < 4 * std::sqrt(63.3));

  std::sort(z.begin(), z.end());
  double distance = 0;  // Kolmogorov and Smirnov
  for (std::size_t i = 0; i < n; ++i) {
    const double cdf = 0.5 * std::erfc(-static_cast<double>(z[i]) / std::numbers::sqrt2);
    distance = std::max(
        {distance, std::abs(cdf - static_cast<double>(i) / n), std::abs(static_cast<double>(i + 1) / n - cdf)});
  }
  CHECK(distance * root < 1.95);  // p = 0.001
}

TEST_CASE("bulk normals with a generator draw their seed from it", "[fill_normal]") {
  Rng rng{3}, copy = rng;
  std::vector<float> first(20), second(20);
  fill_normal<float>(first, rng);
  fill_normal<float>(second, rng);
  CHECK(first == normals<float>(20, copy.bits(), 0));
  CHECK(first != second);
}
