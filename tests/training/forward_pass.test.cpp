#include "gemel/training/forward_pass.hpp"

#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "gemel/data/pair_sampler.hpp"
#include "gemel/data/pairs.hpp"
#include "gemel/loss/contrastive_loss.hpp"
#include "gemel/network/any_network.hpp"
#include "gemel/network/siamese.hpp"
#include "gemel/optimizer/rmsprop.hpp"
#include "gemel/training/step.hpp"
#include "mentions.hpp"

using namespace gemel;

namespace {

// Features whose size does not suit the initial weights.
MatrixX<float> far_samples() {
  Rng rng{8};
  MatrixX<float> x = normal<float>(9, 45, rng);
  for (Index i = 0; i < 9; ++i) x.row(i) *= static_cast<float>(1 + 100 * i);
  return x.array() + 1e4F;
}

// The losses of three epochs, followed by all parameters.
template <class Net>
std::vector<float> trained(Net network, const MatrixX<float>& x, Index threads) {
  Siamese model{std::move(network)};
  std::vector<int> classes;
  for (int i = 0; i < 45; ++i) classes.push_back(i % 7);
  PairSampler<float> sampler{Samples<float>{x}, classes};
  RMSprop<float> optimizer;
  TrainingStep step{model, ContrastiveLoss{.margin = 0.6}, optimizer, {.threads = threads, .seed = 5}};
  std::vector<float> result;
  for (Index epoch = 0; epoch < 3; ++epoch) {
    sampler.start_epoch(9, epoch, 13, true);
    for (Index k = 0; k < sampler.batches(); ++k) result.push_back(static_cast<float>(step(sampler, k)));
  }
  result.insert(result.end(), model.parameters().begin(), model.parameters().end());
  return result;
}

using HiddenLayer = Dense<Dynamic, Dynamic, ReLU>;

Pairs<float> pairs_of_size(float size = 1) {
  Rng rng{2};
  return {size * normal<float>(4, 5, rng), size * normal<float>(4, 5, rng), Labels{1, 1, 1, 1, 1}};
}

template <class Step>
NonFiniteError non_finite(Step& step, const Pairs<float>& pairs) {
  try {
    step(pairs, 0);
  } catch (const NonFiniteError& error) {
    return error;
  }
  return NonFiniteError("no error");
}

}  // namespace

TEST_CASE("training behind a fitted layer is bit-identical to training on its outputs", "[forward_pass]") {
  const MatrixX<float> x = far_samples();
  const Standardize<9> standardize{x, {.clip = 1.5}};
  const auto rescale = Rescale<9>::to_unit_range(x);
  const MatrixX<float> scaled = rescale.transform(standardize.transform(x));
  const std::vector<AnyLayer> layers = {HiddenLayer{9, 33}, Dropout<>{33, 0.2}, HiddenLayer{33, 17}, Dropout<>{17, 0.1},
                                        HiddenLayer{17, 6}};
  Rng rng{4};
  const AnyNetwork<float> plain{rng, Sequence<AnyLayer>{layers}};
  const std::vector<float> expected = trained(plain, scaled, 1);
  CHECK(trained(plain, scaled, 3) == expected);
  CHECK(trained(plain, standardize.transform(x), 1) != expected);

  for (const Index threads : {1, 3}) {
    CAPTURE(threads);
    CHECK(trained(prepend(standardize, prepend(rescale, plain)), x, threads) == expected);
    Rng same{4}, equal{4};
    CHECK(trained(make_network<float>(same, Standardize<>{standardize}, rescale, HiddenLayer{9, 33}, Dropout<33>{0.2},
                                      Dense<33, 17, ReLU>{}, Dropout<>{17, 0.1}, HiddenLayer{17, 6}),
                  x, threads) == expected);
    using Static = Network<float, Standardize<9>, Rescale<9>, Dense<9, 33, ReLU>, Dropout<33>, Dense<33, 17, ReLU>,
                           Dropout<17>, Dense<17, 6, ReLU>>;
    CHECK(trained(Static{equal, standardize, rescale, {}, Dropout<33>{0.2}, {}, Dropout<17>{0.1}, {}}, x, threads) ==
          expected);
  }
}

TEST_CASE("errors count a fitted layer as a layer, and explain an output that is not finite", "[forward_pass]") {
  Rng rng{3};
  RMSprop<float> optimizer;
  Siamese model{make_network<float>(rng, Standardize<4>{{0, 0, 0, 0}, {1, 1, 1e-30, 1}}, Dense<4, 3>{})};
  TrainingStep step{model, ContrastiveLoss{}, optimizer};
  const NonFiniteError far = non_finite(step, pairs_of_size(1e10F));
  CHECK(mentions(far.what(), "batch 0, layer 0, pair 0, sample 0, feature 2: the sample is so far from those"));
  CHECK(far.place().feature == 2);

  model.network().mutable_parameters()[2] = std::numeric_limits<float>::infinity();
  CHECK(mentions(non_finite(step, pairs_of_size()).what(), "layer 1: the layer's parameters are NaN or infinite"));

  // The inputs of a fitted layer behind another one are not features, so no feature is named.
  Siamese behind{make_network<float>(rng, Dense<4, 4>{}, Rescale<4>{{.factor = 1e30}}, Dense<4, 3>{})};
  TrainingStep later{behind, ContrastiveLoss{}, optimizer};
  const NonFiniteError output = non_finite(later, pairs_of_size(1e12F));
  CHECK(output.place().layer == 1);
  CHECK(!output.place().feature);
}

TEST_CASE("a network whose parameters moved to another layer is rejected", "[forward_pass]") {
  Rng rng{3};
  const std::vector<AnyLayer> layers = {Rescale<>{4, {.factor = 2}}, HiddenLayer{4, 4}};
  Siamese model{AnyNetwork<float>{rng, Sequence<AnyLayer>{layers}}};
  RMSprop<float> optimizer;
  TrainingStep step{model, ContrastiveLoss{}, optimizer};
  step(pairs_of_size(), 0);
  model.network() = AnyNetwork<float>{rng, Sequence<AnyLayer>{{layers[1], layers[0]}}};
  CHECK_THROWS_AS(step(pairs_of_size(), 0), ShapeError);
}
