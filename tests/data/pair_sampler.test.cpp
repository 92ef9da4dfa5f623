#include "gemel/data/pair_sampler.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "allocations.hpp"
#include "catch.hpp"
#include "data/numbered.hpp"

using namespace gemel;

static_assert(PairSource<PairSampler<float>, float>);
static_assert(PairSource<PairSampler<double>, double>);

namespace {

struct Drawn {
  std::vector<PairIndex> pairs;
  std::vector<int> similar;
  friend bool operator==(const Drawn&, const Drawn&) = default;
};

// The pairs of the current epoch; also checks what must hold in every epoch.
Drawn epoch_of(const PairSampler<float>& sampler, const Classes& classes) {
  Drawn drawn;
  Batch<float> batch;
  for (Index k = 0; k < sampler.batches(); ++k) {
    sampler.batch(k, batch);
    CHECK(batch.weight.empty());
    const std::set<Index> different(batch.samples.begin(), batch.samples.end());
    CHECK(different.size() == batch.samples.size());
    CHECK(batch.disjoint == (batch.samples.size() == 2 * batch.pairs.size()));
    for (Index p = 0; p < batch.size(); ++p) {
      const auto i = static_cast<std::size_t>(p);
      const auto [first, second] = batch.pairs[i];
      const Index a = batch.samples[static_cast<std::size_t>(first)],
                  b = batch.samples[static_cast<std::size_t>(second)];
      CHECK(a != b);
      CHECK(classes.same(a, b) == (batch.similar[i] == 1));
      CHECK(sampler.column(k, first, nullptr)[0] == static_cast<float>(a));
      CHECK(sampler.column(k, second, nullptr)[0] == static_cast<float>(b));
      drawn.pairs.push_back({a, b});
      drawn.similar.push_back(batch.similar[i]);
    }
  }
  CHECK(length(drawn.pairs) == sampler.size());
  return drawn;
}

Index count_similar(const Drawn& drawn) {
  Index count = 0;
  for (const int similar : drawn.similar) count += similar;
  return count;
}

std::vector<int> thirds(Index n) {
  std::vector<int> labels;
  for (Index i = 0; i < n; ++i) labels.push_back(static_cast<int>(i % 3));
  return labels;
}

}  // namespace

TEST_CASE("by default each sample is the first of one similar and one dissimilar pair", "[pair_sampler]") {
  const Classes classes = thirds(31);
  PairSampler<float> sampler{counted<float>(31), classes};
  CHECK(sampler.size() == 62);
  CHECK(sampler.features() == 1);
  sampler.start_epoch(1, 0, 8, true);
  CHECK(sampler.batches() == 8);
  const Drawn drawn = epoch_of(sampler, classes);
  std::vector<std::array<int, 2>> first(31);
  for (std::size_t p = 0; p < drawn.pairs.size(); ++p) {
    ++first[static_cast<std::size_t>(drawn.pairs[p].first)][static_cast<std::size_t>(drawn.similar[p])];
  }
  for (const auto& counts : first) CHECK(counts == std::array<int, 2>{1, 1});
}

TEST_CASE("the share of similar pairs and the number of pairs per sample are exact", "[pair_sampler]") {
  const Classes classes = thirds(20);
  for (const double share : {0.0, 0.1, 0.25, 0.5, 0.8, 1.0}) {
    for (const Index per_sample : {1, 2, 5}) {
      CAPTURE(share, per_sample);
      PairSampler<float> sampler{counted<float>(20), classes, {.similar_share = share, .pairs_per_sample = per_sample}};
      CHECK(sampler.size() == 20 * per_sample);
      sampler.start_epoch(3, 1, 32, false);
      const Drawn drawn = epoch_of(sampler, classes);
      CHECK(count_similar(drawn) == std::lround(share * 20 * static_cast<double>(per_sample)));
      // Without shuffling, similar pairs are evenly spaced: their number in any prefix is off by at most one.
      double similar = 0;
      for (std::size_t p = 0; p < drawn.similar.size(); ++p) {
        similar += drawn.similar[p];
        CHECK(std::abs(similar - share * static_cast<double>(p + 1)) <= 1);
      }
      // All samples are equally often the first sample of a similar pair, and of a dissimilar pair, to within one.
      std::map<std::pair<int, Index>, int> uses;
      for (std::size_t p = 0; p < drawn.pairs.size(); ++p) ++uses[{drawn.similar[p], drawn.pairs[p].first}];
      for (const auto& [key, count] : uses) {
        const double mean = (key.first == 1 ? share : 1 - share) * static_cast<double>(per_sample);
        CHECK(std::abs(count - mean) < 1);
      }
    }
  }
}

