#include "gemel/data/epoch_order.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <vector>

#include "catch.hpp"

using namespace gemel;

namespace {

std::vector<Index> all_pairs_of(const EpochOrder& order) {
  std::vector<Index> pairs;
  for (Index k = 0; k < order.batches(); ++k) {
    for (Index i = 0; i < order.batch_size(k); ++i) pairs.push_back(order.pair(k, i));
  }
  return pairs;
}

std::vector<Index> naturals(Index n) {
  std::vector<Index> values(static_cast<std::size_t>(n));
  std::iota(values.begin(), values.end(), Index{0});
  return values;
}

}  // namespace

TEST_CASE("before any epoch the pairs are in their original order, 32 per batch") {
  const EpochOrder order(70);
  CHECK(order.batches() == 3);
  CHECK(order.batch_size(0) == 32);
  CHECK(order.batch_size(2) == 6);
  CHECK(all_pairs_of(order) == naturals(70));
}

TEST_CASE("the last batch holds the remainder") {
  EpochOrder order(10);
  for (const Index batch_size : {1, 3, 5, 10, 11}) {
    CAPTURE(batch_size);
    order.start(1, 0, batch_size, false);
    CHECK(order.batches() == (10 + batch_size - 1) / batch_size);
    CHECK(all_pairs_of(order) == naturals(10));
  }
  order.start(1, 0, 3, false);
  CHECK(order.batch_size(2) == 3);
  CHECK(order.batch_size(3) == 1);
}

TEST_CASE("a shuffled epoch has every pair once, in an order of (seed, epoch) alone") {
  EpochOrder order(50);
  order.start(1, 0, 8, true);
  const std::vector<Index> first = all_pairs_of(order);
  CHECK(first != naturals(50));
  std::vector<Index> sorted = first;
  std::ranges::sort(sorted);
  CHECK(sorted == naturals(50));

  order.start(1, 1, 8, true);
  CHECK(all_pairs_of(order) != first);
  order.start(2, 0, 8, true);
  CHECK(all_pairs_of(order) != first);
  order.start(1, 0, 16, true);
  CHECK(all_pairs_of(order) == first);
  order.start(1, 0, 8, false);
  CHECK(all_pairs_of(order) == naturals(50));
}

TEST_CASE("wrong batch sizes and batches are rejected") {
  EpochOrder order(10);
  CHECK_THROWS_AS(order.start(1, 0, 0, true), ValueError);
  CHECK_THROWS_AS(order.start(1, 0, -4, false), ValueError);
  CHECK_THROWS_AS(order.batch_size(-1), ValueError);
  CHECK_THROWS_AS(order.batch_size(1), ValueError);
}

TEST_CASE("a pair that is not in the epoch or the batch is rejected") {
  EpochOrder order{9};
  CHECK_THROWS_AS(order.pair(0, 9), ValueError);
  for (const bool shuffled : {false, true}) {
    order.start(1, 0, 4, shuffled);
    for (const Index k : {-1, 3, 1 << 30}) CHECK_THROWS_AS(order.pair(k, 0), ValueError);
    CHECK_THROWS_AS(order.pair(0, -1), ValueError);
    CHECK_THROWS_AS(order.pair(1, 4), ValueError);
    CHECK_THROWS_AS(order.pair(2, 1), ValueError);
    CHECK_NOTHROW(order.pair(2, 0));
    order.start(1, 0, std::numeric_limits<Index>::max(), shuffled);
    CHECK(order.batches() == 1);
    CHECK_THROWS_AS(order.pair(0, 9), ValueError);
  }
}
