#include "../../examples/train/held_out.hpp"

#include <string>
#include <vector>

#include "catch.hpp"
#include "mentions.hpp"

TEST_CASE("a class is held out only if no training sample has it, whatever file it comes from") {
  const std::vector<std::string> names = {"a", "b", "c", "d"};
  const gemel::Classes training{0, 1, 0}, test{1, 3, 3, 2};
  CHECK(train::names_of(test, names) == std::vector<std::string>{"b", "c", "d"});
  CHECK(train::held_out(test, training, names) == std::vector<std::string>{"c", "d"});
  CHECK(train::held_out(training, training, names).empty());
}

TEST_CASE("a note says that figures of new classes rest on few classes") {
  CHECK(mentions(train::few_classes(2, 3), "rest on 2 classes that no training sample has"));
  CHECK(mentions(train::few_classes(1, 3), "rest on 1 class that"));
  CHECK(train::few_classes(10, 3).empty());
  CHECK(train::few_classes(2, 0).empty());
}
