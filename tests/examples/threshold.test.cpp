#include "../../examples/train/threshold.hpp"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "catch.hpp"
#include "mentions.hpp"

namespace {

using train::ThresholdRule;

train::Options by_rule(ThresholdRule rule) {
  train::Options options;
  options.threshold = rule;
  return options;
}

// One similar pair, and so many dissimilar ones.
gemel::Labels dissimilar_pairs(gemel::Index count) {
  std::vector<int> labels(static_cast<std::size_t>(count) + 1, 0);
  labels[0] = 1;
  return labels;
}

}  // namespace

TEST_CASE("where similar pairs are farther apart than dissimilar ones, there is no threshold, and it says so") {
  const std::vector<float> distances = {0.8F, 0.9F, 0.1F, 0.2F};
  for (const ThresholdRule rule : {ThresholdRule::Far, ThresholdRule::Eer, ThresholdRule::Accuracy}) {
    train::Options options = by_rule(rule);
    options.far = 0.5;
    const train::Threshold threshold = train::set_threshold(options, distances, gemel::Labels{1, 1, 0, 0});
    CHECK(threshold.value == -std::numeric_limits<double>::infinity());
    CHECK(threshold.origin == "similar pairs are farther apart than dissimilar ones");
  }
}

TEST_CASE("where all distances are equal there is no threshold") {
  const std::vector<float> distances(4, 0.5F);
  for (const ThresholdRule rule : {ThresholdRule::Far, ThresholdRule::Eer, ThresholdRule::Accuracy}) {
    train::Options options = by_rule(rule);
    options.far = 0.5;
    CHECK(std::isinf(train::set_threshold(options, distances, gemel::Labels{1, 0, 1, 0}).value));
  }
}

TEST_CASE(
    "where the smallest distance is that of both kinds, the reason is not that dissimilar pairs are the closest") {
  train::Options options = by_rule(ThresholdRule::Far);
  options.far = 0.3;
  const gemel::Labels labels{1, 0, 0, 0, 0, 0};
  const std::vector<float> alike = {0.5F, 0.5F, 0.5F, 0.9F, 0.9F, 0.9F}, closer = {0.6F, 0.5F, 0.5F, 0.9F, 0.9F, 0.9F};
  CHECK(train::set_threshold(options, alike, labels).origin ==
        "the smallest distance is that of similar and dissimilar pairs alike");
  CHECK(mentions(train::set_threshold(options, closer, labels).origin, "the closest pairs are dissimilar"));
}

TEST_CASE("a threshold lies between what it accepts and what it rejects") {
  const std::vector<float> distances = {0.1F, 0.2F, 0.8F, 0.9F};
  const gemel::Labels labels{1, 1, 0, 0};
  for (const ThresholdRule rule : {ThresholdRule::Eer, ThresholdRule::Accuracy}) {
    const double value = train::set_threshold(by_rule(rule), distances, labels).value;
    CHECK(value >= 0.2F);
    CHECK(value < 0.8F);
  }
  train::Options half = by_rule(ThresholdRule::Far);
  half.far = 0.5;
  CHECK(train::set_threshold(half, distances, labels).value >= 0.8F);
  CHECK(train::set_threshold(half, distances, labels).value < 0.9F);
}

TEST_CASE("the smallest rate that pairs can show is one that they suffice for") {
  for (gemel::Index pairs = 2; pairs < 20000; ++pairs) {
    const double rate = train::smallest_rate(pairs);
    if (gemel::dissimilar_pairs_needed(rate) > pairs || rate * static_cast<double>(pairs) > 1.02) {
      CAPTURE(pairs, rate);
      FAIL();
    }
  }
  CHECK(train::smallest_rate(40) == 0.025);
  CHECK(train::smallest_rate(3) == 0.334);
}

TEST_CASE("without --far the rate is 1 %, or the smallest that can be shown, with a note") {
  const train::Options options;
  CHECK(train::target_rate(options, dissimilar_pairs(100)).far == 0.01);
  CHECK(train::target_rate(options, dissimilar_pairs(100)).notes.empty());
  CHECK(train::target_rate(options, dissimilar_pairs(40)).far == 0.025);
  const std::string note = train::target_rate(options, dissimilar_pairs(40)).notes.at(0);
  CHECK(mentions(note, "2.5 %"));
  CHECK(mentions(note, "--validation"));
  CHECK_THROWS_AS(train::target_rate(options, dissimilar_pairs(1)), gemel::ValueError);
  CHECK(train::target_rate(by_rule(ThresholdRule::Eer), dissimilar_pairs(1)).notes.empty());
}

TEST_CASE("a rate that was asked for and cannot be shown is refused with one that can") {
  train::Options options;
  options.far = 0.01;
  CHECK(train::target_rate(options, dissimilar_pairs(100)).far == 0.01);
  try {
    train::target_rate(options, dissimilar_pairs(40));
    FAIL("it was not refused");
  } catch (const gemel::ValueError& error) {
    CHECK(mentions(error.what(), "--far 0.01 needs 100"));
    CHECK(mentions(error.what(), "--far 0.025 or more"));
  }
}
