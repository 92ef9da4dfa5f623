#include "gemel/data/pairs.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "data/numbered.hpp"
#include "error_text.hpp"
#include "gemel/core/random.hpp"

using namespace gemel;

static_assert(PairSource<Pairs<float>, float>);
static_assert(PairSource<Pairs<double>, double>);

namespace {

Pairs<float> seven_pairs(std::vector<float> weights = {}) {
  return {numbered(3, 7), numbered(3, 7, 500), {1, 0, 0, 1, 1, 0, 1}, weights};
}

// The indices of the pairs in the order of the epoch, read from the samples. Also checks all members of each batch.
std::vector<Index> epoch_of(const Pairs<float>& pairs) {
  std::vector<Index> order;
  Batch<float> batch;
  std::array<float, 3> buffer{};
  for (Index k = 0; k < pairs.batches(); ++k) {
    pairs.batch(k, batch);
    CHECK(batch.disjoint);
    CHECK(batch.samples.size() == 2 * batch.pairs.size());
    CHECK(batch.similar.size() == batch.pairs.size());
    for (Index p = 0; p < batch.size(); ++p) {
      CHECK(batch.pairs[static_cast<std::size_t>(p)] == PairIndex{2 * p, 2 * p + 1});
      const float* a = pairs.column(k, 2 * p, buffer.data());
      const float* b = pairs.column(k, 2 * p + 1, buffer.data());
      const auto pair = static_cast<Index>(a[0] / 10);
      CHECK(b[0] == a[0] + 500);
      CHECK(a == pairs.first(pair));
      CHECK(b == pairs.second(pair));
      CHECK(batch.samples[static_cast<std::size_t>(2 * p)] == pair);
      CHECK(batch.samples[static_cast<std::size_t>(2 * p + 1)] == pair + 7);
      CHECK(batch.similar[static_cast<std::size_t>(p)] == pairs.similar(pair));
      if (!batch.weight.empty()) CHECK(batch.weight[static_cast<std::size_t>(p)] == static_cast<float>(pair) / 4);
      order.push_back(pair);
    }
  }
  return order;
}

}  // namespace

TEST_CASE("pairs of two matrices", "[pairs]") {
  const Pairs<float> pairs = seven_pairs();
  CHECK(pairs.size() == 7);
  CHECK(pairs.features() == 3);
  CHECK(pairs.first(2)[1] == 21);
  CHECK(pairs.second(2)[1] == 521);
  CHECK(pairs.similar(0));
  CHECK(!pairs.similar(1));
  CHECK(pairs.labels() == Labels{1, 0, 0, 1, 1, 0, 1});
}

TEST_CASE("pairs of one matrix's columns copy no sample", "[pairs]") {
  const MatrixX<float> x = numbered(3, 5);
  const Pairs<float> pairs{Samples<float>::view(x), {{0, 4}, {2, 2}, {4, 1}}, {0, 1, 0}};
  CHECK(pairs.size() == 3);
  CHECK(pairs.first(0) == x.data());
  CHECK(pairs.second(0) == x.data() + 12);
  CHECK(pairs.first(1) == pairs.second(1));

  Batch<float> batch;
  pairs.batch(0, batch);
  CHECK(batch.samples == std::vector<Index>{0, 4, 2, 2, 4, 1});
  CHECK(batch.similar == std::vector<std::uint8_t>{0, 1, 0});
  CHECK(batch.weight.empty());
  CHECK(batch.disjoint);
  CHECK(pairs.column(0, 5, nullptr) == x.data() + 3);
}

