#include "gemel/training/step.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "allocations.hpp"
#include "catch.hpp"
#include "gemel/gemel.hpp"
#include "hash.hpp"
#include "mentions.hpp"

using namespace gemel;

namespace {

struct Run {
  Index threads = 1;
  bool skip = true;
  std::optional<InstructionSet> set = {};
};

/// Trains on a sampler, 6 epochs; the odd sizes leave remainders everywhere.
template <class S, class Optimizer, class Loss, class... Layers>
std::uint64_t train(const Run& run, Loss loss, Index batch_size, const Layers&... layers) {
  force_instruction_set(run.set);
  Rng rng{11};
  Siamese model{make_network<S>(rng, layers...)};
  std::vector<int> classes;
  for (int i = 0; i < 45; ++i) classes.push_back(i % 7);
  PairSampler<S> sampler{uniform<S>(model.network().in(), 45, rng), classes};
  Optimizer optimizer;
  TrainingStep step{model, loss, optimizer, {.threads = run.threads, .skip_inactive = run.skip, .seed = 5}};
  test::Hash hash;
  Index active = 0, samples = 0;
  for (Index epoch = 0; epoch < 6; ++epoch) {
    sampler.start_epoch(9, epoch, batch_size, true);
    for (Index k = 0; k < sampler.batches(); ++k) {
      hash.add(std::vector<double>{step(sampler, k)});
      active += step.active_samples();
      samples += 2 * step.batch_size();
    }
  }
  force_instruction_set({});
  if (run.skip) CHECK(active < samples);  // otherwise skipping was not tested
  hash.add(model.parameters());
  for (const auto& array : optimizer.state().arrays) hash.add(array.values);
  return hash.value();
}

template <class Train>
void check_equal_bits(const Train& train) {
  const std::uint64_t expected = train(Run{});
  for (const Index threads : {1, 2, 3, 8}) {
    for (const bool skip : {true, false}) {
      CAPTURE(threads, skip);
      CHECK(train(Run{threads, skip}) == expected);
    }
  }
  for (const InstructionSet set : {InstructionSet::AVX2, InstructionSet::AVX512}) {
    if (!detail::supports(set) || !detail::supports(InstructionSet::AVX2)) continue;
    CAPTURE(name(set));
    CHECK(train(Run{1, true, set}) == expected);
    CHECK(train(Run{3, true, set}) == expected);
  }
  // Without fused multiply-add the results differ, but still do not depend on the number of threads.
  const std::uint64_t portable = train(Run{1, true, InstructionSet::Portable});
  CHECK(train(Run{3, false, InstructionSet::Portable}) == portable);
}

/// All pairs of n samples, so that pairs share samples.
struct AllPairsOfABatch {
  MatrixX<double> x;
  std::vector<int> classes;

  Index features() const { return x.rows(); }
  Index batches() const { return 1; }
  void start_epoch(std::uint64_t, Index, Index, bool) {}
  void batch(Index, Batch<double>& out) const {
    out.clear();
    for (Index i = 0; i < x.cols(); ++i) {
      out.samples.push_back(i);
      for (Index j = 0; j < i; ++j) {
        out.pairs.push_back({j, i});
        out.similar.push_back(classes[static_cast<std::size_t>(i)] == classes[static_cast<std::size_t>(j)]);
      }
    }
  }
  const double* column(Index, Index j, double* buffer) const {  // as if augmented
    VectorX<double>::Map(buffer, x.rows()) = x.col(j);
    return buffer;
  }
};

}  // namespace

TEST_CASE("results depend neither on the number of threads, nor on skip_inactive, nor on the instruction set") {
  SECTION("float, the tutorial's loss and optimizer") {
    check_equal_bits([](const Run& run) {
      return train<float, RMSprop<float>>(run, ContrastiveLoss{.margin = 0.4}, 8, Dense<Dynamic, Dynamic, ReLU>{33, 70},
                                          Dense<70, 19, LeakyReLU>{}, Dense<Dynamic, Dynamic, Linear>{19, 5});
    });
  }
  SECTION("double, Adam") {
    check_equal_bits([](const Run& run) {
      return train<double, Adam<double>>(run, HadsellLoss{.margin = 0.4}, 16, Dense<9, 33, ReLU>{},
                                         Dense<33, 21, ReLU>{});
    });
  }
  SECTION("dropout") {
    check_equal_bits([](const Run& run) {
      return train<float, SGD<float>>(run, ContrastiveLoss{.margin = 0.4}, 8, Dense<9, 33, ReLU>{}, Dropout<33>{0.3},
                                      Dense<33, 21, ReLU>{});
    });
  }
  SECTION("noise") {
    check_equal_bits([](const Run& run) {
      return train<float, SGD<float>>(run, ContrastiveLoss{.margin = 0.4}, 8, GaussianNoise<9>{0.1},
                                      Dense<9, 33, ReLU>{}, GaussianNoise<33>{0.3}, Dense<33, 21, ReLU>{});
    });
  }
  SECTION("one or three pairs per batch, for eight threads") {
    check_equal_bits([](const Run& run) {
      return train<float, RMSprop<float>>(run, ContrastiveLoss{.margin = 0.3}, 3, Dense<9, 33, ReLU>{});
    });
  }
}

