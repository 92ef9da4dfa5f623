#include "gemel/data/class_batches.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "allocations.hpp"
#include "catch.hpp"
#include "data/numbered.hpp"
#include "error_text.hpp"
#include "mentions.hpp"

namespace gemel::test::class_batches {

namespace {

using Source = ClassBatches<float>;
static_assert(PairSource<Source, float> && PairSource<ClassBatches<double>, double>);

std::size_t at(Index i) { return static_cast<std::size_t>(i); }

/// The samples of a batch by class.
using Composition = std::map<Index, std::vector<Index>>;

Composition composition(const Batch<float>& batch, const Classes& classes) {
  Composition parts;
  for (const Index sample : batch.samples) parts[classes.of(sample)].push_back(sample);
  for (auto& [c, samples] : parts) {
    std::ranges::sort(samples);
    CHECK(std::ranges::adjacent_find(samples) == samples.end());
  }
  return parts;
}

Batch<float> batch_of(const Source& source, Index k) {
  Batch<float> batch;
  source.batch(k, batch);
  batch.check({});
  CHECK(batch.weight.empty());
  CHECK_FALSE(batch.disjoint);
  for (Index j = 0; j < length(batch.samples); ++j) {
    CHECK(source.column(k, j, nullptr)[0] == static_cast<float>(batch.samples[at(j)]));
  }
  return batch;
}

/// All sample numbers of the epoch's batches.
std::vector<Index> samples_of(const Source& source) {
  std::vector<Index> all;
  for (Index k = 0; k < source.batches(); ++k) {
    const Batch<float> batch = batch_of(source, k);
    all.insert(all.end(), batch.samples.begin(), batch.samples.end());
  }
  return all;
}

/// The labels of a batch's pairs by sample numbers, the smaller one first.
std::map<std::pair<Index, Index>, int> labels_of(const Batch<float>& batch) {
  std::map<std::pair<Index, Index>, int> labels;
  for (std::size_t p = 0; p < batch.pairs.size(); ++p) {
    const auto [first, second] = batch.pairs[p];
    CHECK(labels.emplace(std::minmax(batch.samples[at(first)], batch.samples[at(second)]), batch.similar[p]).second);
  }
  return labels;
}

const Classes uneven{7, 7, 7, 7, 7, 7, 9, 9, 9, 4, 5, 5, 5, 5, 5, 5, 5, 5, 3, 3};  // of 6, 3, 1, 8 and 2 samples

/// Words, two samples each; sample 2 w + i is of word w. Each word's homophones are the next word and the one after it.
Neighbours::Table homophones(Index words) {
  Neighbours::Table table(4, 2 * words);
  for (Index i = 0; i < 2 * words; ++i) {
    const Index next = (i / 2 + 1) % words, after = (i / 2 + 2) % words;
    table.col(i) << 2 * next, 2 * next + 1, 2 * after, 2 * after + 1;
  }
  return table;
}

Classes words(Index count) {
  std::vector<Index> of;
  for (Index i = 0; i < 2 * count; ++i) of.push_back(i / 2);
  return of;
}

}  // namespace

TEST_CASE("a batch has so many different samples of so many classes, and all pairs of them", "[class_batches]") {
  Source source{counted<float>(20), uneven, {.classes = 3, .samples = 4, .batches = 50}};
  CHECK(source.features() == 1);
  CHECK(source.batches() == 50);
  source.start_epoch(1, 0, 32, true);
  for (Index k = 0; k < 50; ++k) {
    const Batch<float> batch = batch_of(source, k);
    const Composition parts = composition(batch, uneven);
    REQUIRE(parts.size() == 3);
    for (const auto& [c, samples] : parts) CHECK(length(samples) == std::min<Index>(4, length(uneven.members(c))));
    const auto labels = labels_of(batch);
    CHECK(labels.size() == batch.samples.size() * (batch.samples.size() - 1) / 2);
    for (const auto& [pair, label] : labels) CHECK((label == 1) == uneven.same(pair.first, pair.second));
  }
}

TEST_CASE("by default an epoch has as many batches as would use each sample once", "[class_batches]") {
  const auto batches = [](Index classes, Index samples) {
    return Source{counted<float>(20), uneven, {.classes = classes, .samples = samples}}.batches();
  };
  CHECK(batches(2, 5) == 2);
  CHECK(batches(3, 3) == 3);
  CHECK(batches(5, 20) == 1);
  CHECK(batches(2, std::numeric_limits<Index>::max()) == 1);
}

TEST_CASE("classes and samples are drawn uniformly", "[class_batches]") {
  constexpr Index batches = 20000;
  Source source{counted<float>(20), uneven, {.classes = 2, .samples = 4, .batches = batches}};
  source.start_epoch(3, 1, 32, true);
  std::map<std::set<Index>, int> pairs_of_classes;
  std::map<std::vector<Index>, int> subsets;  // of class 7, which has the samples 0 to 5
  Batch<float> batch;
  for (Index k = 0; k < batches; ++k) {
    source.batch(k, batch);
    std::set<Index> chosen;
    std::vector<Index> subset;
    for (const Index sample : batch.samples) {
      chosen.insert(uneven.of(sample));
      if (sample < 6) subset.push_back(sample);
    }
    ++pairs_of_classes[chosen];
    std::ranges::sort(subset);
    if (!subset.empty()) ++subsets[subset];
  }
  const auto check_uniform = [](const auto& counts, std::size_t kinds, double total) {
    CHECK(counts.size() == kinds);
    const double p = 1 / static_cast<double>(kinds);
    for (const auto& [kind, count] : counts) {
      CHECK(std::abs(count - total * p) <= 5 * std::sqrt(total * p * (1 - p)));
    }
  };
  check_uniform(pairs_of_classes, 10, batches);
  double drawn = 0;
  for (const auto& [subset, count] : subsets) drawn += count;
  check_uniform(subsets, 15, drawn);
}

TEST_CASE("class batches are a function of seed, epoch and batch", "[class_batches]") {
  const ClassBatchesOptions options{.classes = 3, .samples = 3, .batches = 4};
  Source source{counted<float>(20), uneven, options};
  source.start_epoch(1, 0, 32, true);
  const auto first = samples_of(source);
  source.start_epoch(1, 1, 32, true);
  const auto second = samples_of(source);
  CHECK(second != first);
  source.start_epoch(2, 1, 32, true);
  CHECK(samples_of(source) != second);
  Source other{counted<float>(20), uneven, options};
  other.start_epoch(1, 1, 5, false);  // neither the batch size nor the shuffling matters
  CHECK(samples_of(other) == second);
  const Source copy = other;
  other.start_epoch(1, 0, 5, true);
  CHECK(samples_of(copy) == second);
  CHECK(samples_of(other) == first);
  Source longer{counted<float>(20), uneven, {.classes = 3, .samples = 3, .batches = 9}};
  longer.start_epoch(1, 0, 32, true);
  source.start_epoch(1, 0, 32, true);
  CHECK(batch_of(longer, 3).samples == batch_of(source, 3).samples);
}

TEST_CASE("the relation says which pairs count", "[class_batches]") {
  // Signers 0 to 3 with six signatures each, of which the last two are skilled forgeries.
  std::vector<int> signer, forged;
  for (int i = 0; i < 24; ++i) signer.push_back(i / 6), forged.push_back(i % 6 >= 4);
  const auto relation = [signer, forged](Index a, Index b) {
    CHECK(a < b);
    if (forged[at(a)] && forged[at(b)]) return Relation::Skip;
    return signer[at(a)] == signer[at(b)] && !forged[at(a)] && !forged[at(b)] ? Relation::Similar
                                                                              : Relation::Dissimilar;
  };
  Source source{counted<float>(24), signer, {.classes = 2, .samples = 6, .batches = 20, .relation = relation}};
  source.start_epoch(1, 0, 32, true);
  for (Index k = 0; k < 20; ++k) {
    const auto labels = labels_of(batch_of(source, k));
    CHECK(labels.size() == 66 - 6);  // without the pairs of the four forgeries
    int similar = 0, of_forgeries = 0;
    for (const auto& [pair, label] : labels) {
      const bool forgery = forged[at(pair.first)] || forged[at(pair.second)];
      CHECK((label == 1) == (!forgery && signer[at(pair.first)] == signer[at(pair.second)]));
      similar += label;
      of_forgeries += forgery && signer[at(pair.first)] == signer[at(pair.second)];
    }
    CHECK(similar == 12);
    CHECK(of_forgeries == 16);
  }
}

TEST_CASE("with a relation, a batch may be of one class, and a class of one sample", "[class_batches]") {
  const auto dissimilar = [](Index, Index) { return Relation::Dissimilar; };
  Source one{counted<float>(4), Classes{1, 1, 1, 1}, {.classes = 1, .samples = 3, .relation = dissimilar}};
  one.start_epoch(1, 0, 32, true);
  CHECK(batch_of(one, 0).similar == std::vector<std::uint8_t>(3, 0));
  Source alone{counted<float>(4), Classes{1, 2, 3, 4}, {.classes = 4, .samples = 1, .relation = dissimilar}};
  alone.start_epoch(1, 0, 32, true);
  CHECK(batch_of(alone, 0).size() == 6);
}

TEST_CASE("a batch of which the relation skips all pairs is refused", "[class_batches]") {
  const auto skip = [](Index, Index b) { return b < 2 ? Relation::Similar : Relation::Skip; };
  Source source{counted<float>(4), Classes{1, 1, 2, 2}, {.classes = 1, .samples = 2, .batches = 40, .relation = skip}};
  source.start_epoch(1, 0, 32, true);
  Index good = 0;
  for (Index k = 0; k < 40; ++k) {
    Batch<float> batch;
    const std::string text = error_text<ValueError>([&] { source.batch(k, batch); });
    if (source.column(k, 0, nullptr)[0] < 2) {
      CHECK(text == "no error");
      ++good;
    } else {
      CHECK(mentions(text, "batch " + std::to_string(k) + ": no pair of its 2 samples counts"));
    }
  }
  CHECK((good > 5 && good < 35));
}

TEST_CASE("each drawn class adds a neighbour with partners of its class", "[class_batches]") {
  const Classes of = words(12);
  const Neighbours neighbours{homophones(12)};
  const ClassBatchesOptions options{.classes = 3, .samples = 2, .batches = 400, .neighbours = neighbours};
  Source source{counted<float>(24), of, options};
  Source plain{counted<float>(24), of, {.classes = 3, .samples = 2, .batches = 400}};
  source.start_epoch(1, 0, 32, true);
  plain.start_epoch(1, 0, 32, true);
  Index nearest = 0, others = 0;
  for (Index k = 0; k < 400; ++k) {
    const auto drawn = composition(batch_of(plain, k), of);
    auto parts = composition(batch_of(source, k), of);
    for (const auto& [word, samples] : drawn) CHECK(parts[word] == samples);  // the same classes as without neighbours
    CHECK(parts.size() <= 6);
    Index expected = 3;
    for (const auto& [word, samples] : parts) {
      CHECK(samples.size() == 2);
      if (drawn.contains(word)) continue;
      const Index before = (word + 11) % 12, before_that = (word + 10) % 12;
      CHECK((drawn.contains(before) || drawn.contains(before_that)));
      nearest += drawn.contains(before);
      others += !drawn.contains(before);
      ++expected;
    }
    CHECK(length(parts) == expected);
    // A word is without a homophone only if both of its homophones are in the batch.
    if (parts.size() == 6) continue;
    bool all_in = false;
    for (const auto& [word, samples] : drawn) {
      all_in = all_in || (parts.contains((word + 1) % 12) && parts.contains((word + 2) % 12));
    }
    CHECK(all_in);
  }
  CHECK(nearest > 400);
  CHECK(others > 200);
}

TEST_CASE("with neighbours, hard pairs are a multiple of those without", "[class_batches]") {
  const Index count = 60;
  const auto hard_share = [&](const Neighbours& neighbours) {
    Source source{counted<float>(2 * count),
                  words(count),
                  {.classes = 5, .samples = 2, .batches = 200, .neighbours = neighbours}};
    source.start_epoch(1, 0, 32, true);
    double hard = 0, dissimilar = 0;
    for (Index k = 0; k < 200; ++k) {
      for (const auto& [pair, label] : labels_of(batch_of(source, k))) {
        const Index apart = (pair.second / 2 - pair.first / 2 + count) % count;
        dissimilar += label == 0;
        hard += apart == 1 || apart == 2 || apart >= count - 2 ? label == 0 : 0;
      }
    }
    return hard / dissimilar;
  };
  CHECK(hard_share(Neighbours{homophones(count)}) > 2 * hard_share({}));
}

TEST_CASE("of a large class, a neighbour has as many partners as the drawn samples", "[class_batches]") {
  const Neighbours neighbours{Neighbours::Table::Constant(1, 20, 12)};  // of class 5, which has the samples 10 to 17
  Source source{counted<float>(20), uneven, {.classes = 2, .samples = 3, .batches = 300, .neighbours = neighbours}};
  source.start_epoch(1, 0, 32, true);
  std::set<Index> partners;
  Index added = 0;
  for (Index k = 0; k < 300; ++k) {
    auto parts = composition(batch_of(source, k), uneven);
    const auto& samples = parts[uneven.of(12)];
    CHECK(samples.size() == 3);
    if (parts.size() == 2) continue;  // it was drawn
    CHECK(std::ranges::count(samples, 12) == 1);
    partners.insert(samples.begin(), samples.end());
    ++added;
  }
  CHECK((added > 100 && added < 250));
  CHECK(partners == std::set<Index>{10, 11, 12, 13, 14, 15, 16, 17});
}

TEST_CASE("a neighbour of a small class is added with all samples of that class", "[class_batches]") {
  const Neighbours neighbours{Neighbours::Table::Constant(1, 20, 9)};  // the only sample of class 4
  Source source{counted<float>(20), uneven, {.classes = 1, .samples = 3, .batches = 40, .neighbours = neighbours}};
  source.start_epoch(1, 0, 32, true);
  std::set<Index> drawn;
  Batch<float> batch;
  for (Index k = 0; k < 40; ++k) {
    const auto first = static_cast<Index>(source.column(k, 0, nullptr)[0]);
    drawn.insert(uneven.of(first));
    const std::string text = error_text<ValueError>([&] { source.batch(k, batch); });
    if (first == 9) {  // it has no partner, and its neighbour is itself
      CHECK(mentions(text, "no pair of its 1 samples counts"));
    } else {
      auto parts = composition(batch, uneven);
      CHECK(parts.size() == 2);
      CHECK(parts[uneven.of(9)] == std::vector<Index>{9});
    }
  }
  CHECK(drawn.size() == 5);
}

TEST_CASE("an epoch uses the neighbours of its start, and a copy shares them", "[class_batches]") {
  const Neighbours neighbours{homophones(12)};
  Source source{counted<float>(24), words(12), {.classes = 3, .samples = 2, .batches = 9, .neighbours = neighbours}};
  Source copy = source;
  source.start_epoch(1, 0, 32, true);
  const auto before = samples_of(source);
  Neighbours::Table self(1, 24);
  for (Index i = 0; i < 24; ++i) self(0, i) = i;
  neighbours.refresh(self);
  CHECK(samples_of(source) == before);
  copy.start_epoch(1, 0, 32, true);
  CHECK(samples_of(copy).size() == 9 * 6);  // a sample that is its own neighbour has none
  source.start_epoch(1, 0, 32, true);
  CHECK(samples_of(source) == samples_of(copy));
  neighbours.refresh(homophones(12));
  source.start_epoch(1, 0, 32, true);
  CHECK(samples_of(source) == before);
}

TEST_CASE("the table of neighbours is saved and restored", "[class_batches]") {
  const auto make = [](const Neighbours& neighbours, Index batches = 9) {
    return Source{
        counted<float>(24), words(12), {.classes = 3, .samples = 2, .batches = batches, .neighbours = neighbours}};
  };
  const Neighbours neighbours{homophones(12)};
  Source source = make(neighbours);
  source.start_epoch(1, 0, 32, true);
  neighbours.refresh(homophones(12).bottomRows(2));
  const std::vector<double> saved = source.save();
  CHECK(saved.size() == 2 + 48);
  source.start_epoch(1, 1, 32, true);

  const Neighbours later{homophones(12)};
  Source other = make(later);
  other.restore(saved);
  CHECK(other.save() == saved);
  CHECK(*later.table() == homophones(12));   // only start_epoch changes it
  later.refresh(homophones(12).topRows(1));  // as a hook on_train_begin could
  Source copy = other;
  copy.start_epoch(1, 1, 32, true);
  CHECK(samples_of(copy) == samples_of(source));
  CHECK(*later.table() == *neighbours.table());
  later.refresh(homophones(12));
  copy.start_epoch(1, 1, 32, true);  // the restored table counts once
  CHECK(samples_of(copy) != samples_of(source));

  const auto refused = [&](Source target, auto change) {
    std::vector<double> wrong = saved;
    change(wrong);
    const auto before = target.save();
    const std::string text = error_text([&] { target.restore(wrong); });
    if (text != "no error") CHECK(target.save() == before);
    return text;
  };
  const auto same = [](auto&) {};
  CHECK(refused(make(later), same) == "no error");
  CHECK(mentions(refused(make({}), same), "had a table of neighbours, but now there is none"));
  CHECK(mentions(refused(make(later), [](auto& s) { s.clear(); }), "had no table of neighbours, but now there is one"));
  CHECK(mentions(refused(make(later, 8), same), "an epoch had 9 batches, but with this pair source it has 8"));
  const char* const no_table = "is not a table of neighbours of 24 samples";
  CHECK(mentions(refused(make(later), [](auto& s) { s.pop_back(); }), no_table));
  CHECK(mentions(refused(make(later), [](auto& s) { s.resize(2); }), no_table));
  CHECK(mentions(refused(make(later), [](auto& s) { s.resize(1); }), no_table));
  CHECK(mentions(refused(make(later), [](auto& s) { s[1] = 1; }), no_table));
  for (const double wrong : {24.0, -1.0, 0.5, std::nan(""), HUGE_VAL}) {
    CHECK(mentions(refused(make(later), [=](auto& s) { s.back() = wrong; }), no_table));
  }
  Source none = make({});
  CHECK(none.save().empty());
  none.restore({});
}

TEST_CASE("after the first epoch and its first batch nothing is allocated, though all later ones may be larger",
          "[class_batches]") {
  const Neighbours neighbours{Neighbours::Table::Zero(1, 20)};
  const Source fresh{counted<float>(20), uneven, {.classes = 2, .samples = 8, .batches = 1, .neighbours = neighbours}};
  const auto size_of = [](Source source, Index epoch) {
    source.start_epoch(1, epoch, 32, true);
    return length(batch_of(source, 0).samples);
  };
  Index smallest = 0, largest = 0;  // the epochs with the smallest and the largest batch
  for (Index epoch = 1; epoch < 40; ++epoch) {
    if (size_of(fresh, epoch) < size_of(fresh, smallest)) smallest = epoch;
    if (size_of(fresh, epoch) > size_of(fresh, largest)) largest = epoch;
  }
  CHECK(2 * size_of(fresh, smallest) < size_of(fresh, largest));
  Source source = fresh;
  Batch<float> batch;
  source.start_epoch(1, smallest, 32, true);
  source.batch(0, batch);
  const long before = allocation_count;
  source.start_epoch(1, largest, 32, true);
  source.batch(0, batch);
  const long after = allocation_count;
  CHECK(before > 0);
  CHECK(after == before);
}

TEST_CASE("options that make no batches are refused", "[class_batches]") {
  const auto refused = [](const ClassBatchesOptions& options, const Classes& classes = uneven) {
    return error_text([&] { Source{counted<float>(classes.size()), classes, options}; });
  };
  CHECK(refused({.classes = 5}) == "no error");
  CHECK(mentions(refused({}), "classes is 10, but there are 5, and the classes of a batch are all different"));
  CHECK(mentions(refused({.classes = 0}), "classes is 0, but it must be at least 1"));
  CHECK(mentions(refused({.classes = 2, .samples = 0}), "samples is 0, but it must be at least 1"));
  CHECK(mentions(refused({.classes = 2, .batches = -1}), "batches is -1, but it must be at least 0"));
  CHECK(mentions(refused({.classes = 1}), "classes is 1, but dissimilar pairs need"));
  CHECK(mentions(refused({.classes = 2, .samples = 1}), "samples is 1, but similar pairs need"));
  CHECK(mentions(refused({.classes = 1}, {3, 3, 3}), "all samples are of class 3"));
  CHECK(mentions(refused({.classes = 2}, {1, 2, 3}), "no class has two samples"));
  CHECK(mentions(refused({.classes = 2, .batches = Index{1} << 40}), "an epoch has less than 2^31 samples"));
  CHECK(mentions(refused({.classes = 5, .neighbours = Neighbours{homophones(12)}}),
                 "there are 20 samples, but a table of neighbours of 24"));
  const auto relation = [](Index, Index) { return Relation::Similar; };
  CHECK(mentions(refused({.classes = 1, .samples = 1, .relation = relation}), "a batch would have one sample"));
  const Classes many(std::vector<int>(70000, 1));
  CHECK(mentions(refused({.classes = 1, .samples = 70000, .relation = relation}, many), "could have 70000 samples"));
  CHECK(refused({.classes = 1, .samples = 1 << 16, .relation = relation}, many) == "no error");
  CHECK_THROWS_AS((Source{counted<float>(19), uneven, {.classes = 2}}), ShapeError);
}

TEST_CASE("class batches that do not exist, and samples beyond a batch, are refused", "[class_batches]") {
  Source source{counted<float>(20), uneven, {.classes = 2, .samples = 2}};
  Batch<float> batch;
  CHECK_THROWS_AS(source.batch(0, batch), ValueError);
  CHECK_THROWS_AS(source.column(0, 0, nullptr), ValueError);
  source.start_epoch(1, 0, 32, true);
  for (const Index k : {-1, 5, 1 << 30}) {
    CHECK_THROWS_AS(source.batch(k, batch), ValueError);
    CHECK_THROWS_AS(source.column(k, 0, nullptr), ValueError);
  }
  CHECK_THROWS_AS(source.column(0, -1, nullptr), ValueError);
  CHECK_THROWS_AS(source.column(0, length(batch_of(source, 0).samples), nullptr), ValueError);
}

TEST_CASE("a stopped epoch has no class batches, and the next epoch is complete", "[class_batches]") {
  Source stopped{counted<float>(20), uneven, {.classes = 2, .samples = 2}}, other = stopped;
  StopFlag stop = true;
  stopped.start_epoch(7, 0, 4, true, &stop);
  Batch<float> batch;
  CHECK_THROWS_AS(stopped.batch(0, batch), ValueError);
  stop = false;
  stopped.start_epoch(7, 1, 4, true, &stop);
  other.start_epoch(7, 1, 4, true);
  CHECK(samples_of(stopped) == samples_of(other));
  { const Source moved = std::move(stopped); }
  CHECK(samples_of(stopped) == samples_of(other));
}

}  // namespace gemel::test::class_batches
