#include "gemel/core/choice.hpp"

#include <concepts>
#include <string>
#include <type_traits>

#include "catch.hpp"

using namespace gemel;

namespace {

struct Meter {
  int value = 1;
};
struct Foot {
  int value = 2;
};
struct LongFoot : Foot {};

class AnyUnit final : public Choice<Meter, Foot> {
 public:
  using Choice::Choice;
  int value() const {
    return visit([](const auto& unit) { return unit.value; });
  }
};

static_assert(std::convertible_to<Meter, AnyUnit> && std::convertible_to<const Foot&, AnyUnit>);
static_assert(!std::constructible_from<AnyUnit, LongFoot>);  // it would be sliced to a Foot
static_assert(!std::constructible_from<AnyUnit, int>);
static_assert(detail::is_choice<AnyUnit> && detail::is_choice<const AnyUnit> && !detail::is_choice<Foot>);

}  // namespace

TEST_CASE("a Choice holds its first type by default, and then what is assigned", "[choice]") {
  AnyUnit unit;
  CHECK(unit.value() == 1);
  unit = Foot{.value = 5};
  CHECK(unit.value() == 5);
  const AnyUnit copy = unit;
  unit.visit([](auto& chosen) { chosen.value = 7; });
  CHECK(unit.value() == 7);
  CHECK(copy.value() == 5);
}

TEST_CASE("visit_choice passes a Choice's object with its own type, and any other object unchanged", "[choice]") {
  const auto is_foot = [](const auto& of) { return std::same_as<std::remove_cvref_t<decltype(of)>, Foot>; };
  CHECK(detail::visit_choice(AnyUnit{Foot{}}, is_foot));
  CHECK(!detail::visit_choice(AnyUnit{}, is_foot));
  CHECK(detail::visit_choice(Foot{}, is_foot));
  CHECK(!detail::visit_choice(LongFoot{}, is_foot));

  Foot foot;
  int& value = detail::visit_choice(foot, [](Foot& given) -> int& { return given.value; });
  CHECK(&value == &foot.value);
}
