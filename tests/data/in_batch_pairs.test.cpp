#include "gemel/data/in_batch_pairs.hpp"

#include <set>
#include <vector>

#include "catch.hpp"
#include "data/numbered.hpp"
#include "gemel/core/random.hpp"

using namespace gemel;

TEST_CASE("a batch has all pairs of its samples, and an epoch has all samples", "[in_batch_pairs]") {
  const std::vector<int> classes = {4, 4, 9, 4, 9, 7, 4, 9, 7, 7, 4};
  InBatchPairs<float> source{counted<float>(11), classes};
  static_assert(PairSource<InBatchPairs<float>, float>);
  CHECK(source.features() == 1);
  source.start_epoch(1, 0, 4, true);
  REQUIRE(source.batches() == 3);
  std::multiset<Index> samples;
  Batch<float> batch;
  for (Index k = 0; k < 3; ++k) {
    source.batch(k, batch);
    batch.check({});
    const Index n = k < 2 ? 4 : 3;
    REQUIRE(length(batch.samples) == n);
    CHECK(batch.size() == n * (n - 1) / 2);
    std::set<std::pair<Index, Index>> pairs;
    for (std::size_t p = 0; p < batch.pairs.size(); ++p) {
      const auto [first, second] = batch.pairs[p];
      CHECK(first < second);
      pairs.emplace(first, second);
      const Index a = batch.samples[static_cast<std::size_t>(first)],
                  b = batch.samples[static_cast<std::size_t>(second)];
      CHECK((batch.similar[p] == 1) == (classes[static_cast<std::size_t>(a)] == classes[static_cast<std::size_t>(b)]));
      CHECK(*source.column(k, first, nullptr) == static_cast<float>(a));
    }
    CHECK(length(pairs) == batch.size());
    samples.insert(batch.samples.begin(), batch.samples.end());
  }
  CHECK(samples.size() == 11);
  CHECK(std::set<Index>(samples.begin(), samples.end()).size() == 11);
}

TEST_CASE("filling a batch overwrites all of its previous contents", "[in_batch_pairs]") {
  InBatchPairs<float> source{counted<float>(9), std::vector<int>{1, 1, 2, 3, 3, 3, 1, 2, 2}};
  source.start_epoch(1, 0, 4, true);
  Batch<float> fresh, used;
  source.batch(0, fresh);
  used.samples.assign(40, 7);
  used.pairs.assign(20, {5, 6});
  used.similar.assign(20, 1);
  used.weight.assign(20, 0.5f);
  used.disjoint = true;
  source.batch(0, used);
  used.check({});
  CHECK(used.samples == fresh.samples);
  CHECK(used.similar == fresh.similar);
  CHECK(used.weight.empty());
  CHECK_FALSE(used.disjoint);
  REQUIRE(used.size() == fresh.size());
  for (std::size_t p = 0; p < used.pairs.size(); ++p) {
    CHECK(used.pairs[p].first == fresh.pairs[p].first);
    CHECK(used.pairs[p].second == fresh.pairs[p].second);
  }
}

TEST_CASE("a last batch of one sample is omitted", "[in_batch_pairs]") {
  InBatchPairs<float> source{counted<float>(9), std::vector<int>(9, 1)};
  source.start_epoch(0, 0, 4, false);
  CHECK(source.batches() == 2);
}

TEST_CASE("samples and batch sizes that give no pairs are rejected", "[in_batch_pairs]") {
  CHECK_THROWS_AS((InBatchPairs<float>{counted<float>(3), std::vector<int>{1, 2}}), ShapeError);
  CHECK_THROWS_AS((InBatchPairs<float>{counted<float>(1), std::vector<int>{1}}), ShapeError);
  InBatchPairs<float> source{counted<float>(3), std::vector<int>{1, 2, 1}};
  CHECK_THROWS_AS(source.start_epoch(0, 0, 1, true), ValueError);
  CHECK_THROWS_AS(source.start_epoch(0, 0, 0, true), ValueError);
  CHECK_THROWS_AS(source.start_epoch(0, 0, 1 << 20, true), ValueError);
}

TEST_CASE("batches that are not in the epoch, and samples that are not in the batch, are rejected",
          "[in_batch_pairs]") {
  InBatchPairs<float> source{counted<float>(9), std::vector<int>(9, 1)};
  Batch<float> batch;
  CHECK(source.column(0, 8, nullptr)[0] == 8);  // before the first epoch, in the original order
  CHECK_THROWS_AS(source.column(0, 9, nullptr), ValueError);
  source.start_epoch(0, 0, 4, false);
  for (const Index k : {-1, 2, 3, 1 << 30}) {  // batch 2 would have a single sample
    CAPTURE(k);
    CHECK_THROWS_AS(source.batch(k, batch), ValueError);
    CHECK_THROWS_AS(source.column(k, 0, nullptr), ValueError);
  }
  CHECK_THROWS_AS(source.column(0, -1, nullptr), ValueError);
  CHECK_THROWS_AS(source.column(0, 4, nullptr), ValueError);
  CHECK(source.column(1, 3, nullptr)[0] == 7);
}

TEST_CASE("a moved-from source is unchanged", "[in_batch_pairs]") {
  InBatchPairs<float> source{counted<float>(9), std::vector<int>{1, 1, 2, 3, 3, 3, 1, 2, 2}};
  source.start_epoch(1, 0, 4, true);
  Batch<float> before, after;
  source.batch(1, before);
  { const InBatchPairs<float> other = std::move(source); }
  source.batch(1, after);
  CHECK(after.samples == before.samples);
  CHECK(after.similar == before.similar);
}
