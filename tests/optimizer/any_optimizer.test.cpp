#include "gemel/optimizer/any_optimizer.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "allocations.hpp"
#include "catch.hpp"
#include "gemel/core/random.hpp"
#include "gemel/data/any_pair_source.hpp"
#include "gemel/loss/any_loss.hpp"
#include "gemel/network/any_model.hpp"
#include "gemel/training/step.hpp"
#include "hash.hpp"

using namespace gemel;

namespace {

static_assert(Optimizer<AnyOptimizer<float>, float> && Optimizer<AnyOptimizer<double>, double>);

/// The hash of a training of 12 batches, some with inactive samples: losses, parameters and the optimizer's state.
template <class Model, class Source, class LossType, class O>
std::uint64_t trained(Model model, Source source, const LossType& loss, O optimizer, Index threads) {
  TrainingStep step{model, loss, optimizer, {.threads = threads, .seed = 5}};
  test::Hash hash;
  for (Index epoch = 0; epoch < 3; ++epoch) {
    detail::start_epoch(source, 9, epoch, 13, true, nullptr);
    for (Index k = 0; k < std::min<Index>(source.batches(), 4); ++k) hash.add(std::vector<double>{step(source, k)});
  }
  hash.add(model.parameters());
  const auto state = optimizer.state();
  for (const auto& array : state.arrays) {
    hash.add(array.name);
    hash.add(array.values);
  }
  hash.add(std::vector<std::int64_t>{*state.step});
  return hash.value();
}

using FixedNet = Network<float, Dense<9, 21, LeakyReLU>, Dropout<21>, Dense<21, 14, ReLU>, Dense<14, 6>>;

template <class Metric, class Source, class LossType, class O>
void check_any_parts(const Metric& metric, const Source& source, const LossType& loss, const O& optimizer) {
  Rng rng{1};
  const Siamese<FixedNet, Metric> model{FixedNet{rng}, metric};
  const std::uint64_t expected = trained(model, source, loss, optimizer, 1);
  for (const Index threads : {1, 3}) {
    CAPTURE(threads);
    CHECK(trained(AnyModel<float>{model}, AnyPairSource<float>{source}, AnyLoss{loss}, AnyOptimizer<float>{optimizer},
                  threads) == expected);
  }
}

/// A layer that counts the blocks that it updates while it computes their gradient.
struct CountingDense : Dense<9, 6> {
  static inline Index blocks = 0;

  template <class Block>
  void fused_update(ColumnList<float> x, ColumnList<float> dz, Index first, const Block& block) const {
    ++blocks;
    Dense<9, 6>::fused_update(x, dz, first, block);
  }
};

Samples<float> samples_of_any() {
  Rng rng{2};
  return uniform<float>(9, 40, rng);
}
Classes classes_of_any() {
  std::vector<int> classes;
  for (int i = 0; i < 40; ++i) classes.push_back(i % 6);
  return Classes(classes);
}

}  // namespace

TEST_CASE("training with parts chosen at run time is bit-identical to training with static ones", "[any_optimizer]") {
  const Samples<float> x = samples_of_any();
  const Classes classes = classes_of_any();
  const PairSampler<float> sampler{x, classes};
  check_any_parts(Euclidean{}, sampler, ContrastiveLoss{}, RMSprop<float>{});
  check_any_parts(SquaredEuclidean{}, sampler.pairs(1), HadsellLoss{.margin = 0.5},
                  SGD<float>{{.momentum = 0.5, .weight_decay = 0.01, .dialect = Dialect::PyTorch}});
  check_any_parts(Manhattan{}, InBatchPairs<float>{x, classes}, PositiveMarginLoss{},
                  Adam<float>{{.amsgrad = true, .clipnorm = 0.01}});
  check_any_parts(Cosine{}, sampler, OnlineContrastiveLoss{.margin = 0.5}, AdamW<float>{{.learning_rate = 0.01}});
}

