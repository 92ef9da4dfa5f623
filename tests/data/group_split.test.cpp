#include "gemel/data/group_split.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "catch.hpp"
#include "error_text.hpp"
#include "mentions.hpp"

using namespace gemel;

namespace {

// Checks that each sample is in one part, that all samples of a group are in the same part, and that no part is empty.
void check_groups(std::span<const std::vector<Index>> parts, const Classes& groups) {
  std::set<Index> samples, seen;
  for (const std::vector<Index>& part : parts) {
    CHECK(!part.empty());
    CHECK(std::ranges::is_sorted(part));
    std::set<Index> here;
    for (const Index i : part) {
      CHECK(samples.insert(i).second);
      here.insert(groups.of(i));
    }
    for (const Index g : here) CHECK(seen.insert(g).second);
  }
  CHECK(length(samples) == groups.size());
}

std::set<Index> classes_in(const std::vector<Index>& part, const Classes& classes) {
  std::set<Index> found;
  for (const Index i : part) found.insert(classes.of(i));
  return found;
}

// Group g has g + 1 samples.
Classes growing_groups(int count) {
  std::vector<int> groups;
  for (int g = 0; g < count; ++g) groups.insert(groups.end(), static_cast<std::size_t>(g + 1), 100 - g);
  return groups;
}

}  // namespace

TEST_CASE("no group is in two parts of a split", "[group_split]") {
  const Classes groups = growing_groups(13);
  Rng rng{1};
  std::set<Index> ever_held;
  for (int i = 0; i < 60; ++i) {
    const Split split = split_groups(groups, 0.25, rng);
    check_groups(std::array{split.train, split.test}, groups);
    const std::set<Index> held = classes_in(split.test, groups);
    CHECK(held.size() == 3);
    ever_held.insert(held.begin(), held.end());
    const auto parts = split_groups(groups, {0.6, 0.2, 0.2}, rng);
    check_groups(parts, groups);
    CHECK(classes_in(parts[0], groups).size() == 8);
  }
  CHECK(ever_held.size() == 13);
  Rng one{7}, other{7};
  CHECK(split_groups(groups, std::vector{0.6, 0.2, 0.2}, one)[2] == split_groups(groups, {0.6, 0.2, 0.2}, other)[2]);
}

TEST_CASE("a split by groups rejects invalid fractions, and fewer groups than parts", "[group_split]") {
  Rng rng{1};
  const auto error_of = [&](const Classes& groups, const std::vector<double>& fractions) {
    return error_text<ValueError>([&] { split_groups(groups, fractions, rng); });
  };
  CHECK(mentions(error_of({1, 1, 2}, {0.6, 0.2, 0.2}), "3 parts needs at least as many groups, but there are 2"));
  CHECK(mentions(error_of({1, 2, 3}, {0.6, 0.2}), "add up to"));
  CHECK_THROWS_AS(split_groups(Classes{1, 1, 1}, 0.5, rng), ValueError);
  CHECK_THROWS_AS(split_groups(Classes{1, 2, 1}, 1.0, rng), ValueError);
  const GroupedClasses uneven{.groups = Classes{1, 2, 3}, .classes = Classes{1, 2}};
  CHECK_THROWS_AS(split_groups(uneven, 0.5, rng), ShapeError);
  CHECK_THROWS_AS(split_groups(uneven, {0.5, 0.5}, rng), ShapeError);
  const GroupedClasses one{.groups = Classes{1, 1}, .classes = Classes{1, 2}};
  CHECK_THROWS_AS(split_groups(one, 0.5, rng), ValueError);
  CHECK_THROWS_AS(split_groups(one, {0.5, 0.5}, rng), ValueError);
}

TEST_CASE("a stratified split by groups has every class in every part, if the groups allow it", "[group_split]") {
  // Three of thirty groups have class 9. Only about one random split in six has this class in all parts.
  std::vector<int> groups, classes;
  for (int g = 0; g < 30; ++g) {
    for (int i = 0; i < 6; ++i) {
      groups.push_back(g);
      classes.push_back(i < 2 && g % 10 == 0 ? 9 : i % 2);
    }
  }
  const GroupedClasses samples{.groups = groups, .classes = classes};
  int by_chance = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Rng rng{seed};
    const auto parts = split_groups(samples, {0.6, 0.2, 0.2}, rng);
    check_groups(parts, groups);
    for (const std::vector<Index>& part : parts) CHECK(classes_in(part, classes).size() == 3);
    CHECK(classes_in(parts[0], groups).size() == 18);
    bool all = true;
    for (const auto& part : split_groups(Classes{groups}, {0.6, 0.2, 0.2}, rng)) {
      all = all && classes_in(part, classes).size() == 3;
    }
    by_chance += all;
  }
  CHECK(by_chance < 12);
}

TEST_CASE("a stratified split by groups holds out the fraction of the samples, even if group sizes differ",
          "[group_split]") {
  const Classes groups = growing_groups(20);  // with 1 to 20 samples, 210 in total
  const GroupedClasses samples{.groups = groups, .classes = std::vector<int>(210, 1)};
  std::set<std::vector<Index>> different;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Rng rng{seed};
    const Split split = split_groups(samples, 0.25, rng);
    check_groups(std::array{split.train, split.test}, groups);
    CHECK(classes_in(split.test, groups).size() == 5);
    CHECK(std::abs(static_cast<double>(length(split.test)) - 52.5) < 8);
    different.insert(split.test);
    CHECK_NOTHROW(split_groups(samples, 1e-300, rng));
  }
  CHECK(different.size() > 15);
}