TEST_CASE("copies and slices of pairs share the samples", "[pairs]") {
  const Pairs<float> pairs = seven_pairs();
  const Pairs<float> copy = pairs;
  CHECK(copy.first(3) == pairs.first(3));

  const Pairs<float> slice = pairs.slice(2, 4);
  CHECK(slice.size() == 4);
  CHECK(slice.batches() == 1);
  CHECK(slice.first(0) == pairs.first(2));
  CHECK(slice.second(3) == pairs.second(5));
  CHECK(slice.labels() == Labels{0, 1, 1, 0});
  const Pairs<float> inner = slice.slice(1, 2);
  CHECK(inner.first(1) == pairs.first(4));
  CHECK(inner.labels() == Labels{1, 1});
  Batch<float> batch;
  inner.batch(0, batch);
  CHECK(batch.similar == std::vector<std::uint8_t>{1, 1});
  CHECK(inner.column(0, 3, nullptr) == pairs.second(4));

  const Pairs<float> indexed{numbered(3, 5), {{0, 4}, {2, 3}, {4, 1}}, {0, 1, 0}, {1, 2, 3}};
  const Pairs<float> last = indexed.slice(1, 2);
  CHECK(last.first(0) == indexed.first(1));
  CHECK(last.second(1) == indexed.second(2));
  CHECK(indexed.samples() == 5);
  CHECK(last.samples() == 5);
  CHECK(pairs.samples() == 14);
  CHECK(inner.samples() == 14);
  CHECK_FALSE(pairs.sharing());
  CHECK(indexed.sharing());
  CHECK(last.slice(0, 1).sharing());
  CHECK_FALSE(Pairs<float>{numbered(3, 5), {{0, 4}, {2, 3}}, {0, 1}}.sharing());
  CHECK(Pairs<float>{numbered(3, 5), {{0, 4}, {2, 2}}, {0, 1}}.sharing());
  last.batch(0, batch);
  CHECK(batch.weight == std::vector<float>{2, 3});

  CHECK_THROWS_AS(pairs.slice(0, 0), ValueError);
  CHECK_THROWS_AS(pairs.slice(-1, 2), ValueError);
  CHECK_THROWS_AS(pairs.slice(0, 8), ValueError);
  CHECK_THROWS_AS(pairs.slice(7, 1), ValueError);
  CHECK_THROWS_AS(pairs.slice(1, std::numeric_limits<Index>::max()), ValueError);
}

TEST_CASE("an epoch has every pair once, in an order that depends on (seed, epoch) only", "[pairs]") {
  const std::vector<Index> natural = {0, 1, 2, 3, 4, 5, 6};
  Pairs<float> pairs = seven_pairs({0, 0.25f, 0.5f, 0.75f, 1, 1.25f, 1.5f});
  CHECK(epoch_of(pairs) == natural);

  pairs.start_epoch(1, 0, 3, false);
  CHECK(pairs.batches() == 3);
  CHECK(epoch_of(pairs) == natural);
  Batch<float> batch;
  pairs.batch(2, batch);
  CHECK(batch.size() == 1);
  CHECK(batch.weight == std::vector<float>{1.5f});
  CHECK_THROWS_AS(pairs.batch(3, batch), ValueError);
  CHECK_THROWS_AS(pairs.start_epoch(1, 0, 0, false), ValueError);

  pairs.start_epoch(1, 0, 3, true);
  const std::vector<Index> shuffled = epoch_of(pairs);
  CHECK(shuffled != natural);
  std::vector<Index> sorted = shuffled;
  std::ranges::sort(sorted);
  CHECK(sorted == natural);

  Pairs<float> fresh = seven_pairs();
  fresh.start_epoch(9, 4, 2, true);
  fresh.start_epoch(1, 0, 2, true);
  CHECK(epoch_of(fresh) == shuffled);
  fresh.start_epoch(1, 1, 2, true);
  CHECK(epoch_of(fresh) != shuffled);
}

