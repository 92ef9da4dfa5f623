#include "gemel/data/augmented.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "allocations.hpp"
#include "catch.hpp"
#include "data/numbered.hpp"
#include "error_text.hpp"
#include "gemel/core/stop.hpp"
#include "gemel/data/any_pair_source.hpp"
#include "gemel/data/in_batch_pairs.hpp"
#include "gemel/data/pair_sampler.hpp"
#include "gemel/data/pairs.hpp"
#include "mentions.hpp"

using namespace gemel;

namespace {

/// Adds a random number to each value.
struct AddNoise {
  template <Scalar S>
  void operator()(Rng& rng, ConstColumn<S> in, Column<S> out) const {
    for (Index i = 0; i < out.size(); ++i) out[i] = in[i] + rng.uniform<S>();
  }
};

template <class Source>
std::vector<float> column(const Source& source, Index k, Index j) {
  std::vector<float> buffer(static_cast<std::size_t>(source.features()));
  const float* const x = source.column(k, j, buffer.data());
  return {x, x + source.features()};
}

InBatchPairs<float> source_of(Index n) {
  std::vector<int> classes;
  for (Index i = 0; i < n; ++i) classes.push_back(static_cast<int>(i % 3));
  return {numbered(4, n), classes};
}

/// A source that computes its samples and has a state.
struct Computed {
  double epochs = 0;
  const StopFlag* seen = nullptr;

  Index features() const { return 3; }
  Index batches() const { return 1; }
  void start_epoch(std::uint64_t, Index, Index, bool, const StopFlag* stop = nullptr) { ++epochs, seen = stop; }
  void batch(Index, Batch<double>& out) const {
    out.clear();
    out.samples = {0, 1};
    out.pairs = {{0, 1}};
    out.similar = {1};
    out.disjoint = true;
  }
  const double* column(Index, Index j, double* buffer) const {
    for (Index i = 0; i < 3; ++i) buffer[i] = static_cast<double>(10 * j + i);
    return buffer;
  }
  std::vector<double> save() const { return {epochs}; }
  void restore(std::span<const double> saved) { epochs = saved[0]; }
};

}  // namespace

TEST_CASE("the batches are those of the source, and each sample is a variant of its own", "[augmented]") {
  auto plain = source_of(10);
  Augmented source{plain, AddNoise{}};
  static_assert(PairSource<decltype(source), float> && !PairSource<decltype(source), double>);
  plain.start_epoch(5, 2, 4, true);
  source.start_epoch(5, 2, 4, true);
  REQUIRE(source.batches() == plain.batches());
  CHECK(source.features() == 4);
  CHECK(source.source().features() == 4);
  std::vector<float> noises;
  for (Index k = 0; k < source.batches(); ++k) {
    Batch<float> batch, expected;
    source.batch(k, batch);
    plain.batch(k, expected);
    CHECK(batch.samples == expected.samples);
    CHECK(batch.pairs == expected.pairs);
    CHECK(batch.similar == expected.similar);
    for (Index j = 0; j < length(batch.samples); ++j) {
      const auto x = column(plain, k, j), variant = column(source, k, j);
      for (std::size_t i = 0; i < 4; ++i) {
        CHECK((variant[i] >= x[i] && variant[i] < x[i] + 1));
        noises.push_back(variant[i] - x[i]);
      }
    }
  }
  std::ranges::sort(noises);
  CHECK(std::ranges::adjacent_find(noises) == noises.end());
}

TEST_CASE("a variant depends on seed, epoch, batch and position only", "[augmented]") {
  Augmented source{source_of(12), AddNoise{}};
  const auto start = [&](std::uint64_t seed, Index epoch) { source.start_epoch(seed, epoch, 4, false); };
  start(5, 2);
  const auto x = column(source, 1, 3);
  CHECK(column(source, 1, 2) != x);
  CHECK(column(source, 1, 3) == x);
  const auto of_copy = source;
  CHECK(column(of_copy, 1, 3) == x);
  start(5, 3);
  CHECK(column(source, 1, 3) != x);
  start(6, 2);
  CHECK(column(source, 1, 3) != x);
  start(5, 2);
  CHECK(column(source, 1, 3) == x);

  // With the same samples everywhere, the noise alone differs.
  Augmented same{InBatchPairs<float>{MatrixX<float>::Zero(2, 12), Classes(std::vector<int>(12, 1))}, AddNoise{}};
  same.start_epoch(1, 0, 4, false);
  CHECK(column(same, 0, 1) != column(same, 1, 0));
  CHECK(column(same, 0, 1) != column(same, 1, 1));
}

