#include "gemel/callback/monitor.hpp"

#include <limits>
#include <string>
#include <vector>

#include "callback/stub_training.hpp"
#include "catch.hpp"
#include "mentions.hpp"

using namespace gemel;

namespace {

/// The error about a monitor when a training begins; empty: no error.
std::string refusal(const Monitor& monitor, bool validated, const History& history) {
  try {
    detail::require_monitored(monitor, validated, history, "Watcher");
    return {};
  } catch (const ValueError& error) {
    return error.what();
  }
}

}  // namespace

TEST_CASE("a monitor has a name and a direction, and without a direction less is better", "[monitor]") {
  const Monitor plain = "hard eer", by_text = std::string("hard eer"), listed = {"auc", Monitor::Max};
  CHECK(plain.name == "hard eer");
  CHECK(by_text.name == "hard eer");
  CHECK_FALSE(plain.better.has_value());
  CHECK(listed.better == Monitor::Max);
  CHECK_FALSE(Monitor(Monitor::Loss).more_is_better());
  CHECK(plain.improves(0.5, 0.75, 0.125));
  CHECK_FALSE(plain.improves(0.5, 0.75, 0.25));
  CHECK(listed.improves(0.75, 0.5, 0.125));
  CHECK_FALSE(listed.improves(0.75, 0.5, 0.25));
  for (const Monitor& monitor : {plain, listed}) {
    CHECK(monitor.improves(-3, monitor.worst(), 1));
    CHECK_FALSE(monitor.improves(monitor.worst(), 1, 0));
    CHECK_FALSE(monitor.improves(-monitor.worst(), 1, 0));
    CHECK_FALSE(monitor.improves(std::numeric_limits<double>::quiet_NaN(), monitor.worst(), 0));
  }
}

TEST_CASE("a monitored value must exist, and the error lists those that do", "[monitor]") {
  const History none, two{.metrics = {{.name = "hard eer"}, {.name = "auc", .more_is_better = true}}};
  CHECK(refusal(Monitor::Loss, false, none).empty());
  CHECK(refusal(Monitor::ValidationLoss, true, none).empty());
  CHECK(
      mentions(refusal(Monitor::ValidationLoss, false, two), "Watcher monitors the validation loss, but there is no"));
  // The metric "hard eer" does not state its direction, so any direction is accepted.
  CHECK(refusal({"hard eer", Monitor::Min}, false, two).empty());
  CHECK(refusal({"hard eer", Monitor::Max}, false, two).empty());
  CHECK(mentions(refusal("hard eer", false, two),
                 "whether less of it is better or more is not known: give {\"hard eer\""));
  CHECK(
      mentions(refusal("eer", true, two), "monitors 'eer', but there are only 'loss', 'val_loss', 'hard eer', 'auc'"));
  CHECK(mentions(refusal("eer", false, none), "but there are only 'loss', 'val_loss' if there is a validation; add"));
}

TEST_CASE("a direction that contradicts the metric is rejected", "[monitor]") {
  const History history{.metrics = {{.name = "auc", .more_is_better = true}, {.name = "eer", .more_is_better = false}}};
  CHECK(refusal({"auc", Monitor::Max}, false, history).empty());
  CHECK(refusal("eer", false, history).empty());
  CHECK(mentions(refusal("auc", false, history), "more of it is better, so give {\"auc\", Monitor::Max}"));
  CHECK(mentions(refusal({"eer", Monitor::Max}, false, history),
                 "less of it is better, so give {\"eer\", Monitor::Min}"));
  CHECK(mentions(refusal({Monitor::Loss, Monitor::Max}, false, history), "'loss' the wrong way round"));
}

TEST_CASE("the monitored value is that of the last epoch", "[monitor]") {
  const History history{.loss = {3, 2}, .validation_loss = {5, 4}, .metrics = {{"eer", {7, 6}}, {.name = "empty"}}};
  CHECK(detail::monitored(Monitor::Loss, history, "Watcher") == 2);
  CHECK(detail::monitored(Monitor::ValidationLoss, history, "Watcher") == 4);
  CHECK(detail::monitored({"eer", Monitor::Min}, history, "Watcher") == 6);
  CHECK_THROWS_AS(detail::monitored("empty", history, "Watcher"), ValueError);
}

TEST_CASE("a saved count fits an Index", "[monitor]") {
  constexpr Index most = std::numeric_limits<Index>::max();
  CHECK(detail::saved_count(static_cast<double>(most), "Watcher") == most);
  CHECK(detail::saved_count(12, "Watcher") == 12);
  CHECK(detail::saved_count(-1, "Watcher", -1) == -1);
  CHECK_THROWS_AS(detail::saved_count(2.1 * static_cast<double>(most), "Watcher"), FormatError);
  CHECK_THROWS_AS(detail::saved_count(-1, "Watcher"), FormatError);
  CHECK_THROWS_AS(detail::saved_count(0.5, "Watcher"), FormatError);
}
