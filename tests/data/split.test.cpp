#include "gemel/data/split.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "catch.hpp"
#include "error_text.hpp"
#include "mentions.hpp"

using namespace gemel;

namespace {

// Checks that both sides ascend and that together they have each of 0, …, n - 1 once.
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

// Classes 1, …, 12, where class c has c samples, in mixed order.
Classes uneven_classes() {
  std::vector<int> labels;
  for (int round = 1; round <= 12; ++round) {
    for (int c = 12; c >= round; --c) labels.push_back(c);
  }
  return Classes{labels};
}

// Checks that each part ascends and that together they have each of 0, …, n - 1 once.
void check_parts(std::span<const std::vector<Index>> parts, Index n) {
  std::vector<Index> all;
  for (const std::vector<Index>& part : parts) {
    CHECK(std::ranges::is_sorted(part));
    all.insert(all.end(), part.begin(), part.end());
  }
  std::ranges::sort(all);
  CHECK(length(all) == n);
  CHECK(std::ranges::adjacent_find(all) == all.end());
  CHECK(all.front() == 0);
  CHECK(all.back() == n - 1);
}

Index count_in(const std::vector<Index>& part, const Classes& classes, Index c) {
  return std::ranges::count_if(part, [&](Index i) { return classes.of(i) == c; });
}

// `count` classes of `samples` samples each, in mixed order.
Classes equal_classes(int count, int samples) {
  std::vector<int> labels;
  for (int i = 0; i < count * samples; ++i) labels.push_back(i % count);
  return labels;
}

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

}  // namespace

TEST_CASE("samples are split at random", "[split]") {
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

TEST_CASE("neither side of a split is empty", "[split]") {
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

TEST_CASE("a stratified split holds out its fraction of every class", "[split]") {
  const Classes classes = uneven_classes();
  Rng rng{2};
  const Split split = split_samples(classes, 0.3, rng);
  check_partition(split, classes.size());
  CHECK(length(split.test) == std::lround(0.3 * static_cast<double>(classes.size())));
  for (Index c = 0; c < classes.count(); ++c) {
    const auto held = std::ranges::count_if(split.test, [&](Index i) { return classes.of(i) == c; });
    const double share = 0.3 * static_cast<double>(classes.members(c).size());
    CHECK(std::abs(static_cast<double>(held) - share) <= 1.05);  // one sample, plus the rounding of the total
  }
  CHECK(split_samples(classes, 0.3, rng).test != split.test);
}

TEST_CASE("a class of four samples or more has at least two on either side", "[split]") {
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
        CHECK(static_cast<double>(held) >
              std::min(share, size - 2.0) - 1.2);  // one sample, plus the rounding of the total
        CHECK(static_cast<double>(held) < std::max(share, 2.0) + 1.2);
      }
    }
  }
}

TEST_CASE("a large class has its share held out even if small classes have more", "[split]") {
  std::vector<int> labels(200, 50);
  for (int i = 0; i < 300; ++i) labels.push_back(i % 50);
  Rng rng{1};
  const Split split = split_samples(Classes{labels}, 0.1, rng);
  const auto large = std::ranges::count_if(split.test, [](Index i) { return i < 200; });
  CHECK(large == 20);
  CHECK(length(split.test) == 20 + 100);
}

TEST_CASE("halves are rounded up, even if the product in double is slightly smaller", "[split]") {
  Index wrong = 0;
  for (Index n = 2; n <= 2000; ++n) {
    for (Index percent = 1; percent < 100; ++percent) {
      const double fraction = static_cast<double>(percent) / 100;
      wrong += detail::held_out(n, fraction, "samples") != std::clamp<Index>((n * percent + 50) / 100, 1, n - 1);
    }
  }
  CHECK(wrong == 0);
  Rng rng{1};
  CHECK(length(split_samples(50, 0.29, rng).test) == 15);  // 14.5 exactly, but less in double
}

