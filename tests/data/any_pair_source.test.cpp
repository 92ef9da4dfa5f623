#include "gemel/data/any_pair_source.hpp"

#include <concepts>
#include <cstdint>
#include <vector>

#include "catch.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/stop.hpp"
#include "gemel/data/consecutive_pairs.hpp"
#include "numbered.hpp"

using namespace gemel;

namespace {

static_assert(PairSource<AnyPairSource<float>, float> && PairSource<AnyPairSource<double>, double>);

const std::vector<int> nine_classes = {0, 1, 2, 0, 1, 2, 0, 1, 0};

/// All numbers that the source provides for an epoch, and the first feature of each sample.
template <class Source>
std::vector<double> contents(const Source& source) {
  std::vector<double> all = {static_cast<double>(source.features()), static_cast<double>(source.batches())};
  Batch<double> batch;
  for (Index k = 0; k < source.batches(); ++k) {
    source.batch(k, batch);
    all.push_back(batch.disjoint ? 1 : 0);
    for (Index j = 0; j < length(batch.samples); ++j) {
      all.push_back(static_cast<double>(batch.samples[static_cast<std::size_t>(j)]));
      all.push_back(source.column(k, j, nullptr)[0]);
    }
    for (const auto [first, second] : batch.pairs) {
      all.push_back(static_cast<double>(first));
      all.push_back(static_cast<double>(second));
    }
    all.insert(all.end(), batch.similar.begin(), batch.similar.end());
    all.insert(all.end(), batch.weight.begin(), batch.weight.end());
  }
  return all;
}

}  // namespace

TEST_CASE("AnyPairSource gives the batches of the chosen source", "[any_pair_source]") {
  const auto check = [](auto source) {
    AnyPairSource<double> any = source;
    for (const bool shuffle : {false, true}) {
      source.start_epoch(3, 1, 4, shuffle);
      any.start_epoch(3, 1, 4, shuffle);
      CHECK(contents(any) == contents(source));
    }
    const AnyPairSource<double> copy = any;
    any.start_epoch(3, 2, 4, true);
    CHECK(contents(copy) == contents(source));
    CHECK(contents(any) != contents(source));
  };
  const Samples<double> x = counted<double>(9, 2);
  Rng rng{1};
  check(consecutive_pairs(x, Classes(nine_classes), rng));
  check(Pairs<double>{counted<double>(4), counted<double>(4), {0, 1, 1, 0}, {1, 2, 0.5, 3}});
  check(PairSampler<double>{x, Classes(nine_classes), {.pairs_per_sample = 3}});
  check(InBatchPairs<double>{x, Classes(nine_classes)});
  check(ClassBatches<double>{x, Classes(nine_classes), {.classes = 2, .samples = 2}});
}

TEST_CASE("AnyPairSource saves and restores the state of the chosen source", "[any_pair_source]") {
  const Samples<double> x = counted<double>(9);
  const Classes classes(nine_classes);
  const auto batches_with = [&](const Neighbours& neighbours) {
    return ClassBatches<double>{x, classes, {.classes = 2, .samples = 2, .neighbours = neighbours}};
  };
  const Neighbours neighbours{nearest_of_other_classes(x.matrix(), classes, 2)};
  const AnyPairSource<double> source = batches_with(neighbours);
  CHECK(source.save() == batches_with(neighbours).save());
  AnyPairSource<double> other = batches_with(Neighbours{Neighbours::Table::Zero(2, 9)});
  CHECK(other.save() != source.save());
  other.restore(source.save());
  CHECK(other.save() == source.save());
  CHECK_THROWS_AS(other.restore({}), ValueError);

  other = InBatchPairs<double>{x, classes};
  CHECK(other.save().empty());
  other.restore({});
  CHECK_THROWS_AS(other.restore(source.save()), ValueError);
}

TEST_CASE("AnyPairSource passes a stop to the chosen source, and its errors to the caller", "[any_pair_source]") {
  const Samples<float> x = counted<float>(9);
  AnyPairSource<float> source = PairSampler<float>{x, Classes(nine_classes)};
  Batch<float> batch;
  CHECK_THROWS_AS(source.batch(0, batch), ValueError);  // before the first epoch
  source.start_epoch(1, 0, 4, true);
  source.batch(0, batch);
  const StopFlag stop{true};
  source.start_epoch(1, 1, 4, true, &stop);
  CHECK_THROWS_AS(source.batch(0, batch), ValueError);

  source = InBatchPairs<float>{x, Classes(nine_classes)};
  CHECK_THROWS_AS(source.start_epoch(1, 0, 1, true), ValueError);  // a single sample has no pair
}