TEST_CASE("sizes that do not match are rejected", "[pairs]") {
  using Made = Pairs<float>;
  CHECK_THROWS_AS(Made(numbered(3, 4), numbered(2, 4), {1, 0, 1, 0}), ShapeError);
  CHECK_THROWS_AS(Made(numbered(3, 4), numbered(3, 5), {1, 0, 1, 0}), ShapeError);
  CHECK_THROWS_AS(Made(numbered(3, 4), numbered(3, 4), {1, 0, 1}), ShapeError);
  CHECK_THROWS_AS(Made(numbered(3, 4), numbered(3, 4), {1, 0, 1, 0, 0}), ShapeError);
  CHECK_THROWS_AS(Made(numbered(3, 4), numbered(3, 4), Labels{}), ShapeError);
  CHECK_THROWS_AS(Made(numbered(3, 2), numbered(3, 2), {1, 0}, {1.0f}), ShapeError);
  CHECK_THROWS_AS(Made(MatrixX<float>(3, 0), MatrixX<float>(3, 0), Labels{}), ShapeError);
  CHECK_THROWS_AS(Made(numbered(3, 4), std::vector<PairIndex>{{0, 1}}, {1, 0}), ShapeError);
  CHECK_THROWS_AS(Made(numbered(3, 4), std::vector<PairIndex>{}, Labels{}), ShapeError);
  CHECK(error_text([] {
          Made(numbered(3, 4), numbered(2, 4), {1, 0, 1, 0});
        }) ==
        "the samples of A and B need the same number of features, but A has 3 and B has 2 (features x n: one sample "
        "per column)");
}

TEST_CASE("invalid indices, labels and weights are rejected, and the error names the pair", "[pairs]") {
  using Made = Pairs<float>;
  CHECK(error_text([] {
          Made(numbered(3, 4), {{0, 1}, {3, 4}}, {1, 0});
        }) == "pair 1: it refers to sample 4, but the samples are 0 to 3");
  CHECK(error_text([] {
          Made(numbered(3, 4), {{-1, 1}, {3, 3}}, {1, 0});
        }) == "pair 0: it refers to sample -1, but the samples are 0 to 3");
  CHECK_THROWS_AS(Made(numbered(3, 4), {{0, 1}, {3, 4}}, {1, 0}), ValueError);
  CHECK_THROWS_AS(Made(numbered(3, 2), numbered(3, 2), {1, 2}), ValueError);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  for (const float weight : {nan, infinity, -1.0f}) {
    try {
      Made(numbered(3, 2), numbered(3, 2), {1, 0}, {1.0f, weight});
      FAIL("a weight of " << weight << " was accepted");
    } catch (const ValueError& error) {
      CHECK(error.place().pair == 1);
    }
  }
}

TEST_CASE("Pairs accept NaN in the samples, which the training step reports", "[pairs]") {
  MatrixX<float> a = numbered(3, 2);
  a(1, 1) = std::numeric_limits<float>::quiet_NaN();
  const Pairs<float> pairs{a, numbered(3, 2), {1, 0}};
  CHECK(pairs.size() == 2);
}

TEST_CASE("Pairs reject batches that are not in the epoch, and samples that are not in the batch", "[pairs]") {
  const auto check = [](auto pairs) {  // five pairs, with or without shared samples
    Batch<float> batch;
    CHECK_NOTHROW(pairs.column(0, 9, nullptr));
    CHECK_THROWS_AS(pairs.column(0, 10, nullptr), ValueError);
    pairs.start_epoch(1, 0, 2, true);
    for (const Index k : {-1, 3, 1 << 30}) {
      CHECK_THROWS_AS(pairs.batch(k, batch), ValueError);
      CHECK_THROWS_AS(pairs.column(k, 0, nullptr), ValueError);
    }
    for (Index k = 0; k < 3; ++k) {
      pairs.batch(k, batch);
      CHECK_THROWS_AS(pairs.column(k, -1, nullptr), ValueError);
      CHECK_THROWS_AS(pairs.column(k, length(batch.samples), nullptr), ValueError);
      CHECK_NOTHROW(pairs.column(k, length(batch.samples) - 1, nullptr));
    }
  };
  const Labels labels{1, 0, 0, 1, 0};
  check(Pairs<float>{numbered(3, 5), numbered(3, 5, 100), labels});
  check(Pairs<float>{numbered(3, 7), {{0, 1}, {1, 2}, {2, 0}, {3, 4}, {6, 6}}, labels});
}