TEST_CASE("AnyOptimizer's chosen optimizer updates while the gradient is computed", "[any_optimizer]") {
  Rng rng{3};
  Siamese<Network<float, CountingDense>> model{rng};
  PairSampler<float> source{samples_of_any(), classes_of_any()};
  source.start_epoch(1, 0, 8, true);
  const auto blocks = [&](AnyOptimizer<float> optimizer) {
    CountingDense::blocks = 0;
    TrainingStep step{model, AnyLoss{}, optimizer};
    step(source, 0);
    return CountingDense::blocks;
  };
  CHECK(blocks(RMSprop<float>{}) == 1);
  CHECK(blocks(SGD<float>{}) == 1);
  CHECK(blocks(Adam<float>{}) == 1);
  CHECK(blocks(RMSprop<float>{{.momentum = 0.9}}) == 0);
  CHECK(blocks(Adam<float>{{.global_clipnorm = 1}}) == 0);
}

TEST_CASE("AnyOptimizer forwards to the chosen optimizer", "[any_optimizer]") {
  AnyOptimizer<double> any = AdamW<double>{{.learning_rate = 0.25, .clipvalue = 3}};
  CHECK(any.learning_rate() == 0.25);
  any.learning_rate(0.5);
  CHECK(any.learning_rate() == 0.5);
  CHECK_THROWS_AS(any.learning_rate(-1), ValueError);
  CHECK(any.clipping().clipvalue == 3);
  CHECK(any.penalty() == 0);
  CHECK(AnyOptimizer<double>{RMSprop<double>{{.weight_decay = 0.125, .dialect = Dialect::PyTorch}}}.penalty() == 0.125);
  CHECK(AnyOptimizer<double>{SGD<double>{}}.penalty() == 0);  // SGD has no such member

  // One step of the default optimizer, RMSprop, as in a user's own loop.
  AnyOptimizer<double> mine;
  RMSprop<double> expected;
  std::vector<double> w = {1, -2}, v = w;
  const std::vector<double> g = {0.5, 3};
  mine.reserve(2), mine.advance(), mine.update(0, g, w);
  expected.reserve(2), expected.advance(), expected.update(0, g, v);
  CHECK(w == v);
  CHECK(*mine.state().step == 1);
  CHECK(mine.state().arrays.at(0).name == "v");
  CHECK(mine.state().arrays.at(0).values[1] == expected.state().arrays.at(0).values[1]);
}

TEST_CASE("an AnyOptimizer of another kind may be assigned, and starts without state", "[any_optimizer]") {
  Rng rng{4};
  PairSampler<float> sampler{samples_of_any(), classes_of_any()};
  sampler.start_epoch(1, 0, 8, true);
  const AnyPairSource<float> source = sampler;
  AnyModel<float> model{FixedNet{rng}};
  AnyOptimizer<float> optimizer;
  TrainingStep step{model, AnyLoss{}, optimizer, {.seed = 5}};
  step(source, 0);

  AnyModel<float> same = model;
  optimizer = SGD<float>{{.momentum = 0.9}};
  step(source, 1);
  AnyOptimizer<float> anew = SGD<float>{{.momentum = 0.9}};
  TrainingStep other{same, AnyLoss{}, anew, {.seed = 5}};
  other.steps(1);
  other(source, 1);
  CHECK(model.parameters() == same.parameters());
  CHECK(*optimizer.state().step == 1);
}

TEST_CASE("a step with parts chosen at run time allocates only the first time", "[any_optimizer]") {
  Rng rng{5};
  PairSampler<float> sampler{samples_of_any(), classes_of_any()};
  sampler.start_epoch(1, 0, 8, true);
  const AnyPairSource<float> source = sampler;
  const std::vector<AnyOptimizer<float>> optimizers = {RMSprop<float>{}, SGD<float>{}, Adam<float>{}, AdamW<float>{}};
  for (AnyOptimizer<float> optimizer : optimizers) {
    AnyModel<float> model{FixedNet{rng}, Cosine{}};
    TrainingStep step{model, AnyLoss{HadsellLoss{}}, optimizer, {.threads = 2}};
    step(source, 0);
    const long before = allocation_count;
    step(source, 0);
    step(source, 0);
    const long allocated = allocation_count - before;
    CHECK(allocated == 0);
  }
}
