#include "gemel/core/extent.hpp"

#include <type_traits>

#include "catch.hpp"

using namespace gemel;

static_assert(std::is_empty_v<Extent<3>>, "a static size takes no space");
static_assert(Extent<3>{} == 3);
static_assert(Extent<3>{3} == 3);
static_assert(Extent<Dynamic>{5} == 5);
static_assert(!std::is_default_constructible_v<Extent<Dynamic>>, "a dynamic size must be given");

static_assert(detail::extents_may_agree<3, 3>);
static_assert(detail::extents_may_agree<3, Dynamic>);
static_assert(detail::extents_may_agree<Dynamic, 3>);
static_assert(detail::extents_may_agree<Dynamic, Dynamic>);
static_assert(!detail::extents_may_agree<3, 4>);

TEST_CASE("a size other than the static one is rejected") {
  CHECK_THROWS_AS(Extent<3>{4}, ShapeError);
  CHECK_THROWS_AS(Extent<3>{-1}, ShapeError);
}

TEST_CASE("a dynamic size must be positive") {
  CHECK(Extent<Dynamic>{1} == 1);
  CHECK_THROWS_AS(Extent<Dynamic>{0}, ShapeError);
  CHECK_THROWS_AS(Extent<Dynamic>{-1}, ShapeError);  // the value of Dynamic
}