TEST_CASE("the pairs are a function of (seed, epoch), and different in every epoch", "[pair_sampler]") {
  const Classes classes = thirds(40);
  PairSampler<float> sampler{counted<float>(40), classes};
  sampler.start_epoch(1, 0, 8, true);
  const Drawn first = epoch_of(sampler, classes);
  sampler.start_epoch(1, 1, 8, true);
  CHECK(!(epoch_of(sampler, classes) == first));
  sampler.start_epoch(2, 0, 8, true);
  CHECK(!(epoch_of(sampler, classes) == first));

  PairSampler<float> other{counted<float>(40), classes};
  other.start_epoch(1, 0, 16, true);
  CHECK(epoch_of(other, classes) == first);
  other.start_epoch(1, 0, 16, false);
  const Drawn in_order = epoch_of(other, classes);
  CHECK(!(in_order == first));
  const auto sorted = [](Drawn drawn) {
    std::multiset<std::pair<Index, Index>> set;
    for (const auto& [a, b] : drawn.pairs) set.insert({a, b});
    return set;
  };
  CHECK(sorted(in_order) == sorted(first));
}

TEST_CASE("second samples are drawn uniformly, and with few pairs per epoch all samples are equally often first",
          "[pair_sampler]") {
  const Classes classes{0, 0, 0, 0, 1, 1, 2, 2, 2};
  PairSampler<float> sampler{counted<float>(9), classes};
  std::map<std::pair<Index, Index>, int> counts;
  constexpr int epochs = 4000;
  for (Index epoch = 0; epoch < epochs; ++epoch) {
    sampler.start_epoch(7, epoch, 32, true);
    Batch<float> batch;
    sampler.batch(0, batch);
    for (const auto [a, b] : batch.pairs) {
      ++counts[{batch.samples[static_cast<std::size_t>(a)], batch.samples[static_cast<std::size_t>(b)]}];
    }
  }
  for (Index a = 0; a < 9; ++a) {
    for (Index b = 0; b < 9; ++b) {
      if (a == b) continue;
      const auto size = length(classes.members(classes.of(a)));
      const double p = 1.0 / static_cast<double>(classes.same(a, b) ? size - 1 : 9 - size);
      CAPTURE(a, b);
      CHECK(std::abs(counts[{a, b}] - epochs * p) <= 5 * std::sqrt(epochs * p * (1 - p)));
    }
  }

  PairSampler<float> sparse{counted<float>(9), classes, {.similar_share = 0.3, .pairs_per_sample = 1}};
  std::map<std::pair<int, Index>, int> firsts;
  for (Index epoch = 0; epoch < 900; ++epoch) {
    sparse.start_epoch(7, epoch, 32, true);
    Batch<float> batch;
    sparse.batch(0, batch);
    for (std::size_t p = 0; p < batch.pairs.size(); ++p) {
      ++firsts[{batch.similar[p], batch.samples[static_cast<std::size_t>(batch.pairs[p].first)]}];
    }
  }
  for (Index i = 0; i < 9; ++i) {
    CHECK(std::abs(firsts[{1, i}] - 300) < 75);
    CHECK(std::abs(firsts[{0, i}] - 600) < 75);
  }
}

TEST_CASE("a sample that is alone in its class is in dissimilar pairs only", "[pair_sampler]") {
  const Classes classes{5, 1, 1, 9, 1};
  PairSampler<float> sampler{counted<float>(5), classes, {.pairs_per_sample = 20}};
  sampler.start_epoch(1, 0, 32, true);
  const Drawn drawn = epoch_of(sampler, classes);
  CHECK(count_similar(drawn) == 50);
  int alone_first = 0;
  for (std::size_t p = 0; p < drawn.pairs.size(); ++p) {
    const auto [a, b] = drawn.pairs[p];
    if (drawn.similar[p] == 1) CHECK((a != 0 && a != 3 && b != 0 && b != 3));
    alone_first += a == 0;
  }
  CHECK(alone_first == 10);

  CHECK_THROWS_AS((PairSampler<float>{counted<float>(3), Classes{1, 2, 3}}), ValueError);
  PairSampler<float> none{counted<float>(3), Classes{1, 2, 3}, {.similar_share = 0}};
  none.start_epoch(1, 0, 32, true);
  CHECK(count_similar(epoch_of(none, Classes{1, 2, 3})) == 0);
}

TEST_CASE("PairSampler::pairs gives the pairs of epoch 0, with their classes", "[pair_sampler]") {
  const Classes classes = thirds(12);
  PairSampler<float> sampler{counted<float>(12), classes};
  const Pairs<float> pairs = sampler.pairs(4);
  const std::vector<PairIdentity> identities = pairs.identities();
  REQUIRE(length(identities) == pairs.size());
  for (Index p = 0; p < pairs.size(); ++p) {
    const auto [first, second] = pairs.indices(p);
    CHECK(identities[static_cast<std::size_t>(p)] ==
          PairIdentity{classes.value(classes.of(first)), classes.value(classes.of(second))});
  }
  sampler.start_epoch(4, 0, 32, false);
  const Drawn drawn = epoch_of(sampler, classes);
  REQUIRE(pairs.size() == sampler.size());
  for (Index p = 0; p < pairs.size(); ++p) {
    const auto i = static_cast<std::size_t>(p);
    CHECK(pairs.first(p)[0] == static_cast<float>(drawn.pairs[i].first));
    CHECK(pairs.second(p)[0] == static_cast<float>(drawn.pairs[i].second));
    CHECK(pairs.similar(p) == (drawn.similar[i] == 1));
  }
}

