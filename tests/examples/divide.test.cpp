#include "../../examples/train/divide.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "catch.hpp"
#include "mentions.hpp"

namespace {

using gemel::Index;
using train::Division;

// Classes 0, 1, … with these numbers of samples, sorted by class.
gemel::Classes with_sizes(const std::vector<int>& sizes) {
  std::vector<int> labels;
  for (int c = 0; c < static_cast<int>(sizes.size()); ++c) {
    labels.insert(labels.end(), static_cast<std::size_t>(sizes[static_cast<std::size_t>(c)]), c);
  }
  return labels;
}

gemel::Classes equal(std::size_t classes, int samples) { return with_sizes(std::vector<int>(classes, samples)); }

// The number of samples of each class in a part.
std::map<Index, Index> counts(const std::vector<Index>& part, const gemel::Classes& classes) {
  std::map<Index, Index> count;
  for (const Index i : part) ++count[classes.of(i)];
  return count;
}

// Every sample is in exactly one part. Validation and test have at least two samples of a class or none, and the
// training has at least two of every class that they have.
void check_parts(const Division& division, const gemel::Classes& classes) {
  std::vector<Index> all;
  for (const auto* part : {&division.training, &division.validation, &division.test}) {
    CHECK(std::ranges::is_sorted(*part));
    all.insert(all.end(), part->begin(), part->end());
  }
  std::ranges::sort(all);
  CHECK(gemel::length(all) == classes.size());
  CHECK(std::ranges::adjacent_find(all) == all.end());
  auto training = counts(division.training, classes);
  for (const auto* part : {&division.validation, &division.test}) {
    for (const auto& [c, count] : counts(*part, classes)) {
      CHECK(count >= 2);
      CHECK(training[c] >= 2);
    }
  }
}

Division divided(const gemel::Classes& classes, const train::Options& options = {}, bool own_test = false) {
  gemel::Rng rng{1};
  const Division division = divide(classes, options, own_test, rng);
  gemel::Rng again{1};
  CHECK(divide(classes, options, own_test, again).test == division.test);
  return division;
}

std::string refusal(const gemel::Classes& classes, const train::Options& options = {}, bool own_test = false) {
  gemel::Rng rng{1};
  try {
    divide(classes, options, own_test, rng);
  } catch (const gemel::ValueError& error) {
    return error.what();
  }
  return {};
}

}  // namespace

TEST_CASE("classes of many samples have their exact share in every part") {
  const gemel::Classes classes = equal(10, 160);
  const Division division = divided(classes);
  check_parts(division, classes);
  for (const auto& [c, count] : counts(division.test, classes)) CHECK(count == 40);
  for (const auto& [c, count] : counts(division.validation, classes)) CHECK(count == 12);
  CHECK(division.training.size() == 1080);
}

TEST_CASE("classes of six samples or more have at least two samples in every part") {
  for (const auto& [number, size] : std::vector<std::pair<std::size_t, int>>{{2, 6}, {2, 12}, {8, 12}, {3, 50}}) {
    CAPTURE(number, size);
    const gemel::Classes classes = equal(number, size);
    const Division division = divided(classes);
    check_parts(division, classes);
    CHECK(counts(division.validation, classes).size() == number);
    CHECK(counts(division.test, classes).size() == number);
  }
}

TEST_CASE("classes of four or five samples are divided between the training and one other part") {
  for (const std::size_t number : {4u, 5u, 20u, 300u}) {
    for (const int size : {4, 5}) {
      CAPTURE(number, size);
      const gemel::Classes classes = equal(number, size);
      const Division division = divided(classes);
      check_parts(division, classes);
      const auto validation = counts(division.validation, classes), test = counts(division.test, classes);
      CHECK(validation.size() >= std::min<std::size_t>(8, number / 2));
      CHECK(test.size() >= std::min<std::size_t>(8, number / 2));
      for (const auto& [c, count] : test) CHECK(!validation.contains(c));
    }
  }
}

TEST_CASE("of many small classes only some are used for a part, which has its share of the samples") {
  for (const int size : {4, 6}) {
    CAPTURE(size);
    const gemel::Classes classes = equal(1000, size);
    const Division division = divided(classes);
    check_parts(division, classes);
    CHECK(gemel::length(division.test) == classes.size() / 4);
    CHECK(gemel::length(division.validation) == classes.size() * 3 / 40);
  }
}