TEST_CASE("split_classes holds out whole classes", "[split]") {
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

TEST_CASE("samples are split at random into one part per fraction", "[split]") {
  Rng rng{4};
  const auto [train, validation, test] = split_samples(101, {0.6, 0.2, 0.2}, rng);
  check_parts(std::array{train, validation, test}, 101);
  CHECK(length(train) == 61);
  CHECK(length(validation) == 20);
  CHECK(length(test) == 20);
  Rng again{4};
  CHECK(split_samples(101, std::vector{0.6, 0.2, 0.2}, again) == SplitParts{train, validation, test});
  CHECK(split_samples(101, {0.6, 0.2, 0.2}, again)[1] != validation);

  std::vector<int> held(20);
  for (int i = 0; i < 4000; ++i) {
    const auto parts = split_samples(20, {0.5, 0.3, 0.2}, rng);
    for (const Index sample : parts[1]) ++held[static_cast<std::size_t>(sample)];
  }
  for (const int count : held) CHECK(std::abs(count - 1200) < 150);
}

TEST_CASE("every part has its fraction up to rounding, and at least one sample", "[split]") {
  Rng rng{1};
  const SplitParts tenths = split_samples(1003, std::vector<double>(10, 0.1), rng);
  check_parts(tenths, 1003);
  for (const std::vector<Index>& part : tenths) CHECK((length(part) == 100 || length(part) == 101));
  CHECK(length(split_samples(50, {0.29, 0.71}, rng)[0]) == 15);  // 14.5 exactly, but less in double
  const auto few = split_samples(3, {0.98, 0.01, 0.01}, rng);
  for (const std::vector<Index>& part : few) CHECK(length(part) == 1);
  const auto first = split_samples(3, {0.01, 0.01, 0.98}, rng);
  for (const std::vector<Index>& part : first) CHECK(length(part) == 1);
  CHECK(length(split_samples(7, {1.0 / 3, 1.0 / 3, 1.0 / 3}, rng)[2]) == 2);
  CHECK(length(split_samples(100, {double{0.6F}, double{0.2F}, double{0.2F}}, rng)[0]) == 60);
}

TEST_CASE("invalid fractions are rejected", "[split]") {
  Rng rng{1};
  const Classes classes{1, 1, 1, 2, 2, 2, 3, 3};
  const auto error_of = [&](const std::vector<double>& fractions) {
    const std::string text = error_text<ValueError>([&] { split_samples(8, fractions, rng); });
    CHECK(error_text<ValueError>([&] { split_samples(classes, fractions, rng); }) == text);
    CHECK(error_text<ValueError>([&] { split_classes(classes, fractions, rng); }) == text);
    return text;
  };
  CHECK(mentions(error_of({}), "two fractions or more, but there are 0"));
  CHECK(mentions(error_of({1}), "two fractions or more, but there are 1"));
  CHECK(mentions(error_of({0.6, 0.2}), "add up to 0.8"));
  CHECK(mentions(error_of({0.6, 0.2, 0.3}), "add up to 1.1"));
  CHECK(mentions(error_of({0.6, -0.2, 0.6}), "the fraction of part 1 is -0.2"));
  CHECK(mentions(error_of({0, 1}), "the fraction of part 0 is 0"));
  CHECK(mentions(error_of({0.5, not_a_number}), "the fraction of part 1 is"));
  CHECK(mentions(error_text<ValueError>([&] { split_samples(2, {0.6, 0.2, 0.2}, rng); }), "3 parts"));
  CHECK(mentions(error_text<ValueError>([&] { split_samples(0, {0.6, 0.2, 0.2}, rng); }), "samples, but there are 0"));
  CHECK(mentions(error_text<ValueError>([&] {
                   split_classes(Classes{1, 1, 2}, {0.6, 0.2, 0.2}, rng);
                 }),
                 "classes, but there are 2"));
}

TEST_CASE("every part of a stratified split has its fraction of every class", "[split]") {
  const Classes classes = uneven_classes();
  const std::vector<double> fractions{0.5, 0.3, 0.2};
  Rng rng{2};
  for (int round = 0; round < 20; ++round) {
    const SplitParts parts = split_samples(classes, fractions, rng);
    check_parts(parts, classes.size());
    for (Index c = 0; c < classes.count(); ++c) {
      const Index size = length(classes.members(c));
      if (size >= 4 && size < 10) continue;  // in fewer parts, or in one with two samples instead of its smaller share
      for (std::size_t p = 0; p < parts.size(); ++p) {
        const double share = fractions[p] * static_cast<double>(size);
        CHECK(std::abs(static_cast<double>(count_in(parts[p], classes, c)) - share) <= 1.05);
      }
    }
  }
  const Classes large = equal_classes(7, 101);
  const SplitParts parts = split_samples(large, fractions, rng);
  for (std::size_t p = 0; p < parts.size(); ++p) {
    CHECK(std::abs(static_cast<double>(length(parts[p])) - fractions[p] * 707) <= 2);
  }
  CHECK(split_samples(classes, fractions, rng) != split_samples(classes, fractions, rng));
}

TEST_CASE("a class has at least two samples in each of its parts", "[split]") {
  for (const std::vector<double>& fractions : std::vector<std::vector<double>>{
           {0.6, 0.2, 0.2}, {0.01, 0.98, 0.01}, {0.25, 0.25, 0.25, 0.25}, {0.75, 0.25}, std::vector<double>(10, 0.1)}) {
    for (int size = 4; size <= 30; ++size) {
      CAPTURE(fractions, size);
      const Classes classes = equal_classes(8, size);
      Rng rng{1};
      const SplitParts parts = split_samples(classes, fractions, rng);
      check_parts(parts, classes.size());
      for (Index c = 0; c < 8; ++c) {
        Index served = 0;
        for (const std::vector<Index>& part : parts) {
          const Index count = count_in(part, classes, c);
          CHECK(count != 1);
          served += count > 0;
        }
        CHECK(served == std::min(length(fractions), Index{size / 2}));
      }
    }
  }
}

TEST_CASE("a stratified split with an empty part is rejected", "[split]") {
  Rng rng{1};
  const std::string third = error_text<ValueError>([&] { split_samples(Classes{1, 1, 1, 1}, {0.6, 0.2, 0.2}, rng); });
  CHECK(mentions(third, "part 2, of fraction 0.2, would be without a sample"));
  CHECK(mentions(third, "fewer parts"));
  CHECK(mentions(error_text<ValueError>([&] {
                   split_samples(equal_classes(3, 5), std::vector{0.5, 0.3, 0.1, 0.1}, rng);
                 }),
                 "part 3, of fraction 0.1, would be without a sample"));
  CHECK(split_samples(Classes{1, 1, 1, 1}, {0.6, 0.4}, rng)[1].size() == 2);

  // A split into two sides never has an empty side.
  for (int trial = 0; trial < 2000; ++trial) {
    std::vector<int> labels{0};
    for (Index i = rng.below(20); i >= 0; --i) labels.push_back(static_cast<int>(rng.below(7)));
    const Split split = split_samples(Classes{labels}, 0.001 + 0.998 * rng.uniform<double>(), rng);
    CHECK(!split.train.empty());
    CHECK(!split.test.empty());
  }
}

TEST_CASE("a stratified part has its fraction of a class to within two samples", "[split]") {
  // One sample would not be enough: some part has 17 of 43 samples, but its fraction is 15.91.
  Rng rng{1};
  double farthest = 0, farthest_of_size = 0, farthest_held = 0;
  for (int trial = 0; trial < 3000; ++trial) {
    std::vector<int> labels;
    const Index count = 1 + rng.below(4);
    for (Index c = 0; c < count; ++c) {
      labels.insert(labels.end(), static_cast<std::size_t>(1 + rng.below(50)), static_cast<int>(c));
    }
    std::vector<double> fractions(static_cast<std::size_t>(2 + rng.below(3)));
    double sum = 0;
    for (double& fraction : fractions) sum += fraction = 0.1 + rng.uniform<double>();
    for (double& fraction : fractions) fraction /= sum;
    const Classes classes{labels};
    const auto n = static_cast<double>(classes.size());
    SplitParts parts;
    if (error_text<ValueError>([&] { parts = split_samples(classes, fractions, rng); }) != "no error") continue;
    const std::vector<Index> sizes = detail::part_sizes(classes.size(), fractions, "samples");
    const Split split = split_samples(classes, fractions[0], rng);
    const double held = static_cast<double>(detail::held_out(classes.size(), fractions[0], "samples")) / n;
    for (Index c = 0; c < count; ++c) {
      const auto size = static_cast<double>(length(classes.members(c)));
      if (size < 4 || std::min(held, 1 - held) * size >= 2) {
        const auto here = static_cast<double>(count_in(split.test, classes, c));
        farthest_held = std::max(farthest_held, std::abs(here - held * size));
      }
      const bool large = *std::ranges::min_element(fractions) * size >= 3;
      for (std::size_t p = 0; p < parts.size(); ++p) {
        const auto here = static_cast<double>(count_in(parts[p], classes, c));
        if (large) farthest = std::max(farthest, std::abs(here - fractions[p] * size));
        if (large || size < 4) {
          farthest_of_size = std::max(farthest_of_size, std::abs(here - size * static_cast<double>(sizes[p]) / n));
        }
      }
    }
  }
  CHECK(farthest > 1);
  CHECK(farthest < 2);
  CHECK(farthest_of_size < 1);
  CHECK(farthest_held < 1);
}

TEST_CASE("of classes of four samples, a fraction of 0.2 holds out half", "[split]") {
  Rng rng{1};
  CHECK(split_samples(equal_classes(50, 4), 0.2, rng).test.size() == 100);
  const Split threes = split_samples(equal_classes(50, 3), 0.2, rng);
  CHECK(threes.test.size() == 30);
  for (Index c = 0; c < 50; ++c) CHECK(count_in(threes.test, equal_classes(50, 3), c) <= 1);
}

TEST_CASE("small classes are distributed over all parts", "[split]") {
  Rng rng{1};
  for (const int size : {1, 2, 3, 4, 5}) {
    CAPTURE(size);
    const Classes classes = equal_classes(300, size);
    const auto [train, validation, test] = split_samples(classes, {0.6, 0.2, 0.2}, rng);
    check_parts(std::array{train, validation, test}, classes.size());
    const auto share = [&](const std::vector<Index>& part) {
      return static_cast<double>(length(part)) / static_cast<double>(classes.size());
    };
    // A class of four or five samples has two or three samples in the training part and two in one of the others.
    CHECK(share(train) > (size < 4 ? 0.58 : 0.48));
    CHECK(share(train) < 0.62);
    CHECK(std::abs(share(validation) - share(test)) < 0.02);
  }
}

TEST_CASE("split_classes splits whole classes into parts", "[split]") {
  const Classes classes = uneven_classes();
  Rng rng{3};
  std::set<Index> ever_in_test;
  for (int i = 0; i < 50; ++i) {
    const auto parts = split_classes(classes, {0.5, 0.25, 0.25}, rng);
    check_parts(parts, classes.size());
    std::set<Index> seen;
    for (const std::vector<Index>& part : parts) {
      std::set<Index> here;
      for (const Index sample : part) here.insert(classes.of(sample));
      CHECK(here.size() == (&part == &parts[0] ? 6u : 3u));
      for (const Index c : here) CHECK(seen.insert(c).second);
    }
    for (const Index sample : parts[2]) ever_in_test.insert(classes.of(sample));
  }
  CHECK(ever_in_test.size() == 12);
}