TEST_CASE("moved-from Pairs are unchanged", "[pairs]") {
  Pairs<float> pairs = seven_pairs();
  { const Pairs<float> other = std::move(pairs); }
  CHECK(pairs.size() == 7);
  CHECK(pairs.labels()[6] == 1);
  CHECK(pairs.slice(5, 2).similar(1));
  pairs.start_epoch(1, 0, 3, true);
  CHECK(epoch_of(pairs).size() == 7);
}

TEST_CASE("pairs know the indices of their samples", "[pairs]") {
  const Pairs<float> indexed{numbered(3, 5), {{0, 4}, {2, 2}, {4, 1}}, {0, 1, 0}};
  CHECK(indexed.indices(0) == PairIndex{0, 4});
  CHECK(indexed.indices(2) == PairIndex{4, 1});
  CHECK(indexed.slice(1, 2).indices(1) == PairIndex{4, 1});
  const Pairs<float> sided = seven_pairs();
  CHECK(sided.indices(3) == PairIndex{3, 10});
  CHECK(sided.slice(2, 4).indices(1) == PairIndex{3, 10});
  Batch<float> batch;
  sided.slice(2, 4).batch(0, batch);
  CHECK(batch.samples == std::vector<Index>{2, 9, 3, 10, 4, 11, 5, 12});
}

TEST_CASE("pairs with classes know the classes of their samples", "[pairs]") {
  const Pairs<float> unknown{numbered(3, 5), {{0, 4}, {2, 1}, {4, 1}, {1, 0}}, {0, 1, 0, 0}};
  CHECK(unknown.identities().empty());
  const Classes classes{7, -3, -3, 8, 9};
  const Pairs<float> known = unknown.with_classes(classes);
  CHECK(known.identities() == std::vector<PairIdentity>{{7, 9}, {-3, -3}, {9, -3}, {-3, 7}});
  CHECK(known.slice(1, 2).identities() == std::vector<PairIdentity>{{-3, -3}, {9, -3}});
  CHECK(known.slice(1, 3).slice(2, 1).identities() == std::vector<PairIdentity>{{-3, 7}});
  CHECK(unknown.slice(1, 2).with_classes(classes).identities() == std::vector<PairIdentity>{{-3, -3}, {9, -3}});
  CHECK(Pairs<float>(known).identities() == known.identities());
  CHECK(known.labels() == unknown.labels());
  CHECK(known.first(2) == unknown.first(2));
  CHECK(unknown.identities().empty());

  // For two matrices, the indices of A's samples come before those of B's.
  const Pairs<float> sided{numbered(3, 3), numbered(3, 3, 500), {1, 0, 0}};
  CHECK(sided.with_classes(Classes{1, 2, 3, 1, 4, 1}).identities() ==
        std::vector<PairIdentity>{{1, 1}, {2, 4}, {3, 1}});
}

TEST_CASE("classes that are not one per sample, or contradict a label, are rejected", "[pairs]") {
  const Pairs<float> pairs{numbered(3, 5), {{0, 4}, {2, 1}, {4, 1}}, {0, 1, 0}};
  CHECK_THROWS_AS(pairs.with_classes(Classes{1, 2, 2, 3}), ShapeError);
  CHECK(error_text([&] {
          pairs.with_classes(Classes{1, 2, 2, 3});
        }) == "the pairs are of 5 samples, but there are 4 class labels: one per sample is needed");
  CHECK_THROWS_AS(seven_pairs().with_classes(Classes{1, 2, 3, 4, 5, 6, 7}), ShapeError);
  const auto error_of = [&pairs](const Classes& classes) {
    return error_text<ValueError>([&] { pairs.with_classes(classes); });
  };
  CHECK(error_of(Classes{1, 5, 6, 3, 4}) == "pair 1: the label says similar, but the classes are 6 and 5");
  CHECK(error_of(Classes{1, 5, 5, 3, 5}) == "pair 2: the label says dissimilar, but the classes are 5 and 5");
  // In a slice, only its own pairs are checked.
  CHECK(pairs.slice(0, 2).with_classes(Classes{1, 5, 5, 3, 5}).identities().size() == 2);
}
