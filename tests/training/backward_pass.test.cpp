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

// Copies, but must never be asked to go back.
struct OneWay : Parameterless {
  Index in() const { return 4; }
  Index out() const { return 4; }
  template <Scalar S>
  void forward(std::span<const S>, ColumnList<S> x, Columns<S> y, const Pass&) const {
    for (Index j = 0; j < y.cols(); ++j) y.col(j) = x.column(j);
  }
  template <Scalar S>
  void backward(std::span<const S>, ColumnList<S>, ColumnList<S>, Columns<S>, Columns<S>, const Pass&) const {
    throw ValueError("the backward pass came to a layer that nobody trains");
  }
};

// The same as a layer with a parameter that nothing moves, which must not be asked for its dx.
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
    if (dx.size() > 0) throw ValueError("a dx was asked for that nobody needs");
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
  CHECK((model.parameters().array() != before.array()).count() == 12);  // W's: the difference of two knows no bias

  // Where no layer has parameters it does not begin, and the loss is told as ever.
  Siamese none{make_network<float>(rng, OneWay{}, L2Normalize<4>{}, OneWay{})};
  TrainingStep idle{none, ContrastiveLoss{}, optimizer, {.threads = 2}};
  const double first = idle(similar_pairs(), 0);
  CHECK(first > 0);
  CHECK(idle(similar_pairs(), 0) == first);
  CHECK(idle.active_samples() == 10);
  CHECK(idle.gradient(similar_pairs(), 0).empty());
}