TEST_CASE("classes of fewer than four samples are only in the training") {
  const gemel::Classes classes = with_sizes({20, 1, 3, 20, 2, 20, 5, 3, 4});
  const Division division = divided(classes);
  check_parts(division, classes);
  auto training = counts(division.training, classes);
  for (const auto& [c, size] : std::vector<std::pair<Index, Index>>{{1, 1}, {2, 3}, {4, 2}, {7, 3}}) {
    CHECK(training[c] == size);
  }
}

TEST_CASE("for any fractions every part has at least two classes") {
  for (const double test : {0.01, 0.25, 0.5, 0.9}) {
    for (const double validation : {0.01, 0.1, 0.5, 0.9}) {
      train::Options options;
      options.test_fraction = test;
      options.validation.fraction = validation;
      for (const int size : {4, 5, 6, 7, 9, 30}) {
        CAPTURE(test, validation, size);
        const gemel::Classes classes = equal(12, size);
        const Division division = divided(classes, options);
        check_parts(division, classes);
        CHECK(counts(division.validation, classes).size() >= 2);
        CHECK(counts(division.test, classes).size() >= 2);
      }
    }
  }
}

TEST_CASE("too few samples are rejected, and the error says what would suffice") {
  CHECK(mentions(refusal(equal(2, 2)),
                 "two classes of 6 samples or more, or four of 4 or more; the classes with 6 or more are 0,"));
  CHECK(mentions(refusal(equal(3, 4)), "--test-data"));
  CHECK(mentions(refusal(equal(6, 2)), "--split classes"));
  CHECK(!mentions(refusal(equal(5, 3)), "--split classes"));
  CHECK(mentions(refusal(equal(3, 3), {}, true), "the validation needs two classes of 4"));
  check_parts(divided(equal(3, 4), {}, true), equal(3, 4));
}

TEST_CASE("--split classes holds out at least two whole classes of two samples or more for each part") {
  train::Options options;
  options.split = train::Split::Classes;
  const gemel::Classes classes = with_sizes({1, 2, 2, 3, 1, 9, 2, 2});
  const Division division = divided(classes, options);
  std::set<Index> parts[3];
  for (const Index i : division.training) parts[0].insert(classes.of(i));
  for (const Index i : division.validation) parts[1].insert(classes.of(i));
  for (const Index i : division.test) parts[2].insert(classes.of(i));
  CHECK(parts[0].size() == 4);  // including the two classes of one sample
  CHECK(parts[0].contains(0));
  CHECK(parts[0].contains(4));
  CHECK(parts[1].size() == 2);
  CHECK(parts[2].size() == 2);

  CHECK(mentions(refusal(equal(5, 9), options), "there are 5, not 6"));
  CHECK(mentions(refusal(with_sizes({2, 2, 2, 2, 2, 1, 1}), options), "there are 5, not 6"));
  CHECK(mentions(refusal(equal(3, 9), options, true), "two for the validation"));
  options.test_fraction = 0.99;
  options.validation.fraction = 0.99;
  CHECK(counts(divided(equal(8, 2), options).training, equal(8, 2)).size() == 2);
}

TEST_CASE("--split classes holds out at least three classes for each part if there are nine") {
  train::Options options;
  options.split = train::Split::Classes;
  for (const double fraction : {0.01, 0.25, 0.99}) {
    options.test_fraction = options.validation.fraction = fraction;
    const gemel::Classes classes = equal(9, 2);
    const Division division = divided(classes, options);
    for (const auto* part : {&division.training, &division.validation, &division.test}) {
      CHECK(counts(*part, classes).size() == 3);
    }
    const Division of_eight = divided(equal(8, 2), options);
    CHECK(counts(of_eight.training, equal(8, 2)).size() == (fraction < 0.5 ? 4 : 2));
    const Division of_six = divided(equal(6, 2), options, true);
    CHECK(counts(of_six.training, equal(6, 2)).size() == 3);
    CHECK(counts(of_six.validation, equal(6, 2)).size() == 3);
  }
  const gemel::Classes many = equal(100, 2);
  options.test_fraction = 0.25;
  CHECK(counts(divided(many, options).test, many).size() == 25);
}

