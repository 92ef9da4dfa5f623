#include <vector>

#include "catch.hpp"
#include "gemel/gemel.hpp"

using namespace gemel;

namespace {

struct Trained {
  std::vector<double> loss;
  VectorX<float> parameters;
};

/// Trains a model on 40 pairs, of which some share samples; `Source`, `LossType` and `OptimizerType` are the types with
/// which `fit` is compiled.
template <class Source, class LossType, class OptimizerType, class Model>
Trained train(Model model) {
  Rng rng{7};
  std::vector<PairIndex> indices;
  std::vector<int> labels;
  for (Index i = 0; i < 40; ++i) {
    indices.push_back({i % 11, 11 + i % 13});
    labels.push_back(i % 3 == 0);
  }
  const Source source = Pairs<float>{uniform<float>(5, 24, rng), indices, labels};
  OptimizerType optimizer = RMSprop<float>{{.learning_rate = 1e-2}};
  const LossType loss = ContrastiveLoss{.margin = 0.8};
  const History history = fit(model, source, loss, optimizer, {.epochs = 4, .batch_size = 9}, rng);
  return {history.loss, model.parameters()};
}

}  // namespace

TEST_CASE("the compiled parts train a static network and an AnyModel to the same bits", "[list]") {
  Rng rng{3};
  const Siamese model{make_network<float>(rng, Dense<5, 7, ReLU>{}, Dense<7, 4, ReLU>{})};
  const Trained chosen = train<Pairs<float>, ContrastiveLoss, RMSprop<float>>(model);
  const Trained any = train<AnyPairSource<float>, AnyLoss, AnyOptimizer<float>>(AnyModel<float>{model});
  REQUIRE(chosen.loss.size() == 4);
  CHECK(chosen.loss.back() < chosen.loss.front());
  CHECK(any.loss == chosen.loss);
  CHECK(any.parameters == chosen.parameters);
  CHECK(chosen.parameters != model.parameters());
}