TEST_CASE("samples that several pairs share are embedded once and gather all their pairs' slopes") {
  Rng rng{4};
  using Net = Network<double, Dense<6, 8, Tanh>, Dense<8, 5, Tanh>>;
  Siamese<Net> model{rng};
  const AllPairsOfABatch shared{uniform<double>(6, 9, rng), {0, 1, 2, 0, 1, 2, 0, 1, 1}};
  std::vector<PairIndex> indices;
  std::vector<int> labels;
  MatrixX<double> a(6, 36), b(6, 36);
  for (Index i = 0; i < 9; ++i) {
    for (Index j = 0; j < i; ++j) {
      a.col(length(indices)) = shared.x.col(j);
      b.col(length(indices)) = shared.x.col(i);
      indices.push_back({j, i});
      labels.push_back(shared.classes[static_cast<std::size_t>(i)] == shared.classes[static_cast<std::size_t>(j)]);
    }
  }
  Pairs<double> separate{a, b, labels}, by_index{shared.x, indices, labels};
  separate.start_epoch(0, 0, 36, false);
  by_index.start_epoch(0, 0, 36, false);
  InBatchPairs<double> in_batch{shared.x, shared.classes};
  in_batch.start_epoch(0, 0, 9, false);

  RMSprop<double> optimizer;
  TrainingStep step{model, ContrastiveLoss{}, optimizer};
  const auto expected = step.gradient(separate, 0);
  const std::vector<double> expected_gradient(expected.begin(), expected.end());
  for (const Index threads : {1, 2, 5}) {
    TrainingStep other{model, ContrastiveLoss{}, optimizer, {.threads = threads}};
    const auto check = [&](const auto& source) {
      const auto gradient = other.gradient(source, 0);
      CHECK(other.active_samples() == 9);
      for (std::size_t i = 0; i < gradient.size(); ++i) {
        if (std::abs(gradient[i] - expected_gradient[i]) > 1e-14) FAIL("parameter " << i);
      }
    };
    check(shared);
    check(by_index);
    check(in_batch);
  }
}

TEST_CASE("with all pairs of a batch, results depend neither on the number of threads nor on the instruction set") {
  check_equal_bits([](const Run& run) {
    force_instruction_set(run.set);
    Rng rng{8};
    Siamese model{make_network<float>(rng, Dense<Dynamic, Dynamic, ReLU>{20, 70}, Dense<70, 150, Tanh>{})};
    std::vector<int> classes;
    for (int i = 0; i < 60; ++i) classes.push_back(i % 5);
    InBatchPairs<float> source{uniform<float>(20, 60, rng), classes};
    Adam<float> optimizer;
    TrainingStep step{
        model, ContrastiveLoss{.margin = 0.2}, optimizer, {.threads = run.threads, .skip_inactive = run.skip}};
    test::Hash hash;
    for (Index epoch = 0; epoch < 3; ++epoch) {
      source.start_epoch(9, epoch, 25, true);
      for (Index k = 0; k < source.batches(); ++k) hash.add(std::vector<double>{step(source, k)});
    }
    hash.add(model.parameters());
    force_instruction_set({});
    return hash.value();
  });
}

TEST_CASE("with composed batches, results depend neither on the number of threads nor on the instruction set") {
  check_equal_bits([](const Run& run) {
    force_instruction_set(run.set);
    Rng rng{8};
    Siamese model{make_network<float>(rng, Dense<Dynamic, Dynamic, ReLU>{20, 70}, Dense<70, 15, Tanh>{})};
    std::vector<int> classes;
    for (int i = 0; i < 60; ++i) classes.push_back(i * i % 17);
    const Samples<float> x = uniform<float>(20, 60, rng);
    const Neighbours neighbours{nearest_of_other_classes(x.matrix(), classes, 3, run.threads)};
    const auto relation = [](Index a, Index b) {
      return b - a == 1 ? Relation::Skip : (b - a) % 5 == 0 ? Relation::Similar : Relation::Dissimilar;
    };
    ClassBatches<float> by_class{
        x, classes, {.classes = 4, .samples = 5, .relation = relation, .neighbours = neighbours}};
    ComposedBatches by_plan{x,
                            [](Rng& draw, Index k, Batch<float>& batch) {
                              batch.samples = {draw.below(60), draw.below(60), k};
                              batch.pairs = {{0, 1}, {2, 0}};
                              batch.similar = {0, 1};
                              batch.weight = {1, 0.5F};
                            },
                            {.batches = 3}};
    Adam<float> optimizer;
    TrainingStep step{
        model, ContrastiveLoss{.margin = 0.2}, optimizer, {.threads = run.threads, .skip_inactive = run.skip}};
    test::Hash hash;
    const auto train_on = [&](auto& source) {
      for (Index k = 0; k < source.batches(); ++k) hash.add(std::vector<double>{step(source, k)});
    };
    for (Index epoch = 0; epoch < 3; ++epoch) {
      by_class.start_epoch(9, epoch, 32, true);
      train_on(by_class);
      neighbours.refresh(nearest_of_other_classes(model.embed(x.columns()), classes, 3));
      by_plan.start_epoch(9, epoch, 32, true);
      train_on(by_plan);
    }
    hash.add(model.parameters());
    force_instruction_set({});
    return hash.value();
  });
}

TEST_CASE("after the first batch nothing is allocated for class batches of all sizes either") {
  const Index threads = GENERATE(1, 2);
  Rng rng{4};
  Siamese<Network<float, Dense<20, 33, ReLU>, Dense<33, 8, ReLU>>> model{rng};
  std::vector<int> classes;  // 0 of one sample, 1 of two, …
  for (int c = 0; c < 10; ++c) classes.insert(classes.end(), static_cast<std::size_t>(c) + 1, c);
  const Samples<float> x = uniform<float>(20, length(classes), rng);
  const Neighbours neighbours{nearest_of_other_classes(x.matrix(), classes, 2)};
  ClassBatches<float> source{x, classes, {.classes = 2, .samples = 8, .batches = 20, .neighbours = neighbours}};
  RMSprop<float> optimizer;
  TrainingStep step{model, ContrastiveLoss{}, optimizer, {.threads = threads}};
  source.start_epoch(1, 0, 16, true);
  step(source, 0);
  const long before = allocation_count;
  for (Index epoch = 0; epoch < 3; ++epoch) {
    source.start_epoch(1, epoch, 16, true);
    for (Index k = 0; k < source.batches(); ++k) step(source, k);
  }
  CHECK(allocation_count == before);
}

