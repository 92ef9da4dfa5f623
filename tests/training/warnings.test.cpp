#include "gemel/training/warnings.hpp"

#include <string>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "gemel/network/dense.hpp"
#include "gemel/network/dropout.hpp"
#include "gemel/network/siamese.hpp"
#include "gemel/training/contrastive_loss.hpp"
#include "gemel/training/fit.hpp"
#include "gemel/training/sgd.hpp"

using namespace gemel;

namespace {

using Model = Siamese<Network<float, Dense<3, 6, ReLU>, Dropout<6>, Dense<6, 5, ReLU>, Dense<5, 2>>>;

Pairs<float> pairs(const std::vector<int>& labels) {
  Rng rng{1};
  const Index n = length(labels);
  return {normal<float>(3, n, rng), normal<float>(3, n, rng), labels};
}

template <class AnyModel>
std::vector<std::string> warnings_of(AnyModel& model, const Pairs<float>& source, double rate, Index epochs) {
  SGD<float> optimizer{{.learning_rate = rate}};
  Rng rng{2};
  return fit(model, source, ContrastiveLoss{.margin = 1.0}, optimizer, {.epochs = epochs, .batch_size = 4}, rng)
      .warnings;
}

bool begins(const std::vector<std::string>& warnings, const std::string& text) {
  return warnings.size() == 1 && warnings[0].find(text) == 0;
}

}  // namespace

TEST_CASE("a training that learns gets no warning", "[warnings]") {
  Rng rng{3};
  Model model{rng};
  CHECK(warnings_of(model, pairs({1, 0, 1, 0, 0, 1, 0, 1}), 0.05, 30).empty());
}

TEST_CASE("a layer of dead units is named, once, with the epoch", "[warnings]") {
  Rng rng{4};
  Model model{rng};
  VectorX<float> p = model.parameters();
  const Index bias = model.network().offset(2) + 30;  // the second ReLU layer is leaf 2
  p.segment(bias, 5).setConstant(-100);
  model.set_parameters(p);
  const auto warnings = warnings_of(model, pairs({1, 0, 1, 0, 0, 1, 0, 1}), 0.05, 5);
  CHECK(begins(warnings, "layer 2 is dead (since epoch 0): "));
}

TEST_CASE("units that die of a rate too high are seen when they are dead", "[warnings]") {
  Rng rng{5};
  Siamese<Network<float, Dense<3, 6, ReLU>>> model{rng};
  const auto source = pairs({1, 1, 1, 1, 1, 1, 1, 1});
  CHECK(warnings_of(model, source, 1.0, 1).empty());
  CHECK(begins(warnings_of(model, source, 1.0, 10), "layer 0 is dead (since epoch "));
}

TEST_CASE("a distance in another unit than the embedding's is not taken for a collapse", "[warnings]") {
  Rng rng{6};
  const auto check = [&](auto metric, double size, bool collapsed) {
    Siamese<Network<float, Dense<3, 2>>, decltype(metric)> model{rng};
    VectorX<float> p = model.parameters() * static_cast<float>(size);
    p.tail(2).setConstant(1);
    model.set_parameters(p);
    CHECK(warnings_of(model, pairs({1, 1, 1, 1}), 1e-9, 1).empty() == !collapsed);
  };
  struct Wrapped : Euclidean {};  // a user's own, which says its unit
  check(Wrapped{}, 1e-6, true);
  check(Euclidean{}, 1e-6, true);
  check(SquaredEuclidean{}, 1e-6, true);
  check(SquaredEuclidean{}, 1e-3, false);
  check(Cosine{}, 1e6, false);
}

TEST_CASE("an embedding that collapses is told", "[warnings]") {
  Rng rng{6};
  Siamese<Network<float, Dense<3, 2>>> model{rng};
  VectorX<float> p = model.parameters();
  p.tail(2).setConstant(1);  // a point to fall into that is not 0
  model.set_parameters(p);
  CHECK(warnings_of(model, pairs({1, 1, 1, 1, 1, 1, 1, 1}), 0.05, 3).empty());
  const auto warnings = warnings_of(model, pairs({1, 1, 1, 1, 1, 1, 1, 1}), 0.05, 500);
  CHECK(begins(warnings, "the embedding has collapsed (since epoch "));
}
