#include "gemel/data/classes.hpp"

#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include "catch.hpp"
#include "error_text.hpp"
#include "mentions.hpp"

using namespace gemel;

static_assert(!std::is_constructible_v<Classes, std::vector<float>>, "classes are integers");

namespace {

std::vector<Index> members(const Classes& classes, Index c) {
  return {classes.members(c).begin(), classes.members(c).end()};
}

}  // namespace

TEST_CASE("classes are numbered in the order of their values", "[classes]") {
  const Classes classes{7, -2, 7, 30, -2, 7};
  CHECK(classes.size() == 6);
  CHECK(classes.count() == 3);
  CHECK(classes.value(0) == -2);
  CHECK(classes.value(2) == 30);
  CHECK(classes.of(0) == 1);
  CHECK(classes.of(3) == 2);
  CHECK(classes.same(0, 5));
  CHECK(!classes.same(0, 1));
  CHECK(members(classes, 0) == std::vector<Index>{1, 4});
  CHECK(members(classes, 1) == std::vector<Index>{0, 2, 5});
  CHECK(members(classes, 2) == std::vector<Index>{3});
}

TEST_CASE("classes can be given as any range of integers", "[classes]") {
  const std::vector<Index> expected = {1, 2};
  CHECK(members(Classes{std::vector<std::uint8_t>{200, 3, 3}}, 0) == expected);
  CHECK(members(Classes{std::vector<bool>{true, false, false}}, 0) == expected);
  CHECK(members(Classes{Eigen::Vector3i{5, 4, 4}}, 0) == expected);
  CHECK(members(Classes{std::vector<std::int64_t>{std::numeric_limits<std::int64_t>::max(), 0, 0}}, 0) == expected);
  CHECK(Classes{std::vector<int>{}}.count() == 0);
}

TEST_CASE("the non-members of a class are all other samples, once each", "[classes]") {
  const Classes classes{7, -2, 7, 30, -2, 7};
  for (Index c = 0; c < classes.count(); ++c) {
    std::vector<int> seen(6);
    for (Index i = 0; i < classes.size() - length(classes.members(c)); ++i) {
      const Index sample = classes.non_member(c, i);
      CHECK(classes.of(sample) != c);
      ++seen.at(static_cast<std::size_t>(sample));
    }
    for (Index i = 0; i < 6; ++i) CHECK(seen[static_cast<std::size_t>(i)] == (classes.of(i) != c));
  }
}

TEST_CASE("a selection of classes keeps their values", "[classes]") {
  const Classes classes{7, -2, 7, 30};
  const Classes selection = classes.select(std::vector<Index>{3, 0, 2});
  CHECK(selection.size() == 3);
  CHECK(selection.count() == 2);
  CHECK(selection.value(selection.of(0)) == 30);
  CHECK(selection.same(1, 2));
  CHECK_THROWS_AS(classes.select(std::vector<Index>{4}), ValueError);
  CHECK_THROWS_AS(classes.select(std::vector<Index>{-1}), ValueError);
}

TEST_CASE("a class value of 2^63 or more is rejected, and the error names the sample", "[classes]") {
  const std::uint64_t max_value = std::numeric_limits<std::int64_t>::max();
  CHECK(Classes{max_value, std::uint64_t{0}}.value(1) == std::numeric_limits<std::int64_t>::max());
  for (const std::uint64_t beyond : {max_value + 1, std::numeric_limits<std::uint64_t>::max()}) {
    const std::string text = error_text<ValueError>([beyond] { Classes{std::uint64_t{3}, beyond}; });
    CHECK(mentions(text, "sample 1 is of class " + std::to_string(beyond)));
  }
}