TEST_CASE("after the first batch nothing is allocated") {
  const Index threads = GENERATE(1, 2);
  Rng rng{4};
  using Net = Network<float, GaussianNoise<20>, Dense<20, 33, ReLU>, Dropout<33>, Dense<33, 8, ReLU>>;
  Siamese<Net> model{Net{rng, GaussianNoise<20>{0.1}, {}, Dropout<33>{0.1}, {}}};
  std::vector<int> classes;
  for (int i = 0; i < 50; ++i) classes.push_back(i % 4);
  PairSampler<float> sampler{uniform<float>(20, 50, rng), classes};
  RMSprop<float> optimizer{{.momentum = 0.5, .centered = true}};
  TrainingStep step{model, ContrastiveLoss{}, optimizer, {.threads = threads}};
  sampler.start_epoch(1, 0, 16, true);
  step(sampler, 0);
  const long before = allocation_count;
  for (Index epoch = 0; epoch < 3; ++epoch) {
    sampler.start_epoch(1, epoch, 16, true);
    for (Index k = 0; k < sampler.batches(); ++k) step(sampler, k);
  }
  CHECK(allocation_count == before);
}

TEST_CASE("augmented batches have the same bits for any number of threads, and allocate nothing after the first") {
  Rng rng{4};
  const Siamese<Network<float, Dense<20, 33, ReLU>, Dense<33, 8>>> initial{rng};
  std::vector<int> classes;
  for (int i = 0; i < 40; ++i) classes.push_back(i % 4);
  const InBatchPairs<float> images{uniform<float>(20, 40, rng), classes};
  std::vector<VectorX<float>> trained;
  for (const Index threads : {1, 2, 3, 8}) {
    auto model = initial;
    RMSprop<float> optimizer;
    TrainingStep step{model, ContrastiveLoss{}, optimizer, {.threads = threads}};
    Augmented source{
        Augmented{images, ImageWarp{{.width = 5, .height = 4, .shift = 1}}},
        [](Rng& draw, const ConstColumn<float>& in, Column<float> out) { out = in * draw.uniform<float>(); }};
    source.start_epoch(1, 0, 10, true);
    step(source, 0);
    const long before = allocation_count;
    for (Index k = 1; k < source.batches(); ++k) step(source, k);
    CHECK(allocation_count == before);
    trained.push_back(model.parameters());
    CHECK(trained.back() == trained.front());
  }
  CHECK(trained.front() != initial.parameters());
}

TEST_CASE("a fitted first layer allocates nothing after the first batch, and no memory for deltas") {
  Rng rng{4};
  const MatrixX<float> x = uniform<float>(20, 16, rng);
  Siamese model{make_network<float>(rng, Standardize<20>{x}, Dense<20, 8, ReLU>{})};
  Pairs<float> pairs{x, x.rowwise().reverse(), coin_flips(16, rng)};
  RMSprop<float> optimizer;
  TrainingStep step{model, ContrastiveLoss{}, optimizer};
  pairs.start_epoch(1, 0, 8, true);
  step(pairs, 0);
  const long before = allocation_count;
  step(pairs, 1);
  CHECK(allocation_count == before);

  detail::BatchMemory<float> memory{model.network(), 0};
  memory.make_members(1);
  memory.load(model.network(), pairs, 0, {}, 1);
  CHECK(memory.at(0).y.size() >= 16 * 20);
  CHECK(memory.at(0).dy.empty());
  CHECK(memory.at(1).dy.size() >= 16 * 8);
}

TEST_CASE("a list of samples with room for more allocates nothing when there are more") {
  struct Growing {  // 12 pairs each time: of 8 samples, of 4 with capacity for 24, of 24
    VectorX<float> x = VectorX<float>::LinSpaced(24 * 5, -1, 1);
    Index features() const { return 5; }
    Index batches() const { return 3; }
    void start_epoch(std::uint64_t, Index, Index, bool) {}
    void batch(Index k, Batch<float>& out) const {
      const Index n = k == 0 ? 8 : k == 1 ? 4 : 24;
      out.clear();
      out.samples.reserve(k == 0 ? 8 : 24);
      for (Index i = 0; i < n; ++i) out.samples.push_back(i);
      for (Index p = 0; p < 12; ++p) out.pairs.push_back({p % n, (p + n / 2) % n});
      out.similar.assign(12, 1);
    }
    const float* column(Index, Index j, float*) const { return x.data() + j * 5; }
  };
  Rng rng{4};
  Siamese<Network<float, Dense<5, 33, ReLU>, Dense<33, 8>>> model{rng};
  RMSprop<float> optimizer;
  TrainingStep step{model, ContrastiveLoss{}, optimizer, {.threads = 2}};
  const Growing source;
  step(source, 0);
  step(source, 1);
  const long before = allocation_count;
  step(source, 2);
  CHECK(allocation_count == before);
}

