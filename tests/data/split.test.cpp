#include "gemel/data/split.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <vector>

#include "catch.hpp"

using namespace gemel;

namespace {

// Both sides ascend, and together they are 0, …, n - 1.
void check_partition(const Split& split, Index n) {
  CHECK(std::ranges::is_sorted(split.train));
  CHECK(std::ranges::is_sorted(split.test));
  std::set<Index> all(split.train.begin(), split.train.end());
  all.insert(split.test.begin(), split.test.end());
  CHECK(length(all) == n);
  CHECK(length(split.train) + length(split.test) == n);
  CHECK(*all.begin() == 0);
  CHECK(*all.rbegin() == n - 1);
}

Classes uneven_classes() {  // 1, 2, 3, … 12 samples of the classes 1, 2, 3, … 12, mixed
  std::vector<int> labels;
  for (int round = 1; round <= 12; ++round) {
    for (int c = 12; c >= round; --c) labels.push_back(c);
  }
  return Classes{labels};
}

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

}  // namespace

TEST_CASE("samples are split at random") {
  Rng rng{1};
  const Split split = split_samples(101, 0.25, rng);
  check_partition(split, 101);
  CHECK(length(split.test) == 25);
  CHECK(split_samples(101, 0.25, rng).test != split.test);
  Rng again{1};
  CHECK(split_samples(101, 0.25, again).test == split.test);

  std::vector<int> held(20);
  for (int i = 0; i < 4000; ++i) {
    for (const Index sample : split_samples(20, 0.3, rng).test) ++held[static_cast<std::size_t>(sample)];
  }
  for (const int count : held) CHECK(std::abs(count - 1200) < 150);
}

TEST_CASE("neither side of a split is empty") {
  Rng rng{1};
  CHECK(length(split_samples(10, 0.001, rng).test) == 1);
  CHECK(length(split_samples(10, 0.999, rng).train) == 1);
  CHECK_THROWS_AS(split_samples(1, 0.5, rng), ValueError);
  CHECK_THROWS_AS(split_samples(0, 0.5, rng), ValueError);
  for (const double fraction : {0.0, 1.0, -0.5, 1.5, not_a_number}) {
    CAPTURE(fraction);
    CHECK_THROWS_AS(split_samples(10, fraction, rng), ValueError);
    CHECK_THROWS_AS(split_samples(Classes{1, 2, 1, 2}, fraction, rng), ValueError);
    CHECK_THROWS_AS(split_classes(Classes{1, 2, 1, 2}, fraction, rng), ValueError);
  }
}

TEST_CASE("a stratified split holds out the fraction of every class") {
  const Classes classes = uneven_classes();
  Rng rng{2};
  const Split split = split_samples(classes, 0.3, rng);
  check_partition(split, classes.size());
  CHECK(length(split.test) == std::lround(0.3 * static_cast<double>(classes.size())));
  for (Index c = 0; c < classes.count(); ++c) {
    const auto held = std::ranges::count_if(split.test, [&](Index i) { return classes.of(i) == c; });
    const double share = 0.3 * static_cast<double>(classes.members(c).size());
    CHECK(std::abs(static_cast<double>(held) - share) <= 1.05);  // 1, and what rounding the whole adds
  }
  CHECK(split_samples(classes, 0.3, rng).test != split.test);
}

TEST_CASE("two samples at least of a class of four or more are on either side") {
  for (const double fraction : {0.01, 0.1, 0.25, 0.5, 0.75, 0.99}) {
    for (int size = 4; size <= 40; ++size) {
      CAPTURE(fraction, size);
      std::vector<int> labels;
      for (int i = 0; i < 6 * size; ++i) labels.push_back(i % 6);
      Rng rng{1};
      const Split split = split_samples(Classes{labels}, fraction, rng);
      check_partition(split, 6 * size);
      const double share = fraction * size;
      for (int c = 0; c < 6; ++c) {
        const auto held = std::ranges::count_if(split.test, [&](Index i) { return i % 6 == c; });
        CHECK(held >= 2);
        CHECK(size - held >= 2);
        CHECK(static_cast<double>(held) > std::min(share, size - 2.0) - 1.2);  // 1, and what rounding the whole adds
        CHECK(static_cast<double>(held) < std::max(share, 2.0) + 1.2);
      }
    }
  }
}

TEST_CASE("a large class has its share beside small ones that have more than theirs") {
  std::vector<int> labels(200, 50);
  for (int i = 0; i < 300; ++i) labels.push_back(i % 50);
  Rng rng{1};
  const Split split = split_samples(Classes{labels}, 0.1, rng);
  const auto large = std::ranges::count_if(split.test, [](Index i) { return i < 200; });
  CHECK(large == 20);
  CHECK(length(split.test) == 20 + 100);
}

TEST_CASE("no product's rounding decides how many are held out: halves are rounded up") {
  Index wrong = 0;
  for (Index n = 2; n <= 2000; ++n) {
    for (Index percent = 1; percent < 100; ++percent) {
      const double fraction = static_cast<double>(percent) / 100;
      wrong += detail::held_out(n, fraction, "samples") != std::clamp<Index>((n * percent + 50) / 100, 1, n - 1);
    }
  }
  CHECK(wrong == 0);
  Rng rng{1};
  CHECK(length(split_samples(50, 0.29, rng).test) == 15);  // 14.5; as a product of doubles it is less
}

TEST_CASE("whole classes are held out") {
  const Classes classes = uneven_classes();
  Rng rng{3};
  std::set<Index> ever_held;
  for (int i = 0; i < 50; ++i) {
    const Split split = split_classes(classes, 0.25, rng);
    check_partition(split, classes.size());
    std::set<Index> held, trained;
    for (const Index sample : split.test) held.insert(classes.of(sample));
    for (const Index sample : split.train) trained.insert(classes.of(sample));
    CHECK(held.size() == 3);
    CHECK(trained.size() == 9);
    for (const Index c : held) CHECK(!trained.contains(c));
    ever_held.merge(held);
  }
  CHECK(ever_held.size() == 12);
  CHECK_THROWS_AS(split_classes(Classes{5, 5, 5}, 0.5, rng), ValueError);
}
