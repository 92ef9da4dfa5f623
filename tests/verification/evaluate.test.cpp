#include "gemel/verification/evaluate.hpp"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "catch.hpp"
#include "gemel/core/random.hpp"
#include "gemel/loss/contrastive_loss.hpp"
#include "gemel/network/dense.hpp"
#include "gemel/network/siamese.hpp"
#include "gemel/optimizer/sgd.hpp"
#include "gemel/training/fit.hpp"
#include "mentions.hpp"
#include "verification/stub_model.hpp"

using namespace gemel;

namespace {

// Samples (3 x 5) whose first feature is the index of their column.
MatrixX<float> numbered_samples() {
  MatrixX<float> x = MatrixX<float>::Zero(3, 5);
  for (Index j = 0; j < 5; ++j) x(0, j) = static_cast<float>(j);
  return x;
}

}  // namespace

TEST_CASE("a sample that several pairs share is embedded once", "[evaluate]") {
  Index embedded = 0;
  const StubModel model{.embedded = &embedded};
  const Pairs<float> pairs{numbered_samples(), {{0, 1}, {4, 1}, {1, 4}, {3, 3}, {0, 4}}, {1, 0, 0, 1, 0}};
  const VectorX<float> d = distances(model, pairs);
  CHECK(embedded == 4);  // sample 2 is in no pair
  REQUIRE(d.size() == 5);
  CHECK(d == VectorX<float>{{2, 6, 6, 0, 8}});
}

TEST_CASE("distances of slices, and of more pairs than one block", "[evaluate]") {
  Rng rng{3};
  const MatrixX<float> a = uniform<float>(3, 2500, rng);
  const MatrixX<float> b = uniform<float>(3, 2500, rng);
  const Pairs<float> pairs{a, b, coin_flips(2500, rng)};
  Index embedded = 0;
  const VectorX<float> d = distances(StubModel{.embedded = &embedded}, pairs);
  CHECK(embedded == 5000);
  Index wrong = 0;
  for (Index i = 0; i < 2500; ++i) wrong += std::abs(d[i] - 2 * (a.col(i) - b.col(i)).norm()) > 1e-5f;
  CHECK(wrong == 0);
  CHECK(distances(StubModel{}, pairs.slice(1100, 7)) == d.segment(1100, 7));
}

TEST_CASE("distances are bit-identical to those of the model", "[evaluate]") {
  Rng rng{4};
  const Siamese<Network<float, Dense<3, 7, ReLU>, Dense<7, 4, ReLU>>> model{rng};
  const MatrixX<float> a = uniform<float>(3, 40, rng);
  const MatrixX<float> b = uniform<float>(3, 40, rng);
  CHECK(distances(model, Pairs<float>{a, b, coin_flips(40, rng)}) == model.distance(a, b));

  const MatrixX<float> wide = uniform<float>(4, 40, rng);
  CHECK_THROWS_AS(distances(model, Pairs<float>{wide, wide, coin_flips(40, rng)}), ShapeError);
}

TEST_CASE("evaluate returns the loss and the ROC", "[evaluate]") {
  const Pairs<float> pairs{numbered_samples(), {{0, 1}, {1, 2}, {2, 4}, {0, 4}, {3, 3}}, {1, 1, 0, 0, 0}};
  const StubModel model{.scale = 0.25f};  // the distances are 1/4, 1/4, 1/2, 1, 0
  const Evaluation evaluation = evaluate(model, pairs, ContrastiveLoss{.margin = 1.0});
  CHECK(std::abs(evaluation.loss - (1.0 / 16 + 1.0 / 16 + 1.0 / 4 + 0 + 1) / 5) <= 1e-12);
  CHECK(std::abs(evaluation.roc.auc() - 4.0 / 6) <= 1e-12);
  CHECK(std::abs(evaluation.roc.far(0.3) - 1.0 / 3) <= 1e-12);
  CHECK(evaluation.roc.frr(0.3) == 0);
}

TEST_CASE("evaluate weights the loss like fit's validation, and counts each pair once in the ROC", "[evaluate]") {
  const std::vector<PairIndex> indices{{0, 1}, {1, 2}, {2, 4}, {0, 4}, {3, 3}};
  const Pairs<float> pairs{numbered_samples(), indices, {1, 1, 0, 0, 0}, {2, 0, 3, 1, 0.5f}};
  const ContrastiveLoss loss{.margin = 1.0};
  const StubModel model{.scale = 0.25f};  // the distances are 1/4, 1/4, 1/2, 1, 0
  const Evaluation evaluation = evaluate(model, pairs, loss);
  CHECK(std::abs(evaluation.loss - (2.0 / 16 + 0 + 3.0 / 4 + 0 + 0.5) / 5) <= 1e-12);
  CHECK(evaluation.roc.similar() == 2);
  CHECK(std::abs(evaluation.roc.auc() - 4.0 / 6) <= 1e-12);
  CHECK(std::abs(evaluate(model, pairs.slice(1, 2), ContrastiveLoss{.margin = 1.0}).loss - 0.75 / 2) <= 1e-12);

  // The validation loss of fit is the same. With a learning rate of 0, the parameters stay unchanged.
  Rng rng{5};
  Siamese<Network<float, Dense<3, 4, ReLU>>> network{rng};
  const Pairs<float> some = pairs.slice(0, 4);
  SGD<float> optimizer{{.learning_rate = 0}};
  const History history =
      fit(network, some, loss, optimizer, {.epochs = 1, .batch_size = 3, .validation = &pairs}, rng);
  CHECK(std::abs(evaluate(network, pairs, loss).loss - history.validation_loss[0]) <= 1e-6);
}

TEST_CASE("evaluate warns if similar pairs are farther apart than dissimilar pairs", "[evaluate]") {
  const std::vector<PairIndex> indices{{0, 4}, {1, 4}, {0, 1}, {1, 2}};
  const ContrastiveLoss loss{.margin = 1.0};
  const Pairs<float> reversed{numbered_samples(), indices, {1, 1, 0, 0}},
      good{numbered_samples(), indices, {0, 0, 1, 1}};
  const std::vector<std::string> warnings = evaluate(StubModel{}, reversed, loss).warnings;
  REQUIRE(warnings.size() == 1);
  CHECK(mentions(warnings[0], "similar pairs are farther apart than dissimilar ones (AUC 0)"));
  CHECK(mentions(warnings[0], "OneIsDissimilar"));
  CHECK(evaluate(StubModel{}, good, loss).warnings.empty());
  CHECK(evaluate(StubModel{.scale = 0}, good, loss).warnings.empty());
}

TEST_CASE("evaluate rejects pairs of one class, other numbers of features, and NaN", "[evaluate]") {
  const ContrastiveLoss loss{.margin = 1.0};
  const std::vector<PairIndex> indices{{0, 1}, {1, 2}};
  CHECK_THROWS_AS(evaluate(StubModel{}, Pairs<float>{numbered_samples(), indices, {1, 1}}, loss), ValueError);
  CHECK_THROWS_AS(evaluate(StubModel{.features = 5}, Pairs<float>{numbered_samples(), indices, {1, 0}}, loss),
                  ShapeError);
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    MatrixX<float> x = numbered_samples();
    x(1, 2) = bad;
    try {
      evaluate(StubModel{}, Pairs<float>{x, indices, {1, 0}}, loss);
      CHECK(false);
    } catch (const NonFiniteError& error) {
      CHECK(error.place().pair == 1);
    }
  }
}