TEST_CASE("batches of all kinds and sizes may follow one another, with any number of threads") {
  Rng rng{6};
  Siamese model{make_network<float>(rng, Dense<Dynamic, Dynamic, ReLU>{20, 37}, Dense<37, 21, Tanh>{})};
  RMSprop<float> optimizer;
  const ContrastiveLoss loss{.margin = 0.3};
  TrainingStep step{model, loss, optimizer};
  std::vector<int> classes;
  for (int i = 0; i < 90; ++i) classes.push_back(i % 5);
  const MatrixX<float> x = uniform<float>(20, 90, rng);
  const auto check = [&](auto source, Index batch_size) {
    source.start_epoch(3, 0, batch_size, true);
    TrainingStep fresh{model, loss, optimizer};
    const auto expected = fresh.gradient(source, 0), gradient = step.gradient(source, 0);
    REQUIRE(gradient.size() == expected.size());
    CHECK(std::ranges::equal(gradient, expected));
    CHECK(std::ranges::equal(step.distances(), fresh.distances()));
  };
  const InBatchPairs<float> all{x, classes};
  const Pairs<float> disjoint{uniform<float>(20, 40, rng), uniform<float>(20, 40, rng), coin_flips(40, rng)};
  const PairSampler<float> shared{x, classes};
  for (const Index threads : {2, 5, 1, 3}) {
    step.threads(threads);
    check(all, 25);
    check(disjoint, 4);
    check(all, 40 + threads);
    check(shared, 7);
    check(disjoint, 30 + threads);
    check(all, 3);
  }
}

TEST_CASE("fit allocates nothing from the second batch on, whatever the number of threads") {
  const Index threads = GENERATE(0, 1, 2);
  Rng rng{4};
  Siamese<Network<float, Dense<20, 33, ReLU>, Dense<33, 8, ReLU>>> model{rng};
  std::vector<int> classes;
  for (int i = 0; i < 50; ++i) classes.push_back(i % 4);
  const PairSampler<float> sampler{uniform<float>(20, 50, rng), classes};
  RMSprop<float> optimizer;
  long after_first = 0, at_end = 0;
  fit(model, sampler, ContrastiveLoss{}, optimizer, {.epochs = 1, .batch_size = 4, .threads = threads}, rng,
      OnBatchEnd{[&](auto& state) {
        if (state.batch == 0) after_first = allocation_count;
        at_end = allocation_count;
      }});
  CHECK(after_first > 0);
  CHECK(at_end == after_first);
}

TEST_CASE("the first batch whose whole gradient is needed allocates nothing either") {
  const Index threads = GENERATE(1, 2);
  Rng rng{4};
  std::vector<float> weights(24, 1.0f);
  std::fill(weights.begin() + 16, weights.end(),
            5e18f);  // the third batch: no bound proves that its gradient's squares are finite
  Pairs<float> pairs{uniform<float>(20, 24, rng), uniform<float>(20, 24, rng), coin_flips(24, rng), weights};
  pairs.start_epoch(1, 0, 8, false);
  Siamese<Network<float, Dense<20, 33, ReLU>, Dense<33, 8, ReLU>>> model{rng};
  RMSprop<float> optimizer;
  TrainingStep step{model, ContrastiveLoss{}, optimizer, {.threads = threads}};
  step(pairs, 0);
  const long before = allocation_count;
  step(pairs, 1);
  step(pairs, 2);
  step(pairs, 0);
  CHECK(allocation_count == before);
}

TEST_CASE("a list of pairs with room for more allocates nothing when there are more") {
  struct Growing {  // of 6 samples: 2 pairs with capacity for 40, then 40 pairs
    VectorX<float> x = VectorX<float>::LinSpaced(6 * 5, -1, 1);
    Index features() const { return 5; }
    Index batches() const { return 2; }
    void start_epoch(std::uint64_t, Index, Index, bool) {}
    void batch(Index k, Batch<float>& out) const {
      out.clear();
      out.pairs.reserve(40);
      out.similar.reserve(40);
      for (Index i = 0; i < 6; ++i) out.samples.push_back(i);
      for (Index p = 0; p < (k == 0 ? 2 : 40); ++p) {
        out.pairs.push_back({p % 6, (p + 1) % 6});
        out.similar.push_back(1);
      }
    }
    const float* column(Index, Index j, float*) const { return x.data() + j * 5; }
  };
  Rng rng{4};
  Siamese<Network<float, Dense<5, 8>>> model{rng};
  RMSprop<float> optimizer;
  TrainingStep step{model, ContrastiveLoss{}, optimizer};
  const Growing source;
  step(source, 0);
  const long before = allocation_count;
  step(source, 1);
  CHECK(allocation_count == before);
}

TEST_CASE("fit allocates nothing from the second batch on if the validation's batches are larger") {
  Rng rng{4};
  Siamese<Network<float, Dense<20, 33, ReLU>, Dense<33, 8>>> model{rng};
  const auto pairs = [&](Index n) {
    return Pairs<float>{uniform<float>(20, n, rng), uniform<float>(20, n, rng), coin_flips(n, rng)};
  };
  const Pairs<float> validation = pairs(40);
  RMSprop<float> optimizer;
  long after_first = 0, at_end = 0;
  fit(model, pairs(8), ContrastiveLoss{}, optimizer, {.epochs = 1, .batch_size = 32, .validation = &validation}, rng,
      OnBatchEnd{[&](auto&) { after_first = allocation_count; }},
      OnEpochEnd{[&](auto&) { at_end = allocation_count; }});
  CHECK(after_first > 0);
  CHECK(at_end == after_first);
}

