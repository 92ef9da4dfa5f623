#include "../../../examples/face_recognition/protocol.hpp"

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "catch.hpp"
#include "error_text.hpp"
#include "mentions.hpp"

namespace {

using gemel::Index;

/// People with so many images each.
faces::Faces people_with(Index people, Index images) {
  faces::Faces all;
  for (Index person = 0; person < people; ++person) {
    all.people.push_back("person " + std::to_string(person));
    all.person.insert(all.person.end(), static_cast<std::size_t>(images), person);
  }
  return all;
}

std::set<Index> of(const std::vector<Index>& images) { return {images.begin(), images.end()}; }
std::set<Index> people_of(const std::vector<Index>& images, Index each) {
  std::set<Index> people;
  for (const Index image : images) people.insert(image / each);
  return people;
}

/// Whether the two parts of a division are disjoint, and together the given images.
bool divides(const faces::Division& division, const std::set<Index>& images) {
  std::set<Index> all = of(division.training);
  const bool disjoint = std::ranges::none_of(division.held_out, [&](Index image) { return all.contains(image); });
  all.merge(of(division.held_out));
  return disjoint && all == images;
}

}  // namespace

TEST_CASE("Known people: three of ten images of each are the test, and two of the others a validation") {
  gemel::Rng rng{1};
  const auto folds = faces::folds_of(faces::Protocol::Known, people_with(40, 10), rng);
  REQUIRE(folds.size() == 3);
  std::set<Index> all;
  for (Index i = 0; i < 400; ++i) all.insert(i);
  for (const faces::FoldOfImages& fold : folds) {
    CHECK(divides(fold.test, all));
    CHECK(fold.test.held_out.size() == 120);
    REQUIRE(fold.validation.size() == 3);
    for (const faces::Division& division : fold.validation) {
      CHECK(divides(division, of(fold.test.training)));
      CHECK(division.held_out.size() == 80);
      CHECK(people_of(division.held_out, 10).size() == 40);
    }
  }
  CHECK(folds[0].test.held_out != folds[1].test.held_out);
}

TEST_CASE("Unknown people: nobody of the test is in the training, nor anybody of a validation in its own") {
  gemel::Rng rng{1};
  const auto folds = faces::folds_of(faces::Protocol::Unknown, people_with(40, 10), rng);
  REQUIRE(folds.size() == 4);
  std::set<Index> tested;
  for (const faces::FoldOfImages& fold : folds) {
    const std::set<Index> test = people_of(fold.test.held_out, 10), training = people_of(fold.test.training, 10);
    CHECK(test.size() == 10);
    CHECK(training.size() == 30);
    CHECK(std::ranges::none_of(test, [&](Index person) { return training.contains(person); }));
    tested.insert(test.begin(), test.end());
    REQUIRE(fold.validation.size() == 3);
    std::set<Index> validated;
    for (const faces::Division& division : fold.validation) {
      CHECK(divides(division, of(fold.test.training)));
      CHECK(people_of(division.training, 10).size() == 20);
      const std::set<Index> held_out = people_of(division.held_out, 10);
      CHECK(held_out.size() == 10);
      validated.insert(held_out.begin(), held_out.end());
    }
    CHECK(validated == training);
  }
  CHECK(tested.size() == 40);
}

TEST_CASE("The seed draws the folds") {
  const auto test_of = [](std::uint64_t seed) {
    gemel::Rng rng{seed};
    return faces::folds_of(faces::Protocol::Unknown, people_with(13, 3), rng).front().test.held_out;
  };
  CHECK(test_of(1) == test_of(1));
  CHECK(test_of(1) != test_of(2));
}

TEST_CASE("A protocol says how many people and images it needs") {
  const auto text = [](faces::Protocol protocol, const faces::Faces& data) {
    return error_text<gemel::ValueError>([&] {
      gemel::Rng rng{1};
      faces::folds_of(protocol, data, rng);
    });
  };
  CHECK(mentions(text(faces::Protocol::Unknown, people_with(11, 10)), "at least 12 people, but the data has 11"));
  CHECK(mentions(text(faces::Protocol::Unknown, people_with(12, 1)), "there is 1 of 'person 0'"));
  CHECK(mentions(text(faces::Protocol::Known, people_with(2, 10)), "at least 3 people"));
  CHECK(mentions(text(faces::Protocol::Known, people_with(4, 5)), "there are 5 of 'person 0'"));
  CHECK(text(faces::Protocol::Known, people_with(3, 6)) == "no error");
  CHECK(text(faces::Protocol::Unknown, people_with(12, 2)) == "no error");
}
