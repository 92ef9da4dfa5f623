#include "gemel/training/backward_pass.hpp"

#include <span>
#include <vector>

#include "catch.hpp"
#include "gemel/data/pairs.hpp"
#include "gemel/loss/contrastive_loss.hpp"
#include "gemel/network/dense.hpp"
#include "gemel/network/l2_normalize.hpp"
#include "gemel/network/network.hpp"
#include "gemel/network/parameterless.hpp"
#include "gemel/network/siamese.hpp"
#include "gemel/optimizer/rmsprop.hpp"
#include "gemel/training/step.hpp"

using namespace gemel;

namespace {

// Copies its input. Its backward pass must never be called.
struct OneWay : Parameterless {
  Index in() const { return 4; }
  Index out() const { return 4; }
  template <Scalar S>
  void forward(std::span<const S>, ColumnList<S> x, Columns<S> y, const Pass&) const {
    for (Index j = 0; j < y.cols(); ++j) y.col(j) = x.column(j);
  }
  template <Scalar S>
  void backward(std::span<const S>, ColumnList<S>, ColumnList<S>, Columns<S>, Columns<S>, const Pass&) const {
    throw ValueError("the backward pass reached a layer that is not trained");
  }
};

// Copies its input too, but has a parameter that has no effect. Its dx is not needed.
struct First {
  Index in() const { return 4; }
  Index out() const { return 4; }
  Index parameter_count() const { return 1; }
  Index grain() const { return 1; }
  std::vector<Index> variables() const { return {1}; }
  template <Scalar S>
  void initialize(std::span<S> p, Rng&) const {
    p[0] = 1;
  }
  template <Scalar S>
  void forward(std::span<const S>, ColumnList<S> x, Columns<S> y, const Pass&) const {
    for (Index j = 0; j < y.cols(); ++j) y.col(j) = x.column(j);
  }
  template <Scalar S>
  void backward(std::span<const S>, ColumnList<S>, ColumnList<S>, Columns<S> dy, Columns<S> dx, const Pass&) const {
    if (dx.size() > 0) throw ValueError("the unused dx was asked for");
    if (dy.isZero(0)) throw ValueError("its dy is missing");
  }
  template <Scalar S>
  void add_gradient(ColumnList<S>, ColumnList<S>, Index, std::span<S>) const {}
};

Pairs<float> similar_pairs() {
  Rng rng{2};
  return {normal<float>(4, 5, rng), normal<float>(4, 5, rng), Labels{1, 1, 1, 1, 1}};
}

}  // namespace

TEST_CASE("the backward pass ends at the first layer with parameters", "[backward_pass]") {
  Rng rng{3};
  RMSprop<float> optimizer;
  Siamese model{make_network<float>(rng, OneWay{}, L2Normalize<4>{}, First{}, Dense<4, 3>{})};
  TrainingStep step{model, ContrastiveLoss{}, optimizer, {.threads = 2}};
  const VectorX<float> before = model.parameters();
  const double loss = step(similar_pairs(), 0);
  CHECK(step(similar_pairs(), 0) < loss);
  CHECK(step.active_samples() == 10);
  CHECK(model.parameters()[0] == 1);
  CHECK((model.parameters().array() != before.array()).count() ==
        12);  // the weights only: a bias cancels in the difference

  // If no layer has parameters, there is no backward pass, and the loss is computed as before.
  Siamese none{make_network<float>(rng, OneWay{}, L2Normalize<4>{}, OneWay{})};
  TrainingStep idle{none, ContrastiveLoss{}, optimizer, {.threads = 2}};
  const double first = idle(similar_pairs(), 0);
  CHECK(first > 0);
  CHECK(idle(similar_pairs(), 0) == first);
  CHECK(idle.active_samples() == 10);
  CHECK(idle.gradient(similar_pairs(), 0).empty());
}
