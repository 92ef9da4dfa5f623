#include "gemel/data/epoch_order.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <vector>

#include "catch.hpp"

using namespace gemel;

namespace {

std::vector<Index> all_items_of(const EpochOrder& order) {
  std::vector<Index> items;
  for (Index k = 0; k < order.batches(); ++k) {
    for (Index i = 0; i < order.batch_size(k); ++i) items.push_back(order.item(k, i));
  }
  return items;
}

std::vector<Index> naturals(Index n) {
  std::vector<Index> values(static_cast<std::size_t>(n));
  std::iota(values.begin(), values.end(), Index{0});
  return values;
}

}  // namespace

TEST_CASE("before any epoch the items are in their original order, 32 per batch", "[epoch_order]") {
  const EpochOrder order(70);
  CHECK(order.batches() == 3);
  CHECK(order.batch_size(0) == 32);
  CHECK(order.batch_size(2) == 6);
  CHECK(all_items_of(order) == naturals(70));
}

TEST_CASE("the last batch holds the remainder", "[epoch_order]") {
  EpochOrder order(10);
  for (const Index batch_size : {1, 3, 5, 10, 11}) {
    CAPTURE(batch_size);
    order.start(1, 0, batch_size, false);
    CHECK(order.batches() == (10 + batch_size - 1) / batch_size);
    CHECK(all_items_of(order) == naturals(10));
  }
  order.start(1, 0, 3, false);
  CHECK(order.batch_size(2) == 3);
  CHECK(order.batch_size(3) == 1);
}

TEST_CASE("a shuffled epoch has every item once, in an order that depends on (seed, epoch) only", "[epoch_order]") {
  EpochOrder order(50);
  order.start(1, 0, 8, true);
  const std::vector<Index> first = all_items_of(order);
  CHECK(first != naturals(50));
  std::vector<Index> sorted = first;
  std::ranges::sort(sorted);
  CHECK(sorted == naturals(50));

  order.start(1, 1, 8, true);
  CHECK(all_items_of(order) != first);
  order.start(2, 0, 8, true);
  CHECK(all_items_of(order) != first);
  order.start(1, 0, 16, true);
  CHECK(all_items_of(order) == first);
  order.start(1, 0, 8, false);
  CHECK(all_items_of(order) == naturals(50));
}

TEST_CASE("invalid batch sizes and batches are rejected", "[epoch_order]") {
  EpochOrder order(10);
  CHECK_THROWS_AS(order.start(1, 0, 0, true), ValueError);
  CHECK_THROWS_AS(order.start(1, 0, -4, false), ValueError);
  CHECK_THROWS_AS(order.batch_size(-1), ValueError);
  CHECK_THROWS_AS(order.batch_size(1), ValueError);
}

TEST_CASE("an item that is not in the epoch or the batch is rejected", "[epoch_order]") {
  EpochOrder order{9};
  CHECK_THROWS_AS(order.item(0, 9), ValueError);
  for (const bool shuffled : {false, true}) {
    order.start(1, 0, 4, shuffled);
    for (const Index k : {-1, 3, 1 << 30}) CHECK_THROWS_AS(order.item(k, 0), ValueError);
    CHECK_THROWS_AS(order.item(0, -1), ValueError);
    CHECK_THROWS_AS(order.item(1, 4), ValueError);
    CHECK_THROWS_AS(order.item(2, 1), ValueError);
    CHECK_NOTHROW(order.item(2, 0));
    order.start(1, 0, std::numeric_limits<Index>::max(), shuffled);
    CHECK(order.batches() == 1);
    CHECK_THROWS_AS(order.item(0, 9), ValueError);
  }
}
