#include "gemel/callback/measure.hpp"

#include <cmath>
#include <string>
#include <vector>

#include "callback/stub_training.hpp"
#include "catch.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/stop.hpp"

using namespace gemel;
using test::StubState;

namespace {

struct Other {
  template <class State>
  void on_epoch_end(State&) {}
};
struct MeasuredOnce {
  MetricSeries metric() const { return {.name = name}; }
  template <class State>
  double on_measure(State& state) const {
    return static_cast<double>(state.epoch) + 0.5;
  }
  std::string name;
};

}  // namespace

TEST_CASE("metrics need unique names of one line", "[measure]") {
  test::StubTraining training;
  History history;
  const auto name = [&](const auto&... callbacks) { detail::name_metrics(training.state, history, callbacks...); };
  name(MeasuredOnce{"a, \"b\""}, Other{}, MeasuredOnce{"c"});
  REQUIRE(history.metrics.size() == 2);
  CHECK(history.metrics[0].name == "a, \"b\"");
  CHECK(history.metrics[1].name == "c");
  for (const char* taken :
       {"c", "", "loss", "val_loss", "validation_loss", "epoch", "learning_rate", "seconds", "a\nb", "a\tb", "\x7f"}) {
    CAPTURE(taken);
    CHECK_THROWS_AS(name(MeasuredOnce{taken}), ValueError);
    CHECK(history.metrics.size() == 2);
  }
  name(MeasuredOnce{"\xC3\xA9"});  // any other text is a name
}

TEST_CASE("each metric gets one value per epoch, and NaN once the training is stopped", "[measure]") {
  test::StubTraining training;
  History history;
  const MeasuredOnce first{"first"};
  MeasuredOnce last{"last"};
  Other other;
  detail::name_metrics(training.state, history, first, other, last);
  detail::take_metrics(training.state, history, nullptr, first, other, last);
  training.state.epoch = 1;
  StopFlag stop = false;
  detail::take_metrics(training.state, history, &stop, first, other, last);
  CHECK(history.metric("first") == std::vector<double>{0.5, 1.5});
  CHECK(history.metric("last") == std::vector<double>{0.5, 1.5});
  stop = true;
  detail::take_metrics(training.state, history, &stop, first, other, last);
  CHECK(history.metric("first").size() == 3);
  CHECK(std::isnan(history.metric("first")[2]));

  struct Meddling : MeasuredOnce {
    double on_measure(StubState& state) const { return static_cast<double>(++state.epoch); }
  } meddling{{"other"}};
  History its_own;
  detail::name_metrics(training.state, its_own, meddling);
  CHECK_THROWS_AS(detail::take_metrics(training.state, its_own, nullptr, meddling), ValueError);
}
