#include "gemel/training/backward_pass.hpp"

#include <span>
#include <vector>

#include "catch.hpp"
#include "gemel/data/classes.hpp"
#include "gemel/data/in_batch_pairs.hpp"
#include "gemel/data/pairs.hpp"
#include "gemel/data/samples.hpp"
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

// A Dense without the members of MeasuringLayer: they are inherited, but not used.
template <Index In, Index Out, class Activate>
struct Plain : Dense<In, Out, Activate> {};

// The same, but its outputs are twice those of a Dense.
struct Doubled : Dense<4, 3, ReLU> {
  template <Scalar S>
  void forward(std::span<const S> p, ColumnList<S> x, Columns<S> y, const Pass& pass) const {
    Dense::forward(p, x, y, pass);
    y *= 2;
  }
};

static_assert(MeasuringLayer<Dense<4, 3, ReLU>, float> && MeasuringLayer<Dense<4, 3, Tanh>, double>);
static_assert(!MeasuringLayer<Plain<4, 3, ReLU>, float> && Layer<Plain<4, 3, ReLU>, float>);
static_assert(!MeasuringLayer<Doubled, float>);

// The parameters after some steps with a source's batches, and what the step measured.
struct Trained {
  VectorX<double> parameters;
  std::vector<double> measured = {};
  bool operator==(const Trained&) const = default;
};
template <class First, class Second, class Third, Scalar S, class Source>
Trained train(Source source, const TrainingStepOptions& options, S) {
  Rng rng{5};
  Siamese model{make_network<S>(rng, First{}, Second{}, Third{})};
  RMSprop<S> optimizer;
  TrainingStep step{model, ContrastiveLoss{}, optimizer, options};
  source.start_epoch(1, 0, 20, true);
  Trained result;
  for (Index k = 0; k < source.batches(); ++k) result.measured.push_back(step(source, k));
  for (Index k = 0; k < 3; ++k) result.measured.push_back(static_cast<double>(step.max_abs_output(k)));
  result.measured.push_back(static_cast<double>(step.max_abs_feature()));
  result.parameters = VectorX<S>(model.parameters()).template cast<double>();
  return result;
}

// Compares layers that measure their passes with layers that do not.
template <class First, class Second, class Third, Scalar S>
void compare_with_plain() {
  Rng rng{6};
  const MatrixX<S> x = normal<S>(37, 60, rng);
  std::vector<int> similar, classes;
  for (int i = 0; i < 60; ++i) {
    classes.push_back(i % 7);
    if (i % 2 == 0) similar.push_back(i % 3 == 0);
  }
  const Pairs<S> pairs{x.leftCols(30), x.rightCols(30), Labels(similar)};
  const InBatchPairs<S> in_batch{Samples<S>(x), Classes(classes)};
  for (const bool skip : {false, true}) {
    for (const Index threads : {1, 2}) {
      const TrainingStepOptions options{.threads = threads, .skip_inactive = skip};
      CAPTURE(skip, threads);
      const auto same = [&](const auto& source) {
        const auto measuring = train<typename First::ExactType, typename Second::ExactType, typename Third::ExactType>(
            source, options, S{});
        return train<First, Second, Third>(source, options, S{}) == measuring &&
               train<typename First::ExactType, Second, typename Third::ExactType>(source, options, S{}) == measuring;
      };
      CHECK(same(pairs));
      CHECK(same(in_batch));
    }
  }
}

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

TEMPLATE_TEST_CASE("layers that measure their passes give the same bits as layers that do not", "[backward_pass]",
                   float, double) {
  using S = TestType;
  compare_with_plain<Plain<37, 33, ReLU>, Plain<33, 18, ReLU>, Plain<18, 20, ReLU>, S>();
  compare_with_plain<Plain<37, 33, ReLU>, Plain<33, 18, Tanh>, Plain<18, 20, Linear>, S>();
  compare_with_plain<Plain<37, 33, Linear>, Plain<33, 18, ReLU>, Plain<18, 20, Tanh>, S>();
}

TEST_CASE("a class derived from Dense keeps its own forward pass", "[backward_pass]") {
  Rng rng{7};
  RMSprop<float> optimizer;
  Siamese doubled{make_network<float>(rng, Doubled{})};
  Siamese plain{make_network<float>(rng, Dense<4, 3, ReLU>{})};
  plain.set_parameters(doubled.parameters());
  const auto loss = [&](auto& model) {
    return TrainingStep{model, ContrastiveLoss{}, optimizer, {}}.evaluate(similar_pairs(), 0);
  };
  CHECK(loss(plain) > 0);
  CHECK(loss(doubled) == 4 * loss(plain));  // the loss of similar pairs is the mean of d^2
}