TEST_CASE("augmentations in each other have their own random numbers and memory", "[augmented]") {
  const InBatchPairs<float> zeros{MatrixX<float>::Zero(3, 6), Classes{1, 1, 1, 2, 2, 2}};
  bool overlap = false;
  const auto keep = [&overlap](Rng& rng, const ConstColumn<float>& in, Column<float> out) {
    overlap = overlap || (in.data() < out.data() + 3 && out.data() < in.data() + 3);
    out = in;
    out[0] += 10 * rng.uniform<float>();
  };
  Augmented inner{zeros, AddNoise{}};
  Augmented nested{Augmented{Augmented{zeros, AddNoise{}}, AddNoise{}}, keep};
  inner.start_epoch(3, 1, 6, false);
  nested.start_epoch(3, 1, 6, false);
  const auto once = column(inner, 0, 4), thrice = column(nested, 0, 4);
  CHECK_FALSE(overlap);
  for (std::size_t i = 1; i < 3; ++i) {
    CHECK((thrice[i] > once[i] && thrice[i] < once[i] + 1));  // the inner noise is the same, and the next another
    CHECK(std::abs(thrice[i] - 2 * once[i]) > 1e-4F);
  }
  CHECK(std::abs(thrice[0] - 12 * once[0]) > 1e-3F);
}

TEST_CASE("a source with a state, with computed samples or a stop flag keeps them", "[augmented]") {
  Augmented source{Computed{}, [](Rng&, const ConstColumn<double>& in, Column<double> out) { out = 2 * in; }};
  static_assert(PairSource<decltype(source), double> && !PairSource<decltype(source), float>);
  static_assert(detail::Restores<decltype(source)>);
  static_assert(!detail::Restores<Augmented<InBatchPairs<float>, AddNoise>>);
  StopFlag stop{};
  source.start_epoch(1, 0, 2, false, &stop);
  CHECK(source.source().seen == &stop);
  CHECK(source.save() == std::vector<double>{1});
  source.restore(std::vector<double>{7});
  CHECK(source.source().epochs == 7);
  double buffer[3];
  const double* const x = source.column(0, 1, buffer);
  CHECK((x == buffer && x[0] == 20 && x[2] == 24));
}

TEST_CASE("a source that is chosen at run time can be augmented", "[augmented]") {
  const MatrixX<float> x = numbered(2, 6);
  const Classes classes{1, 1, 1, 2, 2, 2};
  for (const AnyPairSource<float>& chosen :
       {AnyPairSource<float>{PairSampler<float>{x, classes}}, AnyPairSource<float>{InBatchPairs<float>{x, classes}}}) {
    AnyPairSource<float> plain = chosen;
    Augmented source{chosen, AddNoise{}};
    plain.start_epoch(1, 0, 4, true);
    source.start_epoch(1, 0, 4, true);
    CHECK(std::floor(column(source, 0, 1)[1]) == column(plain, 0, 1)[1]);
  }
}

TEST_CASE("values that an augmentation does not set are NaN", "[augmented]") {
  Augmented source{source_of(6), [](Rng&, const ConstColumn<float>& in, Column<float> out) { out[1] = in[1]; }};
  const auto x = column(source, 0, 2);
  CHECK(std::isnan(x[0]));
  CHECK(x[1] == 21);
  CHECK(std::isnan(x[3]));
}

namespace {

struct SaysItSetsAll {
  using SetsEveryValue = SaysItSetsAll;
  void operator()(Rng&, const ConstColumn<float>& in, Column<float> out) const { out[1] = in[1]; }
};
struct DerivedFromIt : SaysItSetsAll {};

}  // namespace

TEST_CASE("an augmentation that says that it sets every value is trusted", "[augmented]") {
  const auto first = [](const auto& augmentation) {
    std::array<float, 4> buffer{5, 5, 5, 5};
    Augmented source{source_of(6), augmentation};
    source.column(0, 2, buffer.data());
    CHECK(buffer[1] == 21);
    return buffer[0];
  };
  CHECK(first(SaysItSetsAll{}) == 5);
  CHECK(std::isnan(first(DerivedFromIt{})));
}

TEST_CASE("an augmentation for another number of features is rejected", "[augmented]") {
  struct ForFive : AddNoise {
    static Index features() { return 5; }
  };
  const auto construct = [] { Augmented{source_of(6), ForFive{}}; };
  CHECK_THROWS_AS(construct(), ShapeError);
  CHECK(mentions(error_text(construct), "the samples have 4 features, but the augmentation is for 5"));
}

TEST_CASE("after the first sample nothing is allocated", "[augmented]") {
  Augmented source{Augmented{source_of(20), AddNoise{}}, AddNoise{}};
  source.start_epoch(1, 0, 5, true);
  column(source, 0, 0);
  float buffer[4];
  const long before = allocation_count;
  for (Index k = 0; k < 4; ++k) {
    for (Index j = 0; j < 5; ++j) source.column(k, j, buffer);
  }
  CHECK(allocation_count == before);
}
