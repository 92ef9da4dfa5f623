// Hashes of the results of short trainings. They are the same for every compiler and every instruction set with a fused
// multiply-add, on x86-64, aarch64 and s390x. If a change alters the arithmetic, they must be recorded again.

#include <cstdint>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "gemel/gemel.hpp"
#include "hash.hpp"
#include "instruction_sets.hpp"

using namespace gemel;
using test::for_each_fused;

namespace {

/// The hash of losses, parameters and optimizer state after three epochs on noise in 7 classes. The sizes are not
/// multiples of the sizes of the kernels' tiles.
template <class S, class Optimizer, class Loss = ContrastiveLoss, class Metric = Euclidean, class... Layers>
std::uint64_t train(Optimizer optimizer, Loss loss, Metric metric, Layers... layers) {
  Rng rng{3};
  Siamese model{make_network<S>(rng, layers...), metric};
  std::vector<int> classes;
  for (int i = 0; i < 45; ++i) classes.push_back(i % 7);
  PairSampler<S> sampler{uniform<S>(model.network().in(), 45, rng), classes};
  TrainingStep step{model, loss, optimizer, {.seed = 5}};
  test::Hash hash;
  for (Index epoch = 0; epoch < 3; ++epoch) {
    sampler.start_epoch(9, epoch, 13, true);
    for (Index k = 0; k < sampler.batches(); ++k) hash.add(std::vector<double>{step(sampler, k)});
  }
  hash.add(model.parameters());
  for (const auto& array : optimizer.state().arrays) hash.add(array.values);
  return hash.value();
}

template <class S, class Optimizer>
std::uint64_t train(Optimizer optimizer) {
  return train<S>(std::move(optimizer), ContrastiveLoss{.margin = 0.4}, Euclidean{},
                  Dense<Dynamic, Dynamic, ReLU>{35, 150}, Dense<Dynamic, Dynamic, LeakyReLU>{150, 71},
                  Dense<Dynamic, Dynamic, Linear>{71, 5});
}

template <template <class> class Optimizer, class Options>
void check(const Options& options, std::uint64_t in_float, std::uint64_t in_double) {
  for_each_fused([&] {
    CHECK(train<float>(Optimizer<float>{options}) == in_float);
    CHECK(train<double>(Optimizer<double>{options}) == in_double);
  });
}

}  // namespace

TEST_CASE("training with every optimizer gives the recorded bits") {
  SECTION("SGD") {
    check<SGD>(SGDOptions{}, 0x58f385b90601a159, 0x2de55ba8fbe0d787);
    check<SGD>(SGDOptions{.momentum = 0.9, .weight_decay = 1e-3}, 0x4479700dcb2858c1, 0x349a9c102752b2c2);
    check<SGD>(SGDOptions{.momentum = 0.9, .nesterov = true, .dialect = Dialect::PyTorch}, 0xc7b42f8b41442c76,
               0xe8ab78151cb802d1);
  }
  SECTION("RMSprop") {
    check<RMSprop>(RMSpropOptions{}, 0x3ecbef0667a05923, 0x39042a4a13c8488d);
    check<RMSprop>(RMSpropOptions{.momentum = 0.9, .centered = true, .global_clipnorm = 0.1}, 0xbaeef71b2ebde871,
                   0x5f2adadee4c1278d);
    check<RMSprop>(RMSpropOptions{.momentum = 0.9, .weight_decay = 1e-3, .dialect = Dialect::PyTorch},
                   0x70010015c247a414, 0xebffda52ff15e980);
  }
  SECTION("Adam") {
    check<Adam>(AdamOptions{}, 0x95ce9302a3af8d94, 0x38961e455d80a711);
    check<Adam>(AdamOptions{.weight_decay = 1e-3, .clipnorm = 0.1}, 0x04ef22ff4cb655e2, 0x0bad60715a3bd639);
    check<Adam>(AdamOptions{.amsgrad = true, .weight_decay = 1e-3, .dialect = Dialect::PyTorch}, 0x748335736b4914fd,
                0x509e9b505075189e);
  }
}

TEST_CASE("training on class batches with refreshed neighbours gives the recorded bits") {
  for_each_fused([] {
    Rng rng{3};
    Siamese model{make_network<float>(rng, Dense<Dynamic, Dynamic, ReLU>{35, 37}, Dense<37, 5>{})};
    std::vector<int> classes;
    for (int i = 0; i < 90; ++i) classes.push_back(i * i % 23);
    const Samples<float> x = uniform<float>(35, 90, rng);
    const Neighbours neighbours{nearest_of_other_classes(x.matrix(), classes, 3)};
    ClassBatches<float> source{x, classes, {.classes = 4, .samples = 3, .neighbours = neighbours}};
    SGD<float> optimizer{{.learning_rate = 0.1}};
    TrainingStep step{model, ContrastiveLoss{.margin = 0.4}, optimizer};
    test::Hash samples, results;
    for (Index epoch = 0; epoch < 3; ++epoch) {
      source.start_epoch(9, epoch, 32, true);
      for (Index k = 0; k < source.batches(); ++k) {
        results.add(std::vector<double>{step(source, k)});
        Batch<float> batch;
        source.batch(k, batch);
        for (const Index sample : batch.samples) samples.add(std::vector<std::int64_t>{sample});
      }
      neighbours.refresh(nearest_of_other_classes(model.embed(x.columns()), classes, 3));
    }
    results.add(model.parameters());
    CHECK(samples.value() == 0x645323fb3d12e894);
    CHECK(results.value() == 0xf3cc7c41ec9a713d);
  });
}

TEST_CASE("training with every loss, distance and kind of layer gives the recorded bits") {
  const auto layers = [](auto loss, auto metric) {
    return train<float>(SGD<float>{{.learning_rate = 0.1}}, loss, metric, Dense<Dynamic, Dynamic, ReLU>{35, 37},
                        Dropout<Dynamic>{37, 0.2}, Dense<Dynamic, Dynamic, Linear>{37, 21}, L2Normalize<Dynamic>{21});
  };
  for_each_fused([&] {
    CHECK(layers(HadsellLoss{.margin = 0.4}, Manhattan{}) == 0x74d945b7a32ceea7);
    CHECK(layers(UnsquaredContrastiveLoss{.margin = 0.4}, SquaredEuclidean{}) == 0x97d82e79bb9fb775);
    CHECK(layers(OnlineContrastiveLoss{.margin = 0.4}, Cosine{}) == 0x89e629fd41df8520);
    CHECK(layers(PositiveMarginLoss{}, Euclidean{}) == 0xe83a690fd33f6daf);
  });
}