TEST_CASE("a sampler rejects samples, classes and options that give no pairs", "[pair_sampler]") {
  using Made = PairSampler<float>;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_AS(Made(counted<float>(3), Classes{1, 1, 1}), ValueError);
  CHECK_THROWS_AS(Made(counted<float>(3), Classes{1, 2, 1, 2}), ShapeError);
  CHECK_THROWS_AS(Made(counted<float>(3), std::vector<int>{}), ShapeError);
  for (const double share : {-0.1, 1.1, nan}) {
    CHECK_THROWS_AS(Made(counted<float>(4), Classes{1, 2, 1, 2}, {.similar_share = share}), ValueError);
  }
  CHECK_THROWS_AS(Made(counted<float>(4), Classes{1, 2, 1, 2}, {.pairs_per_sample = 0}), ValueError);
  CHECK_THROWS_AS(Made(counted<float>(4), Classes{1, 2, 1, 2}, {.pairs_per_sample = -2}), ValueError);

  Made sampler(counted<float>(4), Classes{1, 2, 1, 2});
  Batch<float> batch;
  CHECK_THROWS_AS(sampler.batch(0, batch), ValueError);
  CHECK_THROWS_AS(sampler.start_epoch(1, 0, 0, true), ValueError);
  sampler.start_epoch(1, 0, 4, true);
  CHECK_THROWS_AS(sampler.batch(2, batch), ValueError);
}

TEST_CASE("after the first epoch, neither a sampler nor Pairs allocates", "[pair_sampler]") {
  const auto run = [](auto source) {
    Batch<float> batch;
    const auto epoch = [&](Index number) {
      source.start_epoch(1, number, 7, true);
      for (Index k = 0; k < source.batches(); ++k) source.batch(k, batch);
    };
    epoch(0);
    const long before = allocation_count;
    epoch(1);
    epoch(2);
    return allocation_count - before;
  };
  const PairSampler<float> sampler{counted<float>(30), thirds(30)};
  const long so_far = allocation_count;
  CHECK(so_far > 0);  // otherwise nothing is counted
  CHECK(run(sampler) == 0);
  CHECK(run(sampler.pairs(1)) == 0);
}

TEST_CASE("a sampler rejects samples before its first epoch, and samples that are not in the batch", "[pair_sampler]") {
  PairSampler<float> sampler{counted<float>(6), thirds(6)};
  CHECK_THROWS_AS(sampler.column(0, 0, nullptr), ValueError);
  sampler.start_epoch(1, 0, 5, true);  // 12 pairs
  Batch<float> batch;
  for (const Index k : {-1, 3, 1 << 30}) CHECK_THROWS_AS(sampler.column(k, 0, nullptr), ValueError);
  for (Index k = 0; k < 3; ++k) {
    sampler.batch(k, batch);
    CHECK_THROWS_AS(sampler.column(k, -1, nullptr), ValueError);
    CHECK_THROWS_AS(sampler.column(k, length(batch.samples), nullptr), ValueError);
    CHECK(sampler.column(k, length(batch.samples) - 1, nullptr)[0] == static_cast<float>(batch.samples.back()));
  }
}

TEST_CASE("a moved-from sampler is unchanged", "[pair_sampler]") {
  const Classes classes{1, 1, 2, 2, 3, 3};
  PairSampler<float> sampler{counted<float>(6), classes};
  sampler.start_epoch(1, 0, 4, true);
  { const PairSampler<float> other = std::move(sampler); }
  CHECK(epoch_of(sampler, classes).pairs.size() == 12);
  sampler.start_epoch(1, 1, 4, true);
  CHECK(epoch_of(sampler, classes).pairs.size() == 12);
}

TEST_CASE("a stopped epoch has no batches, and the next epoch is complete", "[pair_sampler]") {
  const Samples<float> x = counted<float>(6);
  const Classes classes{0, 1, 0, 1, 2, 2};
  PairSampler<float> stopped{x, classes}, other{x, classes};
  StopFlag stop = true;
  stopped.start_epoch(7, 0, 4, true, &stop);
  Batch<float> batch;
  CHECK_THROWS_AS(stopped.batch(0, batch), ValueError);
  stop = false;
  stopped.start_epoch(7, 1, 4, true, &stop);
  other.start_epoch(7, 1, 4, true);
  CHECK(epoch_of(stopped, classes) == epoch_of(other, classes));
}
