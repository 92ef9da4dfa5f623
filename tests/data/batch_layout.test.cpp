#include "gemel/data/batch_layout.hpp"

#include <cstddef>
#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "data/numbered.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/stop.hpp"
#include "gemel/data/epoch_order.hpp"
#include "gemel/data/pairs.hpp"

using namespace gemel;

namespace {

const std::vector<PairIndex> indices = {{0, 1}, {1, 2}, {2, 0}, {3, 4}, {5, 6}, {6, 6}, {4, 3}};

}  // namespace

TEST_CASE("a batch holds each of its samples once, in the order of its pairs", "[batch_layout]") {
  Pairs<double> pairs{counted<double>(7), indices, {1, 0, 1, 0, 1, 0, 1}};
  pairs.start_epoch(0, 0, 4, false);
  Batch<double> batch;
  pairs.batch(0, batch);
  CHECK(batch.samples == std::vector<Index>{0, 1, 2, 3, 4});
  CHECK(batch.pairs == std::vector<PairIndex>{{0, 1}, {1, 2}, {2, 0}, {3, 4}});
  CHECK(batch.similar == std::vector<std::uint8_t>{1, 0, 1, 0});
  CHECK(!batch.disjoint);
  for (Index j = 0; j < 5; ++j) CHECK(*pairs.column(0, j, nullptr) == static_cast<double>(j));
  pairs.batch(1, batch);
  CHECK(batch.samples == std::vector<Index>{5, 6, 4, 3});
  CHECK(batch.pairs == std::vector<PairIndex>{{0, 1}, {1, 1}, {2, 3}});
  CHECK(*pairs.column(1, 2, nullptr) == 4);
}

TEST_CASE("a batch is disjoint if each of its samples occurs only once", "[batch_layout]") {
  Pairs<double> pairs{counted<double>(7), indices, {1, 0, 1, 0, 1, 0, 1}};
  pairs.start_epoch(0, 0, 1, false);
  Batch<double> batch;
  for (Index k = 0; k < 7; ++k) {
    pairs.batch(k, batch);
    CHECK(batch.disjoint == (k != 5));  // pair 5 pairs a sample with itself
  }
  Pairs<double> apart{counted<double>(6), {{0, 1}, {4, 5}, {3, 2}}, {1, 0, 1}};
  apart.start_epoch(0, 0, 3, false);
  apart.batch(0, batch);
  CHECK(batch.disjoint);
  CHECK(batch.samples == std::vector<Index>{0, 1, 4, 5, 3, 2});
}

TEST_CASE("after a stop no epoch is laid out, until the next arrange", "[batch_layout]") {
  EpochOrder order{7};
  order.start(0, 0, 4, false);
  const auto pair_at = [](Index p) { return indices[static_cast<std::size_t>(p)]; };
  BatchLayout layout;
  layout.arrange(order, 7, 7, pair_at);
  CHECK(layout);
  const StopFlag stop = true;
  layout.arrange(order, 7, 7, pair_at, &stop);
  CHECK(!layout);
  CHECK_THROWS_AS(layout.sample(0, 0), ValueError);
  layout.arrange(order, 7, 7, pair_at);
  CHECK(layout);
  CHECK(layout.sample(1, 0) == 5);
}

TEST_CASE("a shuffled epoch has all pairs, and a slice has only its own", "[batch_layout]") {
  Pairs<double> pairs{counted<double>(7), indices, {1, 0, 1, 0, 1, 0, 1}};
  pairs.start_epoch(3, 1, 3, true);
  Batch<double> batch;
  std::multiset<std::pair<Index, Index>> seen;
  for (Index k = 0; k < pairs.batches(); ++k) {
    pairs.batch(k, batch);
    for (const auto [first, second] : batch.pairs) {
      seen.emplace(static_cast<Index>(*pairs.column(k, first, nullptr)),
                   static_cast<Index>(*pairs.column(k, second, nullptr)));
    }
  }
  std::multiset<std::pair<Index, Index>> expected;
  for (const auto [first, second] : indices) expected.emplace(first, second);
  CHECK(seen == expected);

  Pairs<double> part = pairs.slice(1, 2);
  part.start_epoch(0, 0, 2, false);
  part.batch(0, batch);
  CHECK(batch.samples == std::vector<Index>{1, 2, 0});
}
