#include "gemel/callback/history.hpp"

#include <string>
#include <vector>

#include "catch.hpp"
#include "mentions.hpp"

using namespace gemel;

TEST_CASE("a history's metrics are found by their names", "[history]") {
  const History history{.metrics = {{"hard eer", {0.5, 0.25}}, {"auc", {0.75, 1}}}};
  CHECK(history.metric("hard eer") == std::vector<double>{0.5, 0.25});
  CHECK(history.metric(std::string("auc")) == std::vector<double>{0.75, 1});
  try {
    history.metric("eer");
    CHECK(false);
  } catch (const ValueError& error) {
    CHECK(mentions(error.what(), "the history has no metric 'eer'; it has 'hard eer', 'auc'"));
  }
  CHECK_THROWS_AS(History{}.metric("loss"), ValueError);

  const auto made = [&history] { return history; };
  const std::vector<double>& lasting = made().metric("auc");  // a copy, since that history is a temporary
  CHECK(lasting == std::vector<double>{0.75, 1});
  CHECK(&history.metric("auc") == &history.metrics[1].values);
}