namespace {

// `count` groups, each with two samples of each of three classes.
train::Groups groups_of(int count) {
  std::vector<int> groups;
  std::vector<std::string> names;
  for (int g = 0; g < count; ++g) {
    groups.insert(groups.end(), 6, g);
    names.push_back("group " + std::to_string(g));
  }
  return {.training = groups, .test = {}, .names = names};
}

gemel::Classes classes_of(int groups) {
  std::vector<int> classes;
  for (int i = 0; i < 6 * groups; ++i) classes.push_back(i % 3);
  return classes;
}

Division divided_by_groups(int groups, const train::Options& options = {}, bool own_test = false) {
  gemel::Rng rng{1};
  return divide(classes_of(groups), options, own_test, rng, groups_of(groups));
}

std::string refusal_of_groups(int groups, const train::Options& options = {}, bool own_test = false) {
  try {
    divided_by_groups(groups, options, own_test);
  } catch (const gemel::ValueError& error) {
    return error.what();
  }
  return {};
}

// The numbers of groups in training, validation and test. Checks that every group is in one part only.
std::vector<std::size_t> group_counts(const Division& division, int groups) {
  std::set<Index> seen, samples;
  std::vector<std::size_t> counts;
  for (const auto* part : {&division.training, &division.validation, &division.test}) {
    CHECK(std::ranges::is_sorted(*part));
    std::set<Index> here;
    for (const Index i : *part) {
      CHECK(samples.insert(i).second);
      here.insert(i / 6);
    }
    for (const Index g : here) CHECK(seen.insert(g).second);
    counts.push_back(here.size());
  }
  CHECK(gemel::length(samples) == 6 * groups);
  return counts;
}

}  // namespace

TEST_CASE("no group is in two parts, and each part has its share of the groups: at least two of six or more") {
  using Counts = std::vector<std::size_t>;
  CHECK(group_counts(divided_by_groups(40), 40) == Counts{27, 3, 10});
  CHECK(group_counts(divided_by_groups(15), 15) == Counts{9, 2, 4});
  CHECK(group_counts(divided_by_groups(6), 6) == Counts{2, 2, 2});
  CHECK(group_counts(divided_by_groups(5), 5) == Counts{3, 1, 1});
  CHECK(group_counts(divided_by_groups(3), 3) == Counts{1, 1, 1});
  CHECK(group_counts(divided_by_groups(4, {}, true), 4) == Counts{2, 2, 0});
  CHECK(group_counts(divided_by_groups(2, {}, true), 2) == Counts{1, 1, 0});
  for (const double test : {1e-300, 0.01, 0.5, 0.99, 1 - 1e-16}) {
    for (const double validation : {1e-300, 0.5, 1 - 1e-16}) {
      train::Options options;
      options.test_fraction = test;
      options.validation.fraction = validation;
      for (const int groups : {3, 7, 30}) {
        CAPTURE(test, validation, groups);
        for (const std::size_t count : group_counts(divided_by_groups(groups, options), groups)) {
          CHECK(count >= (groups < 6 ? 1u : 2u));
        }
      }
    }
  }
}

TEST_CASE("too few groups are rejected, and so is a validation that divides a group") {
  CHECK(mentions(refusal_of_groups(2), "too few groups to divide, 2: training, validation and test need one each"));
  CHECK(mentions(refusal_of_groups(2), "--test-data"));
  CHECK(mentions(refusal_of_groups(1, {}, true), "training and validation need one each"));
  train::Options options;
  options.validation = {.count = 12, .fraction = 0};
  CHECK(group_counts(divided_by_groups(5, options, true), 5) == std::vector<std::size_t>{3, 2, 0});
  CHECK(group_counts(divided_by_groups(5, options), 5) == std::vector<std::size_t>{1, 2, 2});
  options.validation.count = 13;
  CHECK(mentions(refusal_of_groups(5, options, true), "--validation last:13 divides the group 'group 2' of --group"));
  options.validation.count = 30;
  CHECK(mentions(refusal_of_groups(5, options, true), "leaves nothing to train on"));
}