TEST_CASE("parameters that are set between two steps are used") {
  Rng rng{4};
  using Net = Network<double, Dense<10, 12, ReLU>, Dense<12, 9, ReLU>>;
  Pairs<double> pairs{uniform<double>(10, 8, rng), uniform<double>(10, 8, rng), coin_flips(8, rng)};
  Siamese<Net> model{rng}, other{rng};
  SGD<double> optimizer;
  TrainingStep step{model, ContrastiveLoss{}, optimizer};
  step(pairs, 0);
  model.set_parameters(other.parameters());
  step(pairs, 0);

  SGD<double> fresh;
  TrainingStep from_there{other, ContrastiveLoss{}, fresh};
  from_there(pairs, 0);
  CHECK((model.parameters() - other.parameters()).cwiseAbs().maxCoeff() == 0);
}

TEST_CASE("clipping changes the step as in Keras") {
  Rng rng{4};
  using Net = Network<double, Dense<10, 12, ReLU>, Dense<12, 9, ReLU>>;
  Pairs<double> pairs{uniform<double>(10, 8, rng), uniform<double>(10, 8, rng), coin_flips(8, rng)};
  const Siamese<Net> start{rng};
  Siamese<Net> model = start;
  SGD<double> plain{{.learning_rate = 1}};
  const auto change = [&](const SGDOptions& options) {
    Siamese<Net> trained = start;
    SGD<double> optimizer{options};
    TrainingStep step{trained, ContrastiveLoss{}, optimizer, {.threads = 2}};
    step(pairs, 0);
    return VectorX<double>(start.parameters() - trained.parameters());
  };
  const VectorX<double> g = change({.learning_rate = 1});
  CHECK(g.norm() > 0.1);

  const VectorX<double> by_value = change({.learning_rate = 1, .clipvalue = 0.01});
  CHECK((by_value - g.cwiseMin(0.01).cwiseMax(-0.01)).cwiseAbs().maxCoeff() <= 1e-14);

  const VectorX<double> by_norm = change({.learning_rate = 1, .global_clipnorm = 0.05});
  CHECK((by_norm - g * (0.05 / g.norm())).cwiseAbs().maxCoeff() <= 1e-14);

  const VectorX<double> each = change({.learning_rate = 1, .clipnorm = 0.05});
  Index first = 0;
  for (const Index size : {120, 12, 108, 9}) {
    const auto part = g.segment(first, size);
    const VectorX<double> expected = part * std::min(1.0, 0.05 / part.norm());
    CHECK((each.segment(first, size) - expected).cwiseAbs().maxCoeff() <= 1e-14);
    first += size;
  }
}

TEST_CASE("a gradient that overflows is rejected before the update") {
  Rng rng{4};
  MatrixX<float> a = uniform<float>(10, 8, rng), b = uniform<float>(10, 8, rng);
  std::vector<float> weights(8, 1.0f);
  weights[3] = 3e38f;  // finite, but infinite when multiplied by the residual and an activation
  Pairs<float> pairs{a * 100, b, coin_flips(8, rng), weights};
  Siamese<Network<float, Dense<10, 12, ReLU>, Dense<12, 9, ReLU>>> model{rng};
  const VectorX<float> before = model.parameters();
  RMSprop<float> optimizer;
  TrainingStep step{model, ContrastiveLoss{.margin = 1000}, optimizer, {.threads = 2}};
  CHECK_THROWS_AS(step(pairs, 0), NonFiniteError);
  CHECK((model.parameters() - before).cwiseAbs().maxCoeff() == 0);
  CHECK(*optimizer.state().step == 0);
}

TEST_CASE("large but finite gradients take the checked path and are trained") {
  Rng rng{4};
  std::vector<float> weights(8, 1e18f);
  Pairs<float> pairs{uniform<float>(10, 8, rng), uniform<float>(10, 8, rng), coin_flips(8, rng), weights};
  Siamese<Network<float, Dense<10, 12, ReLU>, Dense<12, 9, ReLU>>> model{rng};
  const VectorX<float> before = model.parameters();
  RMSprop<float> optimizer;
  TrainingStep step{model, ContrastiveLoss{}, optimizer};
  step(pairs, 0);
  CHECK((model.parameters() - before).cwiseAbs().maxCoeff() > 1e-4f);
  CHECK(model.parameters().allFinite());
}

TEST_CASE("a gradient whose square overflows is rejected too, since an average of squares would stay infinite") {
  Rng rng{4};
  MatrixX<float> a = uniform<float>(10, 8, rng);
  a(3, 5) = 1e13f;
  const Pairs<float> pairs{a, uniform<float>(10, 8, rng), Labels(std::vector<int>(8, 1))};
  Siamese<Network<float, Dense<10, 12, ReLU>, Dense<12, 9>>> model{rng};
  const VectorX<float> before = model.parameters();
  const auto check = [&](auto optimizer, bool refused) {
    model.set_parameters(before);
    TrainingStep step{model, ContrastiveLoss{}, optimizer};
    if (refused) {
      CHECK_THROWS_AS(step(pairs, 0), NonFiniteError);
      CHECK(model.parameters() == before);
    } else {
      step(pairs, 0);
      CHECK(model.parameters() != before);
    }
    for (const auto& array : optimizer.state().arrays) {
      for (const float value : array.values) CHECK(std::isfinite(value));
    }
  };
  check(RMSprop<float>{}, true);
  check(Adam<float>{}, true);
  check(Adam<float>{{.clipnorm = 1}}, false);
}

