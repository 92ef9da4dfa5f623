#include "gemel/metrics/roc_metrics.hpp"

#include "catch.hpp"

using namespace gemel;

TEST_CASE("metrics have the values of the Roc, and say whether larger values are better", "[roc_metrics]") {
  const Roc curve{{0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7}, Labels{1, 1, 0, 1, 0, 1, 0}};
  CHECK(gemel::eer(curve) == curve.eer());
  CHECK(gemel::auc(curve) == curve.auc());
  CHECK(best_accuracy(curve) == curve.best_accuracy());
  CHECK(FrrAtFar{0.4}(curve) == 0.25);  // the threshold is 0.4, where one of three dissimilar pairs is accepted
  CHECK(FrrAtFar{0}(curve) == 0.5);
  CHECK_THROWS_AS(FrrAtFar{-1}(curve), ValueError);

  // For a better curve, each metric is better in its own direction.
  const Roc better{{0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7}, Labels{1, 1, 1, 1, 0, 0, 0}};
  const auto improves = [&](const auto& metric) {
    return metric.more_is_better ? metric(better) > metric(curve) : metric(better) < metric(curve);
  };
  CHECK(improves(gemel::eer));
  CHECK(improves(gemel::auc));
  CHECK(improves(best_accuracy));
  CHECK(improves(FrrAtFar{0}));
  static_assert(RocMetric<double (*)(const Roc&)>);
  static_assert(!RocMetric<double (*)(double)>);
}
