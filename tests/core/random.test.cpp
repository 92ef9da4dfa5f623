#include "gemel/core/random.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "catch.hpp"
#include "gemel/core/labels.hpp"

using namespace gemel;

static_assert(std::uniform_random_bit_generator<Rng>);
static_assert(std::copyable<Rng>);

TEST_CASE("philox gives the known answers from the Random123 library") {
  using Words = std::array<std::uint32_t, 4>;
  constexpr std::uint32_t ones = 0xffffffff;
  CHECK(detail::philox({0, 0, 0, 0}, {0, 0}) == Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(detail::philox({ones, ones, ones, ones}, {ones, ones}) ==
        Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(detail::philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("the first numbers are bit-identical to those of an independent program") {
  std::ifstream file(std::string(GEMEL_TEST_DATA) + "/golden/random.json");
  REQUIRE(file);
  const nlohmann::json golden = nlohmann::json::parse(file);
  REQUIRE(golden["streams"].size() == 5);
  for (const auto& expected : golden["streams"]) {
    const Rng start{expected["seed"].get<std::uint64_t>(), expected["stream"].get<std::uint64_t>()};
    CAPTURE(expected["seed"].dump(), expected["stream"].dump());

    Rng rng = start;
    for (const std::uint32_t word : expected["bits32"]) CHECK(rng.bits32() == word);
    rng = start;
    for (const float value : expected["uniform_float"]) CHECK(rng.uniform<float>() == value);
    rng = start;
    for (const double value : expected["uniform_double"]) CHECK(rng.uniform<double>() == value);
    rng = start;
    for (const double value : expected["normal_double"]) CHECK(rng.normal<double>() == value);
    rng = start;
    for (const double value : expected["normal_double"]) CHECK(rng.normal<float>() == static_cast<float>(value));
    rng = start;
    for (std::size_t i = 0; i < expected["bounds"].size(); ++i) {
      CHECK(rng.below(expected["bounds"][i].get<Index>()) == expected["below"][i].get<Index>());
    }
    rng = start;
    std::vector<int> order(10);
    std::iota(order.begin(), order.end(), 0);
    shuffle(order, rng);
    CHECK(order == expected["shuffled"].get<std::vector<int>>());
  }
  for (const auto& row : golden["mix"]) {
    CHECK(mix(row["a"].get<std::uint64_t>(), row["b"].get<std::uint64_t>()) == row["mixed"].get<std::uint64_t>());
  }
}

TEST_CASE("a copy is independent of its original, and other streams and seeds give other numbers") {
  Rng rng{7};
  rng.bits32();
  Rng copy = rng;
  const std::uint64_t next = rng.bits();
  CHECK(copy.bits() == next);
  CHECK(Rng{7}.bits() != Rng{8}.bits());
  CHECK(Rng{7, 0}.bits() != Rng{7, 1}.bits());
  CHECK(Rng{7, 1}.bits() != Rng{7, std::uint64_t{1} << 32}.bits());
  CHECK(Rng{7}.bits() != Rng{7 + (std::uint64_t{1} << 32)}.bits());
  CHECK(mix(1, 2) != mix(2, 1));
}

TEMPLATE_TEST_CASE("uniform fills [0, 1) evenly", "", float, double) {
  using S = TestType;
  Rng rng{3};
  constexpr int n = 200000;
  std::array<int, 20> counts{};
  double sum = 0, lag = 0, last = 0.5;
  for (int i = 0; i < n; ++i) {
    const S u = rng.uniform<S>();
    REQUIRE((u >= 0 && u < 1));
    ++counts[static_cast<std::size_t>(u * 20)];
    sum += u;
    lag += (u - 0.5) * (last - 0.5);
    last = u;
  }
  CHECK(std::abs(sum / n - 0.5) < 5 * std::sqrt(1.0 / 12 / n));
  CHECK(std::abs(lag / n) < 5.0 / 12 / std::sqrt(n));
  double chi_squared = 0;
  for (const int count : counts) chi_squared += std::pow(count - n / 20.0, 2) / (n / 20.0);
  CHECK(chi_squared < 43.8);  // 19 degrees of freedom, p = 0.001
}

TEMPLATE_TEST_CASE("normal has the moments and the tails of the normal distribution", "", float, double) {
  using S = TestType;
  Rng rng{4};
  constexpr int n = 200000;
  double first = 0, second = 0, third = 0, fourth = 0;
  int beyond_2 = 0, positive = 0;
  for (int i = 0; i < n; ++i) {
    const double z = rng.normal<S>();
    REQUIRE(std::isfinite(z));
    first += z;
    second += z * z;
    third += z * z * z;
    fourth += z * z * z * z;
    beyond_2 += std::abs(z) > 2;
    positive += z > 0;
  }
  const double root = std::sqrt(n);
  CHECK(std::abs(first / n) < 5 / root);
  CHECK(std::abs(second / n - 1) < 5 * std::sqrt(2) / root);
  CHECK(std::abs(third / n) < 5 * std::sqrt(15) / root);
  CHECK(std::abs(fourth / n - 3) < 5 * std::sqrt(96) / root);
  CHECK(std::abs(beyond_2 / double{n} - 0.0455003) < 5 * std::sqrt(0.0455 * 0.9545) / root);
  CHECK(std::abs(positive / double{n} - 0.5) < 2.5 / root);
}

TEST_CASE("below() is uniform and stays below its bound") {
  Rng rng{5};
  constexpr int n = 70000;
  std::array<int, 7> counts{};
  for (int i = 0; i < n; ++i) ++counts.at(static_cast<std::size_t>(rng.below(7)));
  double chi_squared = 0;
  for (const int count : counts) chi_squared += std::pow(count - n / 7.0, 2) / (n / 7.0);
  CHECK(chi_squared < 22.5);  // 6 degrees of freedom, p = 0.001

  // The bound is 3/8 of 2^64, so a quarter of the 2^64 values is surplus: a plain remainder would map 3/8 of all values
  // to the lowest third.
  const Index bound = Index{3} << 61;
  int low = 0;
  for (int i = 0; i < n; ++i) {
    const Index value = rng.below(bound);
    REQUIRE((value >= 0 && value < bound));
    low += value < bound / 3;
  }
  CHECK(std::abs(low / double{n} - 1 / 3.0) < 5 * std::sqrt(2.0 / 9 / n));

  CHECK(rng.below(1) == 0);
  CHECK_THROWS_AS(rng.below(0), ValueError);
  CHECK_THROWS_AS(rng.below(-3), ValueError);
}

TEST_CASE("shuffle gives all orders equally often") {
  Rng rng{6};
  std::array<int, 24> counts{};
  constexpr int n = 48000;
  for (int i = 0; i < n; ++i) {
    std::array<int, 4> order = {0, 1, 2, 3};
    shuffle(order, rng);
    int rank = 0;  // the rank of the permutation in lexicographic order
    std::array<int, 4> sorted = {0, 1, 2, 3};
    while (sorted != order) {
      REQUIRE(std::next_permutation(sorted.begin(), sorted.end()));
      ++rank;
    }
    ++counts.at(static_cast<std::size_t>(rank));
  }
  double chi_squared = 0;
  for (const int count : counts) chi_squared += std::pow(count - n / 24.0, 2) / (n / 24.0);
  CHECK(chi_squared < 49.7);  // 23 degrees of freedom, p = 0.001

  std::vector<int> none;
  shuffle(none, rng);
  CHECK(none.empty());
}

TEST_CASE("matrices are drawn column by column") {
  Rng rng{8};
  Rng copy = rng;
  const MatrixX<float> u = uniform<float>(3, 2, rng);
  REQUIRE((u.rows() == 3 && u.cols() == 2));
  for (Index j = 0; j < 2; ++j) {
    for (Index i = 0; i < 3; ++i) CHECK(u(i, j) == copy.uniform<float>());
  }
  copy = rng;
  const MatrixX<double> z = normal<double>(2, 3, rng);
  REQUIRE((z.rows() == 2 && z.cols() == 3));
  for (Index j = 0; j < 3; ++j) {
    for (Index i = 0; i < 2; ++i) CHECK(z(i, j) == copy.normal<double>());
  }
}

TEST_CASE("coin_flips are labels, half of them 1") {
  Rng rng{9};
  const Labels labels = coin_flips(10000, rng);
  const int ones = std::accumulate(labels.span().begin(), labels.span().end(), 0);
  CHECK(std::abs(ones - 5000) < 250);
}

TEST_CASE("a negative number of random numbers is rejected") {
  Rng rng{1};
  CHECK_THROWS_AS(uniform<float>(-1, 3, rng), ShapeError);
  CHECK_THROWS_AS(uniform<float>(-1, -3, rng), ShapeError);
  CHECK_THROWS_AS(normal<double>(3, -1, rng), ShapeError);
  CHECK_THROWS_AS(coin_flips(-1, rng), ShapeError);
  CHECK(uniform<float>(0, 3, rng).size() == 0);
  CHECK(coin_flips(0, rng).empty());
}