TEMPLATE_TEST_CASE("a penalty is rejected if the square of its sum with the gradient overflows", "", RMSprop<float>,
                   Adam<float>, RMSprop<double>, Adam<double>) {
  using S = std::conditional_t<std::is_same_v<TestType, RMSprop<float>> || std::is_same_v<TestType, Adam<float>>, float,
                               double>;
  const double large = std::is_same_v<S, float> ? 1e25 : 1e160;
  const Index threads = GENERATE(1, 2);
  Rng rng{4};
  const Pairs<S> pairs{uniform<S>(10, 8, rng), uniform<S>(10, 8, rng), coin_flips(8, rng)};
  const Siamese<Network<S, Dense<10, 12, ReLU>, Dense<12, 9>>> start{rng};
  const auto check = [&](double weight_decay, double clipnorm, bool refused) {
    auto model = start;
    TestType optimizer{{.weight_decay = weight_decay, .clipnorm = clipnorm, .dialect = Dialect::PyTorch}};
    TrainingStep step{model, ContrastiveLoss{}, optimizer, {.threads = threads}};
    if (refused) {
      CHECK_THROWS_AS(step(pairs, 0), NonFiniteError);
      CHECK(model.parameters() == start.parameters());
      CHECK(*optimizer.state().step == 0);
    } else {
      step(pairs, 0);
      CHECK(model.parameters() != start.parameters());
    }
    for (const auto& array : optimizer.state().arrays) {
      for (const S value : array.values) CHECK(std::isfinite(value));
    }
  };
  check(large, 1e30, true);
  check(large, 1, true);  // clipping comes before the penalty
  check(std::sqrt(large), 1e30, false);
}

TEST_CASE("the clipping of a user's optimizer is used, and checked") {
  struct Own {
    SGD<double> inner{{.learning_rate = 1}};
    Clipping wanted;

    void reserve(Index n) { inner.reserve(n); }
    void advance() { inner.advance(); }
    void update(Index first, std::span<const double> g, std::span<double> w) { inner.update(first, g, w); }
    double learning_rate() const { return inner.learning_rate(); }
    void learning_rate(double rate) { inner.learning_rate(rate); }
    OptimizerState<double> state() { return inner.state(); }
    Clipping clipping() const { return wanted; }
  };
  Rng rng{4};
  const Pairs<double> pairs{uniform<double>(10, 8, rng), uniform<double>(10, 8, rng), coin_flips(8, rng)};
  const Siamese<Network<double, Dense<10, 12, ReLU>>> start{rng};
  const auto change = [&](const Clipping& clipping) {
    auto model = start;
    Own optimizer{.wanted = clipping};
    TrainingStep step{model, ContrastiveLoss{}, optimizer};
    step(pairs, 0);
    return (model.parameters() - start.parameters()).norm();
  };
  CHECK(change({}) > 0.05);
  CHECK(std::abs(change({.global_clipnorm = 0.01}) / 0.01 - 1) < 1e-5);
  CHECK_THROWS_AS(change({.clipvalue = -1}), ValueError);
  CHECK_THROWS_AS(change({.clipvalue = 1, .clipnorm = 1}), ValueError);
}

