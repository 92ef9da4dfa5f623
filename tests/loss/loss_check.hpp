#pragma once

#include <cmath>
#include <cstdint>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "catch.hpp"
#include "gemel/core/error.hpp"
#include "gemel/loss/loss.hpp"

namespace gemel::test {

/// One batch and the slopes that a loss writes.
template <Scalar S = double>
struct LossRun {
  std::vector<S> d;
  std::vector<std::uint8_t> similar;
  std::vector<S> weight = {};
  std::vector<S> slope = {};

  template <class L>
  double operator()(const L& loss) {
    static_assert(Loss<L, S>);
    slope.assign(d.size(), S(99));
    return loss(std::span<const S>(d), std::span<const std::uint8_t>(similar), std::span<const S>(weight),
                std::span<S>(slope));
  }
};

inline const nlohmann::json& golden_losses() {
  static const auto json = nlohmann::json::parse(std::ifstream(GEMEL_TEST_DATA "/golden/losses_and_metrics.json"));
  return json;
}

/// The batch of the golden file. `inverted`: the source of the golden values labels dissimilar pairs 1.
inline LossRun<> golden_batch(bool inverted = false, bool weighted = false) {
  const auto& json = golden_losses();
  LossRun<> run{json["loss"]["distances"], {}};
  for (const double label : json["labels"]) run.similar.push_back((label == 1) != inverted);
  if (weighted) run.weight = json["loss"]["weights"].get<std::vector<double>>();
  return run;
}

template <class L>
void check_golden(const L& loss, const std::string& name, LossRun<> run) {
  const auto& expected = golden_losses()["loss"]["values"][name];
  const double value = run(loss);
  CAPTURE(name, value);
  CHECK(std::abs(value - expected["value"].get<double>()) <= 1e-12);
  for (std::size_t i = 0; i < run.d.size(); ++i) {
    CAPTURE(i, run.slope[i]);
    CHECK(std::abs(run.slope[i] - expected["gradient"][i].get<double>()) <= 1e-12);
  }
}

/// Compares every slope with a central difference, on a weighted batch in which no distance is within h of a kink.
template <class L>
void check_slopes(const L& loss) {
  const double h = 1e-6;
  LossRun<> run{{0.45, 0.7, 0.25, 1.3, 0.11, 0.85, 1.9}, {1, 0, 0, 0, 1, 1, 0}, {1.5, 0.25, 1, 2, 0.75, 0.5, 3}};
  run(loss);
  const std::vector<double> slope = run.slope;
  for (std::size_t i = 0; i < run.d.size(); ++i) {
    LossRun<> up = run, down = run;
    up.d[i] += h;
    down.d[i] -= h;
    const double difference = (up(loss) - down(loss)) / (2 * h);
    CAPTURE(i, slope[i], difference);
    CHECK(std::abs(slope[i] - difference) <= 1e-8);
  }
}

/// Checks what every loss must do: it rejects invalid input, propagates NaN, has slope 0 beyond the margin, and agrees
/// in float and double.
template <class L>
void check_contract(const L& loss) {
  LossRun<> empty{{}, {}};
  CHECK_THROWS_AS(empty(loss), ValueError);
  LossRun<> labels{{0.1, 0.2}, {1}};
  CHECK_THROWS_AS(labels(loss), ShapeError);
  LossRun<> weights{{0.1, 0.2}, {1, 0}, {1}};
  CHECK_THROWS_AS(weights(loss), ShapeError);

  for (const double margin : {0.0, -1.0, std::numeric_limits<double>::infinity(), std::nan("")}) {
    L wrong = loss;
    wrong.margin = margin;
    LossRun<> run{{0.1, 0.2}, {1, 0}};
    CHECK_THROWS_AS(run(wrong), ValueError);
  }

  for (const std::uint8_t similar : {std::uint8_t{0}, std::uint8_t{1}}) {
    LossRun<> nan{{0.1, 0.9, std::nan(""), 0.3}, {1, 1, similar, 0}};
    CHECK(std::isnan(nan(loss)));
    CHECK(std::isnan(nan.slope[2]));
  }

  // A dissimilar pair at or beyond the margin has slope +0 exactly.
  LossRun<float> far{{0.8F, static_cast<float>(loss.margin), 7, 0.9F}, {1, 0, 0, 1}};
  far(loss);
  CHECK(far.slope[1] == 0);
  CHECK(far.slope[2] == 0);
  CHECK_FALSE(std::signbit(far.slope[1]));
  CHECK_FALSE(std::signbit(far.slope[2]));

  LossRun<float> narrow{{0.5F, 0.25F, 0.75F}, {1, 0, 1}};
  LossRun<double> wide{{0.5, 0.25, 0.75}, {1, 0, 1}};
  CHECK(std::abs(narrow(loss) - wide(loss)) <= 1e-7);
  for (std::size_t i = 0; i < 3; ++i) CHECK(std::abs(narrow.slope[i] - wide.slope[i]) <= 1e-7);
}

/// Checks that a loss rejects positive margins out of range.
template <class L>
void check_positive_margin(const L& loss) {
  for (const double positive_margin : {-0.1, loss.margin, std::nan("")}) {
    L wrong = loss;
    wrong.positive_margin = positive_margin;
    LossRun<> run{{0.1, 0.2}, {1, 0}};
    CHECK_THROWS_AS(run(wrong), ValueError);
  }
}

}  // namespace gemel::test
