#include "../../examples/train/threshold.hpp"

#include <limits>
#include <string>
#include <vector>

#include "catch.hpp"
#include "gemel/metrics/roc.hpp"
#include "gemel/verification/calibration.hpp"
#include "mentions.hpp"

namespace {

using train::ThresholdRule;

train::Options by_rule(ThresholdRule rule) {
  train::Options options;
  options.threshold = rule;
  return options;
}

// The labels of one similar pair and `count` dissimilar ones.
gemel::Labels dissimilar_pairs(gemel::Index count) {
  std::vector<int> labels(static_cast<std::size_t>(count) + 1, 0);
  labels[0] = 1;
  return labels;
}

}  // namespace

TEST_CASE("the threshold is set with the rule of the options, and its purpose names the rule") {
  const std::vector<float> distances = {0.1F, 0.2F, 0.3F, 0.4F, 0.5F, 0.6F};
  const gemel::Labels labels{1, 0, 1, 1, 1, 0};
  const gemel::Roc roc{distances, labels};
  const auto threshold = [&](ThresholdRule rule, const std::string& purpose) {
    const train::Options options = by_rule(rule);
    const gemel::Calibration calibration =
        gemel::calibrate(distances, labels, train::calibration_options(options, 0.5));
    CHECK(train::purpose(options, calibration, roc, 0.5) == purpose);
    return calibration.threshold;
  };
  CHECK(threshold(ThresholdRule::Far, "at most 50 % false accepts") == roc.midway(roc.threshold_at_far(0.5)));
  CHECK(threshold(ThresholdRule::Eer, "equal error rates") == roc.midway(roc.eer_threshold()));
  CHECK(threshold(ThresholdRule::Accuracy, "the best accuracy") == roc.midway(roc.best_threshold()));
  CHECK(roc.best_threshold() > roc.eer_threshold());
}

TEST_CASE("if there is no threshold, the purpose says why, in the words of the command line") {
  const auto why = [](ThresholdRule rule, const std::vector<float>& distances, const gemel::Labels& labels) {
    const train::Options options = by_rule(rule);
    const gemel::Calibration none = gemel::calibrate(distances, labels, train::calibration_options(options, 0.4));
    CHECK(none.threshold == -std::numeric_limits<double>::infinity());
    return train::purpose(options, none, gemel::Roc{distances, labels}, 0.4);
  };
  const std::vector<float> equal(4, 0.5F), reversed = {0.8F, 0.9F, 0.1F, 0.2F}, between = {0.1F, 0.2F, 0.3F, 0.4F};
  for (const ThresholdRule rule : {ThresholdRule::Far, ThresholdRule::Eer, ThresholdRule::Accuracy}) {
    CHECK(mentions(why(rule, reversed, {1, 1, 0, 0}), "similar pairs are farther apart than dissimilar ones; look at"));
    CHECK(mentions(why(rule, equal, {1, 0, 0, 0}), "; train on more samples or longer, or set it with another --thr"));
  }
  CHECK(mentions(why(ThresholdRule::Far, equal, {1, 0, 0, 0}), "any threshold accepts more than 40 % of the dissimil"));
  CHECK(mentions(why(ThresholdRule::Eer, equal, {1, 0, 0, 0}), "equal error rates would accept every pair"));
  CHECK(mentions(why(ThresholdRule::Accuracy, between, {0, 1, 0, 0}), "to reject every pair is right most often"));
}

TEST_CASE("the number of pairs suffices for the smallest rate that they can show") {
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

TEST_CASE("without --far the rate is 1 %, or the smallest rate that can be shown, with a note") {
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

TEST_CASE("a requested rate that cannot be shown is rejected, and the error gives one that can") {
  train::Options options;
  options.far = 0.01;
  CHECK(train::target_rate(options, dissimilar_pairs(100)).far == 0.01);
  try {
    train::target_rate(options, dissimilar_pairs(40));
    FAIL("it was not rejected");
  } catch (const gemel::ValueError& error) {
    CHECK(mentions(error.what(), "--far 0.01 needs 100"));
    CHECK(mentions(error.what(), "--far 0.025 or more"));
  }
}