namespace {

/// The message of the error that `act` throws.
template <class Act>
std::string message_of(const Act& act) {
  try {
    act();
  } catch (const NonFiniteError& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("an error describes its own batch, not one that was rejected before") {
  Rng rng{4};
  MatrixX<float> a = uniform<float>(10, 8, rng);
  a(7, 6) = std::numeric_limits<float>::quiet_NaN();
  std::vector<float> weights(8, 1.0f);
  weights[0] = 3e38f;
  const Pairs<float> pairs{a, a * -100, Labels(std::vector<int>(8, 1)), weights};
  Pairs<float> batches = pairs;
  batches.start_epoch(1, 0, 4, false);
  Siamese<Network<float, Dense<10, 12>>> model{rng};
  RMSprop<float> optimizer;
  TrainingStep step{model, ContrastiveLoss{}, optimizer};
  const std::string slope = message_of([&] { step(batches, 0); });
  CHECK(mentions(slope, "batch 0, pair 0: the loss's slope is NaN or infinite"));
  CHECK(mentions(slope, "lower the loss's weights"));
  const std::string sample = message_of([&] { step(batches, 1); });
  CHECK(sample.starts_with("batch 1, pair 2, sample 6, feature 7: a sample's features hold NaN or infinity"));
}

TEST_CASE("a feature that is not finite is named with its sample in a shuffled batch") {
  Rng rng{4};
  MatrixX<float> b = uniform<float>(20, 30, rng);
  b(17, 23) = std::numeric_limits<float>::infinity();
  Pairs<float> pairs{uniform<float>(20, 30, rng), b, coin_flips(30, rng)};
  pairs.start_epoch(1, 0, 30, true);
  Siamese<Network<float, Dense<20, 12>>> model{rng};
  RMSprop<float> optimizer;
  TrainingStep step{model, ContrastiveLoss{}, optimizer, {.threads = 2}};
  CHECK(mentions(message_of([&] { step(pairs, 0); }), "sample 53, feature 17: a sample's features"));
}

TEST_CASE("a sample that is in no pair, and not finite, is named") {
  struct Lonely {
    std::vector<float> x = {1, 2, 3, 4, std::numeric_limits<float>::quiet_NaN(), 6};
    Index features() const { return 2; }
    Index batches() const { return 1; }
    void start_epoch(std::uint64_t, Index, Index, bool) {}
    void batch(Index, Batch<float>& out) const {
      out.clear();
      out.samples = {40, 41, 42};
      out.pairs = {{0, 1}};
      out.similar = {1};
    }
    const float* column(Index, Index j, float*) const { return x.data() + 2 * j; }
  };
  Rng rng{4};
  Siamese<Network<float, Dense<2, 3>>> model{rng};
  RMSprop<float> optimizer;
  TrainingStep step{model, ContrastiveLoss{}, optimizer};
  CHECK(message_of([&] { step(Lonely{}, 0); }).starts_with("batch 0, sample 42, feature 0: a sample's features"));
}

TEST_CASE("errors about distances, slopes, deltas and parameters name the place and a remedy") {
  struct NoNumber : Euclidean {
    float value(ConstColumn<float>, ConstColumn<float>) const { return std::numeric_limits<float>::quiet_NaN(); }
  };
  struct Forgetful {  // does not set the last slope
    double operator()(std::span<const float>, std::span<const std::uint8_t>, std::span<const float>,
                      std::span<float> slope) const {
      std::fill(slope.begin(), slope.end() - 1, 0.0f);
      return 1;
    }
  };
  struct NoLoss : ContrastiveLoss {
    double operator()(std::span<const float> d, std::span<const std::uint8_t> similar, std::span<const float> weight,
                      std::span<float> slope) const {
      ContrastiveLoss::operator()(d, similar, weight, slope);
      return std::nan("");
    }
  };
  Rng rng{4};
  using Net = Network<float, Dense<10, 12>, Dense<12, 9>>;
  const Net network{rng};
  const MatrixX<float> a = uniform<float>(10, 4, rng), b = uniform<float>(10, 4, rng);
  const auto message = [&](auto metric, const auto& loss, float size = 1) {
    Siamese<Net, decltype(metric)> model{network, metric};
    RMSprop<float> optimizer;
    TrainingStep step{model, loss, optimizer};
    return message_of([&] { step(Pairs<float>{a * size, b, Labels(std::vector<int>(4, 1))}, 0); });
  };
  const std::string distance = message(SquaredEuclidean{}, ContrastiveLoss{}, 1e25f);
  CHECK(mentions(distance, "batch 0, pair 0: the distance"));
  CHECK(mentions(distance, "is infinite; scale the features"));
  CHECK(mentions(message(NoNumber{}, ContrastiveLoss{}), "is NaN; the model's distance must give a number"));
  CHECK(mentions(message(Euclidean{}, Forgetful{}), "batch 0, pair 3: the loss's slope"));
  CHECK(mentions(message(Euclidean{}, NoLoss{}), "batch 0: the loss is nan"));
  // The slope of d^2 is finite, but its product with the weights in the backward pass is not.
  struct Steep {
    double operator()(std::span<const float>, std::span<const std::uint8_t>, std::span<const float>,
                      std::span<float> slope) const {
      std::fill(slope.begin(), slope.end(), 2e38f);
      return 1;
    }
  };
  const std::string delta = message(SquaredEuclidean{}, Steep{});
  CHECK(mentions(delta, "batch 0, layer 1: what the backward pass gives"));
  CHECK(mentions(delta, "lower the loss's weights"));

  Siamese<Net> model{network};
  RMSprop<float> optimizer;
  TrainingStep step{model, ContrastiveLoss{}, optimizer};
  model.network().mutable_parameters()[140] = std::numeric_limits<float>::infinity();
  CHECK(mentions(message_of([&] {
                   step(Pairs<float>{a, b, Labels(std::vector<int>(4, 1))}, 0);
                 }),
                 "batch 0, layer 1: the layer's parameters are NaN or infinite"));
}

TEST_CASE("a rejected batch leaves no distances behind") {
  Rng rng{4};
  struct Wrong {
    Index features() const { return 10; }
    Index batches() const { return 1; }
    void start_epoch(std::uint64_t, Index, Index, bool) {}
    void batch(Index, Batch<float>& out) const {
      out.clear();
      out.pairs.assign(3000, {0, 7});  // there is no sample 7
      out.similar.assign(3000, 1);
      out.samples = {0, 1};
    }
    const float* column(Index, Index, float* buffer) const { return buffer; }
  };
  Siamese<Network<float, Dense<10, 12>>> model{rng};
  RMSprop<float> optimizer;
  TrainingStep step{model, ContrastiveLoss{}, optimizer};
  CHECK_THROWS_AS(step(Wrong{}, 0), ValueError);
  CHECK(step.distances().empty());
}

TEST_CASE("a step rejects a network that has replaced the one it began with") {
  Rng rng{4};
  using Layer = Dense<Dynamic, Dynamic, ReLU>;
  Siamese model{make_network<float>(rng, Layer{10, 12})};
  RMSprop<float> optimizer;
  TrainingStep step{model, ContrastiveLoss{}, optimizer};
  const Pairs<float> pairs{uniform<float>(10, 8, rng), uniform<float>(10, 8, rng), coin_flips(8, rng)};
  step(pairs, 0);
  model.network() = make_network<float>(rng, Layer{10, 900});
  CHECK_THROWS_AS(step(pairs, 0), ShapeError);

  Siamese narrow{make_network<float>(rng, Layer{10, 7}, Layer{7, 3})};
  TrainingStep other{narrow, ContrastiveLoss{}, optimizer};
  narrow.network() = make_network<float>(rng, Layer{10, 3}, Layer{3, 17});  // the same number of parameters
  CHECK(narrow.network().parameter_count() == 101);
  CHECK_THROWS_AS(other(pairs, 0), ShapeError);
}

TEST_CASE("a network that was moved from is rejected") {
  Rng rng{4};
  using Layer = Dense<Dynamic, Dynamic, ReLU>;
  Siamese model{make_network<float>(rng, Layer{10, 12})};
  const Pairs<float> pairs{uniform<float>(10, 8, rng), uniform<float>(10, 8, rng), coin_flips(8, rng)};
  RMSprop<float> optimizer;
  TrainingStep step{model, ContrastiveLoss{}, optimizer};
  step(pairs, 0);
  const auto moved_to = std::move(model);
  CHECK_THROWS_AS(step(pairs, 0), ShapeError);
  CHECK_THROWS_AS(step.evaluate(pairs, 0), ShapeError);
  TrainingStep other{model, ContrastiveLoss{}, optimizer};
  CHECK_THROWS_AS(other(pairs, 0), ShapeError);
  CHECK_THROWS_AS(model.embed(uniform<float>(10, 3, rng)), ShapeError);
  CHECK_THROWS_AS(model.distance(uniform<float>(10, 3, rng), uniform<float>(10, 3, rng)), ShapeError);
  CHECK(moved_to.network().in() == 10);
}

TEST_CASE("fit throws if a callback moves from the model or replaces its network") {
  const bool exchange = GENERATE(false, true);
  Rng rng{4};
  using Layer = Dense<Dynamic, Dynamic, ReLU>;
  Siamese model{make_network<float>(rng, Sequence<Layer>{{Layer{10, 12}}})};
  const Pairs<float> pairs{uniform<float>(10, 8, rng), uniform<float>(10, 8, rng), coin_flips(8, rng)};
  RMSprop<float> optimizer;
  const auto act = [&](auto& state) {
    const auto kept = std::move(state.model);
    if (exchange) {
      state.model.network() = make_network<float>(rng, Sequence<Layer>{std::vector<Layer>(9, Layer{10, 10})});
    }
  };
  const auto train = [&](auto callback) {
    fit(model, pairs, ContrastiveLoss{}, optimizer, {.epochs = 2, .batch_size = 4}, rng, callback);
  };
  SECTION("before a batch") { CHECK_THROWS_AS(train(OnBatchBegin{act}), ShapeError); }
  SECTION("after the last batch of an epoch") {
    CHECK_THROWS_AS(train(OnBatchEnd{[&](auto& state) {
                      if (state.batch == 1) act(state);
                    }}),
                    ShapeError);
  }
  SECTION("after an epoch") { CHECK_THROWS_AS(train(OnEpochEnd{act}), ShapeError); }
}

TEST_CASE("a TrainingStep that was moved from throws, and the one that it was moved to continues") {
  Rng rng{4};
  Siamese<Network<float, Dense<10, 12, ReLU>>> model{rng};
  const Pairs<float> pairs{uniform<float>(10, 8, rng), uniform<float>(10, 8, rng), coin_flips(8, rng)};
  RMSprop<float> optimizer;
  TrainingStep step{model, ContrastiveLoss{}, optimizer, {.threads = 2}};
  step(pairs, 0);
  TrainingStep other = std::move(step);
  CHECK_THROWS_AS(step(pairs, 0), ValueError);
  CHECK_THROWS_AS(step.evaluate(pairs, 0), ValueError);
  CHECK_THROWS_AS(step.gradient(pairs, 0), ValueError);
  CHECK_THROWS_AS(step.threads(2), ValueError);
  CHECK_THROWS_AS(step.distances(), ValueError);
  CHECK_THROWS_AS(step.max_abs_output(0), ValueError);
  CHECK(step.threads() == 0);
  other(pairs, 0);
  CHECK(*optimizer.state().step == 2);
}

TEMPLATE_TEST_CASE("an optimizer that was moved from starts without state", "", RMSprop<float>, Adam<float>,
                   SGD<float>) {
  Rng rng{4};
  Siamese<Network<float, Dense<10, 12, ReLU>>> model{rng};
  const Pairs<float> pairs{uniform<float>(10, 8, rng), uniform<float>(10, 8, rng), coin_flips(8, rng)};
  const auto optimizer_of = [] {
    if constexpr (std::is_same_v<TestType, SGD<float>>) {
      return TestType{{.momentum = 0.5}};
    } else {
      return TestType{};
    }
  };
  TestType optimizer = optimizer_of();
  TrainingStep step{model, ContrastiveLoss{}, optimizer};
  step(pairs, 0);
  step(pairs, 0);
  if (GENERATE(false, true)) {
    const TestType kept = std::move(optimizer);
  } else {
    TestType kept;
    kept = std::move(optimizer);
  }
  std::vector<float> g(3), w(3);
  CHECK_THROWS_AS(optimizer.update(0, std::span<const float>(g), std::span<float>(w)), ShapeError);

  Siamese other = model;
  TestType fresh = optimizer_of();
  TrainingStep from_there{other, ContrastiveLoss{}, fresh};
  step(pairs, 0);
  from_there(pairs, 0);
  CHECK(model.parameters() == other.parameters());
  CHECK(*optimizer.state().step == 1);
}

TEST_CASE("an exception of a user's loss leaves no thread waiting and the parameters unchanged") {
  struct Throwing {
    double operator()(std::span<const float>, std::span<const std::uint8_t>, std::span<const float>,
                      std::span<float>) const {
      throw ValueError("on purpose");
    }
  };
  Rng rng{4};
  Pairs<float> pairs{uniform<float>(10, 8, rng), uniform<float>(10, 8, rng), coin_flips(8, rng)};
  Siamese<Network<float, Dense<10, 12, ReLU>>> model{rng};
  const VectorX<float> before = model.parameters();
  RMSprop<float> optimizer;
  TrainingStep step{model, Throwing{}, optimizer, {.threads = 4}};
  for (int i = 0; i < 20; ++i) CHECK_THROWS_AS(step(pairs, 0), ValueError);
  CHECK((model.parameters() - before).cwiseAbs().maxCoeff() == 0);
}
