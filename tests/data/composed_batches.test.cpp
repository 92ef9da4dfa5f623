#include "gemel/data/composed_batches.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "allocations.hpp"
#include "catch.hpp"
#include "data/numbered.hpp"
#include "error_text.hpp"
#include "gemel/core/error.hpp"
#include "mentions.hpp"

namespace gemel::test::composed_batches {

namespace {

// A sample, a similar one (the next) and a dissimilar one (the third after it); batch 1 has twice as many.
struct Triplets {
  Index n = 10;
  void operator()(Rng& rng, Index k, Batch<float>& batch) const {
    for (Index t = 0; t < (k == 1 ? 2 : 1); ++t) {
      const Index first = rng.below(n), at = length(batch.samples);
      for (const Index next : {0, 1, 3}) batch.samples.push_back((first + next) % n);
      batch.pairs.push_back({at, at + 1});
      batch.pairs.push_back({at, at + 2});
      for (const int label : {1, 0}) batch.similar.push_back(static_cast<std::uint8_t>(label));
      batch.weight.resize(batch.pairs.size(), 0.5F);
    }
  }
};

using Any = std::function<void(Rng&, Index, Batch<float>&)>;
using Source = ComposedBatches<float, Triplets>;
static_assert(PairSource<Source, float> &&
              PairSource<ComposedBatches<double, std::function<void(Rng&, Index, Batch<double>&)>>, double>);

const ComposedBatchesOptions three{.batches = 3};

std::vector<Index> samples_of(const Source& source) {
  std::vector<Index> all;
  Batch<float> batch;
  for (Index k = 0; k < source.batches(); ++k) {
    source.batch(k, batch);
    batch.check({});
    CHECK(batch.size() == (k == 1 ? 4 : 2));
    CHECK(batch.weight == std::vector<float>(batch.pairs.size(), 0.5F));
    CHECK(batch.similar[1] == 0);
    for (Index j = 0; j < length(batch.samples); ++j) {
      all.push_back(batch.samples[static_cast<std::size_t>(j)]);
      CHECK(source.column(k, j, nullptr)[0] == static_cast<float>(all.back()));
    }
    CHECK_THROWS_AS(source.column(k, length(batch.samples), nullptr), ValueError);
  }
  CHECK(all.size() == 12);
  return all;
}

std::string refused(const Any& plan) {
  return error_text([&] {
    ComposedBatches source{counted<float>(10), plan, three};
    source.start_epoch(1, 4, 32, true);
    Batch<float> batch;
    for (Index k = 0; k < 3; ++k) source.batch(k, batch);
  });
}

}  // namespace

TEST_CASE("batches are those of the plan, a function of seed, epoch and batch", "[composed_batches]") {
  Source source{counted<float>(10), Triplets{}, three};
  CHECK(source.features() == 1);
  CHECK(source.batches() == 3);
  Batch<float> batch;
  CHECK_THROWS_AS(source.batch(0, batch), ValueError);
  CHECK_THROWS_AS(source.column(0, 0, nullptr), ValueError);
  source.start_epoch(1, 0, 32, true);
  const auto first = samples_of(source);
  source.start_epoch(1, 1, 32, true);
  const auto second = samples_of(source);
  CHECK(second != first);
  source.start_epoch(2, 0, 32, true);
  CHECK(samples_of(source) != first);
  Source other{counted<float>(10), Triplets{}, three};
  other.start_epoch(1, 1, 7, false);  // neither the batch size nor the shuffling matters
  CHECK(samples_of(other) == second);
  const Source copy = other;
  other.start_epoch(1, 0, 7, false);
  CHECK(samples_of(copy) == second);
  CHECK(samples_of(other) == first);

  ComposedBatches<float, Triplets> more{counted<float>(10), Triplets{}, {.batches = 5}};
  more.start_epoch(1, 0, 32, true);
  source.start_epoch(1, 0, 32, true);
  Batch<float> same;
  more.batch(2, batch);
  source.batch(2, same);
  CHECK(batch.samples == same.samples);
  for (const Index k : {-1, 3}) CHECK_THROWS_AS(source.batch(k, batch), ValueError);
}

TEST_CASE("the types are deduced from samples or a matrix, and a plan may be any callable", "[composed_batches]") {
  const auto plan = [](auto& rng, Index, auto& batch) {
    batch.samples = {rng.below(3), 0};
    batch.pairs = {{0, 1}};
    batch.similar = {1};
    batch.disjoint = true;
  };
  ComposedBatches from_samples{counted<double>(3), plan, three};
  static_assert(PairSource<decltype(from_samples), double>);
  ComposedBatches from_matrix{MatrixX<float>::Ones(2, 3), plan, three};
  static_assert(PairSource<decltype(from_matrix), float>);
  from_matrix.start_epoch(1, 0, 32, true);
  Batch<float> batch;
  batch.weight = {7};
  from_matrix.batch(2, batch);
  CHECK(batch.disjoint);
  CHECK(batch.weight.empty());
  CHECK(from_matrix.features() == 2);
}

TEST_CASE("what a plan does wrong is refused, with epoch and batch", "[composed_batches]") {
  const auto with = [](auto change) {
    return refused([change](Rng& rng, Index k, Batch<float>& batch) {
      Triplets{}(rng, k, batch);
      if (k == 2) change(batch);
    });
  };
  CHECK(with([](auto&) {}) == "no error");
  CHECK(mentions(with([](auto& b) { b.clear(); }), "epoch 5, batch 2: the source gave a batch without a pair"));
  CHECK(mentions(with([](auto& b) { b.samples[1] = 10; }),
                 "epoch 5, batch 2: the plan gave sample 10, but the samples are 0 to 9"));
  CHECK(mentions(with([](auto& b) { b.samples[0] = -1; }), "the plan gave sample -1"));
  CHECK(mentions(with([](auto& b) { b.pairs[0].second = 3; }), "epoch 5, batch 2, pair 0: the source gave a pair"));
  CHECK(mentions(with([](auto& b) { b.similar.pop_back(); }), "but 1 labels"));
  CHECK(mentions(with([](auto& b) { b.similar[0] = 2; }), "labels are 0 or 1"));
  CHECK(mentions(with([](auto& b) { b.weight[0] = -1; }), "a weight of -1"));
  CHECK(mentions(with([](auto& b) { b.disjoint = true; }), "of a disjoint batch"));
  CHECK(mentions(error_text([] { Source{counted<float>(3), Triplets{}, {}}; }), "batches is 0, but an epoch"));
  CHECK(mentions(error_text([] { Source{counted<float>(3), Triplets{}, {.batches = -1}}; }), "batches is -1"));
}

TEST_CASE("a plan that depends on more than its stream is refused", "[composed_batches]") {
  const auto calls = std::make_shared<Index>(0);
  const std::string text = refused([calls](Rng&, Index, Batch<float>& batch) {
    batch.samples = {(*calls)++ % 10, 0};
    batch.pairs = {{0, 1}};
    batch.similar = {1};
  });
  CHECK(mentions(text, "batch 0: the plan gave other samples when it was called for this batch a second time"));
  const std::string fewer = refused([calls](Rng&, Index, Batch<float>& batch) {
    batch.samples = {0, 1, 2};
    if (++*calls > 3 + 3) batch.samples.pop_back();
    batch.pairs = {{0, 1}};
    batch.similar = {1};
  });
  CHECK(mentions(fewer, "the plan gave other samples"));
}

TEST_CASE("a plan's own errors reach the caller", "[composed_batches]") {
  CHECK(mentions(refused([](Rng&, Index k, Batch<float>&) {
                   throw FormatError({"no list for ", k});
                 }),
                 "no list for 0"));
}

TEST_CASE("after the first epoch, composed batches allocate nothing", "[composed_batches]") {
  Source source{counted<float>(10), Triplets{}, three};
  Batch<float> batch;
  const auto epoch = [&](Index number) {
    source.start_epoch(1, number, 32, true);
    for (Index k = 0; k < 3; ++k) source.batch(k, batch);
  };
  source.start_epoch(1, 0, 32, true);
  source.batch(0, batch);  // it has room for batch 1, which is larger
  const long after_first = allocation_count;
  source.batch(1, batch);
  const long after_second = allocation_count;
  epoch(1);
  epoch(2);
  const long at_end = allocation_count;
  CHECK(after_first > 0);
  CHECK(after_second == after_first);
  CHECK(at_end == after_first);
}

TEST_CASE("a stopped epoch has no composed batches, and the next epoch is complete", "[composed_batches]") {
  Source stopped{counted<float>(10), Triplets{}, three}, other = stopped;
  StopFlag stop = true;
  stopped.start_epoch(1, 0, 32, true, &stop);
  Batch<float> batch;
  CHECK_THROWS_AS(stopped.batch(0, batch), ValueError);
  stop = false;
  stopped.start_epoch(1, 1, 32, true, &stop);
  other.start_epoch(1, 1, 32, true);
  CHECK(samples_of(stopped) == samples_of(other));
}

}  // namespace gemel::test::composed_batches
