#include "gemel/training/warnings.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "gemel/callback/lambda_callback.hpp"
#include "gemel/callback/learning_rate.hpp"
#include "gemel/loss/contrastive_loss.hpp"
#include "gemel/loss/hadsell_loss.hpp"
#include "gemel/network/any_network.hpp"
#include "gemel/network/dense.hpp"
#include "gemel/network/dropout.hpp"
#include "gemel/network/l2_normalize.hpp"
#include "gemel/network/siamese.hpp"
#include "gemel/optimizer/rmsprop.hpp"
#include "gemel/optimizer/sgd.hpp"
#include "gemel/training/fit.hpp"

using namespace gemel;

namespace {

using Model = Siamese<Network<float, Dense<3, 6, ReLU>, Dropout<6>, Dense<6, 5, ReLU>, Dense<5, 2>>>;

Pairs<float> pairs(const std::vector<int>& labels, float size = 1) {
  Rng rng{1};
  const Index n = length(labels);
  return {size * normal<float>(3, n, rng), size * normal<float>(3, n, rng), labels};
}

/// n similar pairs, and one pair of a sample with itself, labelled dissimilar: it has no gradient.
Pairs<float> pulled_together(Index n) {
  Rng rng{1};
  MatrixX<float> a = normal<float>(3, n + 1, rng), b = normal<float>(3, n + 1, rng);
  b.col(n) = a.col(n);
  std::vector<int> labels(static_cast<std::size_t>(n), 1);
  labels.push_back(0);
  return {a, b, labels};
}

const std::vector<int> both_kinds = {1, 0, 1, 0, 0, 1, 0, 1};

template <class AnyModel, class Source, class... Callbacks>
std::vector<std::string> warnings_of(AnyModel& model, const Source& source, double rate, Index epochs,
                                     Callbacks&&... callbacks) {
  SGD<float> optimizer{{.learning_rate = rate}};
  Rng rng{2};
  return fit(model, source, ContrastiveLoss{.margin = 1.0}, optimizer,
             {.epochs = epochs, .batch_size = 4, .shuffle = false}, rng, callbacks...)
      .warnings;
}

bool begins(const std::vector<std::string>& warnings, const std::string& text) {
  return warnings.size() == 1 && warnings[0].find(text) == 0;
}

}  // namespace

TEST_CASE("a training that learns gets no warning", "[warnings]") {
  Rng rng{3};
  Model model{rng};
  CHECK(warnings_of(model, pairs(both_kinds), 0.05, 30).empty());
}

TEST_CASE("a layer of dead units is reported once, with the epoch", "[warnings]") {
  Rng rng{4};
  Model model{rng};
  VectorX<float> p = model.parameters();
  const Index bias = model.network().offset(2) + 30;  // the second ReLU layer is leaf 2
  p.segment(bias, 5).setConstant(-100);
  model.set_parameters(p);
  const auto warnings = warnings_of(model, pairs(both_kinds), 0.05, 5);
  CHECK(begins(warnings, "layer 2 is dead (since epoch 1): "));
}

TEST_CASE("units that die because of a high rate are reported once all are dead", "[warnings]") {
  Rng rng{5};
  Siamese<Network<float, Dense<3, 6, ReLU>>> model{rng};
  const auto source = pulled_together(8);
  CHECK(warnings_of(model, source, 1.0, 1).empty());
  CHECK(begins(warnings_of(model, source, 1.0, 10), "layer 0 is dead (since epoch "));
}

TEST_CASE("a small distance in another unit than the embedding's is not reported as a collapse", "[warnings]") {
  Rng rng{6};
  const auto check = [&](auto metric, double size, bool collapsed) {
    Siamese<Network<float, Dense<3, 2>>, decltype(metric)> model{rng};
    VectorX<float> p = model.parameters() * static_cast<float>(size);
    p.tail(2).setConstant(1);
    model.set_parameters(p);
    CHECK(warnings_of(model, pulled_together(4), 1e-9, 1).empty() == !collapsed);
  };
  struct Wrapped : Euclidean {};  // a metric of a user, which has as_length
  check(Wrapped{}, 1e-6, true);
  check(Euclidean{}, 1e-6, true);
  check(SquaredEuclidean{}, 1e-6, true);
  check(SquaredEuclidean{}, 1e-3, false);
  check(Cosine{}, 1e6, false);
}

TEST_CASE("an embedding that collapses is reported", "[warnings]") {
  Rng rng{6};
  Siamese<Network<float, Dense<3, 2>>> model{rng};
  VectorX<float> p = model.parameters();
  p.tail(2).setConstant(1);  // a point to fall into that is not 0
  model.set_parameters(p);
  CHECK(warnings_of(model, pulled_together(8), 0.05, 3).empty());
  const auto warnings = warnings_of(model, pulled_together(8), 0.05, 500);
  CHECK(begins(warnings, "the embedding has collapsed (since epoch "));
}

TEST_CASE("an epoch with pairs of one kind is reported, and its consequences are not", "[warnings]") {
  Rng rng{6};
  Siamese<Network<float, Dense<3, 2>>> model{rng};
  const std::vector<int> similar(8, 1), dissimilar(8, 0);
  CHECK(begins(warnings_of(model, pairs(similar), 0.05, 500), "all pairs are similar (since epoch 1): "));
  CHECK(begins(warnings_of(model, pairs(dissimilar), 0.05, 5), "all pairs are dissimilar (since epoch 1): "));
  // Half an epoch is not enough: here all pairs of the first batch are of one kind, and the second is not reached.
  const auto stop = [] { return OnBatchEnd{[](auto& state) { state.stop = true; }}; };
  Siamese<Network<float, Dense<3, 2>>> another{rng};
  CHECK(warnings_of(another, pairs({1, 1, 1, 1, 0, 0, 0, 0}), 0.05, 5, stop()).empty());
  CHECK(warnings_of(another, pairs(similar), 0.05, 5, stop()).empty());
}

TEST_CASE("a learning rate of 0 for a whole epoch is reported", "[warnings]") {
  Rng rng{6};
  Siamese<Network<float, Dense<3, 2>>> model{rng};
  CHECK(begins(warnings_of(model, pairs(both_kinds), 0, 3), "the learning rate is 0 (since epoch 1): "));
  const auto schedule = [](double first, double second, double later) {
    return LearningRate{[=](Index step) { return step == 0 ? first : step == 1 ? second : later; }};
  };
  CHECK(begins(warnings_of(model, pairs(both_kinds), 0.05, 3, schedule(0.01, 0.01, 0)),
               "the learning rate is 0 (since epoch 2): "));
  CHECK(warnings_of(model, pairs(both_kinds), 0.05, 3, schedule(0, 0.01, 0.01)).empty());  // a warm-up
}

TEST_CASE("features of an unsuitable size are reported, and their consequences are not", "[warnings]") {
  const auto told = [](float size) {
    Rng rng{6};
    Siamese<Network<float, Dense<3, 6, ReLU>, Dense<6, 2, ReLU>>> model{rng};
    RMSprop<float> optimizer;
    return fit(model, pairs(both_kinds, size), ContrastiveLoss{}, optimizer, {.epochs = 20, .batch_size = 4}, rng)
        .warnings;
  };
  for (const float size : {1e4F, 255000.0F, 1e8F}) {
    CAPTURE(size);
    CHECK(begins(told(size), "the features are too large (since epoch 1): "));
  }
  for (const float size : {1e-5F, 1e-9F, 0.0F}) {
    CAPTURE(size);
    CHECK(begins(told(size), "the features are too small (since epoch 1): "));
  }
  for (const float size : {0.01F, 1.0F, 100.0F}) {
    CAPTURE(size);
    for (const std::string& warning : told(size)) CHECK(warning.find("the features") == std::string::npos);
  }

  SECTION("behind fitted layers, their outputs count") {
    const auto fitted = [](const auto& layer, float size) {
      Rng rng{6};
      Siamese model{AnyNetwork<float>{
          rng, Sequence<AnyLayer>{{layer, Dense<Dynamic, Dynamic, ReLU>{3, 6}, Dense<Dynamic, Dynamic, ReLU>{6, 2}}}}};
      RMSprop<float> optimizer;
      return fit(model, pairs(both_kinds, size), ContrastiveLoss{}, optimizer, {.epochs = 20, .batch_size = 4}, rng)
          .warnings;
    };
    for (const float size : {1e6F, 1e-6F}) {
      const auto deviation = static_cast<double>(size);
      const Standardize<> standardize{{0, 0, 0}, {deviation, deviation, deviation}};
      for (const std::string& warning : fitted(standardize, size)) {
        CHECK(warning.find("the features") == std::string::npos);
      }
    }
    const auto large = fitted(Rescale<>{3, {.factor = 1e6}}, 1);
    CHECK(begins(large, "the features are too large (since epoch 1): they are up to "));
    CHECK(large.front().find(" behind layer 0, with a loss of ") != std::string::npos);
    CHECK(begins(fitted(Rescale<>{3, {.factor = 1e-6}}, 1), "the features are too small (since epoch 1): "));
  }

  SECTION("but not if the weights compensate") {
    Rng rng{6};
    Siamese<Network<float, Dense<3, 2>>> model{rng};
    const VectorX<float> made_for_one = model.parameters();
    model.set_parameters(1e-5F * made_for_one);
    CHECK(warnings_of(model, pairs(both_kinds, 1e5F), 1e-13, 3).empty());
    model.set_parameters(1e5F * made_for_one);
    CHECK(warnings_of(model, pairs(both_kinds, 1e-5F), 1e5, 3).empty());
  }
}

namespace {

template <class Metric = Euclidean, class... Layers>
bool margin_is_reported(double margin, Layers... layers) {
  Rng rng{7};
  Siamese model{make_network<float>(rng, layers...), Metric{}};
  RMSprop<float> optimizer;
  const auto warnings = fit(model, pairs(both_kinds), HadsellLoss{.margin = margin}, optimizer, {}, rng).warnings;
  return !warnings.empty() && warnings[0].starts_with("the margin cannot be reached: ");
}

}  // namespace

TEST_CASE("a margin above all distances is reported", "[warnings]") {
  const Dense<3, 4> linear;
  const Dense<3, 4, ReLU> rectified;
  const Dense<3, 4, Tanh> tanh;
  const Dense<3, 4, Sigmoid> sigmoid;
  const L2Normalize<4> sphere;
  CHECK(margin_is_reported(1.01, Dense<3, 1, Sigmoid>{}));
  CHECK_FALSE(margin_is_reported(1, Dense<3, 1, Sigmoid>{}));
  CHECK(margin_is_reported(2.01, linear, sphere));
  CHECK_FALSE(margin_is_reported(2, linear, sphere));
  CHECK(margin_is_reported(1.42, rectified, sphere));  // a quarter of the circle
  CHECK_FALSE(margin_is_reported(1.41, rectified, sphere));
  CHECK(margin_is_reported<SquaredEuclidean>(4.01, linear, sphere));
  CHECK_FALSE(margin_is_reported<SquaredEuclidean>(4, linear, sphere));
  CHECK(margin_is_reported<Manhattan>(4.01, linear, sphere));
  CHECK_FALSE(margin_is_reported<Manhattan>(4, linear, sphere));
  CHECK(margin_is_reported<Cosine>(2.01, linear));
  CHECK_FALSE(margin_is_reported<Cosine>(2, linear));
  CHECK(margin_is_reported<Cosine>(1.01, rectified));
  CHECK_FALSE(margin_is_reported<Cosine>(1, rectified));
  CHECK(margin_is_reported(4.01, tanh));
  CHECK_FALSE(margin_is_reported(4, tanh));
  CHECK(margin_is_reported(2.01, sigmoid));
  CHECK(margin_is_reported<Manhattan>(4.01, sigmoid));
  CHECK_FALSE(margin_is_reported(1e6, linear));
  CHECK_FALSE(margin_is_reported(1e6, rectified));
  CHECK_FALSE(margin_is_reported(1e6, sigmoid, Dense<4, 4, LeakyReLU>{}));
  CHECK_FALSE(margin_is_reported(4, linear, sphere, Dropout<4>{0.5}));  // Dropout doubles the elements that it keeps
  CHECK(margin_is_reported(4.01, linear, sphere, Dropout<4>{0.5}));
  struct Wrapped : Euclidean {};  // may measure otherwise
  CHECK_FALSE(margin_is_reported<Wrapped>(1e6, linear, sphere));
}

namespace {

/// A user's distance and loss, for example chosen at run time, whose members return the bound and the margin.
struct ChosenDistance : Euclidean {
  using ExactType = ChosenDistance;
  template <class Range>
  double max_distance(const Range&, Index n) const {
    return static_cast<double>(n);
  }
};
struct ChosenLoss {
  HadsellLoss choice;
  double margin() const { return choice.margin; }
  template <class S>
  double operator()(std::span<const S> d, std::span<const std::uint8_t> similar, std::span<const S> weight,
                    std::span<S> slope) const {
    return choice(d, similar, weight, slope);
  }
};

}  // namespace

TEST_CASE("a loss may have a margin as a number or a function, and a lambda has none", "[warnings]") {
  const auto margin_of = [](const auto& loss) { return detail::margin_of(loss); };
  const double captured = 3;
  struct None {};
  struct Number {
    float margin = 0.5F;
  };
  struct Function {
    static double margin() { return 2; }
  };
  CHECK(margin_of(Number{}) == 0.5);
  CHECK(margin_of(Function{}) == 2);
  CHECK(margin_of(None{}) == 0);
  CHECK(margin_of([captured] { return captured; }) == 0);
  CHECK(margin_of(+[](double d) { return d; }) == 0);
}

TEST_CASE("a user's loss and distance may provide the margin and the largest distance", "[warnings]") {
  Rng rng{7};
  Siamese<Network<float, Dense<3, 4>>, ChosenDistance> model{rng};
  RMSprop<float> optimizer;
  const auto told = [&](double margin) {
    return fit(model, pairs(both_kinds), ChosenLoss{{.margin = margin}}, optimizer, {}, rng).warnings;
  };
  CHECK(told(4).empty());
  CHECK(begins(told(4.5), "the margin cannot be reached: "));
}

TEST_CASE("a validation that is worse than chance, or has pairs of one kind, is reported", "[warnings]") {
  Rng rng{8};
  MatrixX<float> a = normal<float>(3, 8, rng), b = a;
  for (Index i = 0; i < 8; ++i) b.col(i) += 0.1F * static_cast<float>(i + 1) * VectorX<float>::Ones(3);
  const auto warnings = [&](const std::vector<int>& labels) {
    Siamese<Network<float, Dense<3, 2>>> model{rng};
    SGD<float> optimizer{{.learning_rate = 1e-6}};
    const Pairs<float> validation{a, b, labels};
    return fit(model, pairs(both_kinds), ContrastiveLoss{}, optimizer,
               {.epochs = 2, .batch_size = 3, .validation = &validation}, rng)
        .warnings;
  };
  CHECK(warnings({1, 1, 1, 1, 0, 0, 0, 0}).empty());
  const auto swapped = warnings({0, 0, 0, 0, 1, 1, 1, 1});
  REQUIRE(begins(swapped, "of the validation, similar pairs are farther apart than dissimilar ones (AUC "));
  CHECK(swapped[0].find("OneIsDissimilar") != std::string::npos);
  CHECK(begins(warnings({1, 1, 1, 1, 1, 1, 1, 1}), "all validation pairs are similar: "));
  CHECK(begins(warnings({0, 0, 0, 0, 0, 0, 0, 0}), "all validation pairs are dissimilar: "));
}

namespace {

/// A loss that returns given values, one per call.
struct Prescribed {
  std::vector<double> losses;
  std::shared_ptr<std::size_t> calls = std::make_shared<std::size_t>(0);

  double operator()(std::span<const float>, std::span<const std::uint8_t>, std::span<const float>,
                    std::span<float> slope) const {
    std::ranges::fill(slope, 0.0F);
    return losses.at((*calls)++);
  }
};

/// The warnings of a training with these losses, one per epoch.
std::vector<std::string> warnings_of_losses(const std::vector<double>& losses, Index epochs = 0) {
  Rng rng{9};
  Siamese<Network<float, Dense<3, 2>>> model{rng};
  SGD<float> optimizer;
  const auto stop = OnEpochEnd{[&](auto& state) { state.stop = state.epoch + 1 == length(losses); }};
  const FitOptions<float> options{.epochs = std::max(epochs, length(losses)), .batch_size = 8};
  const auto source = pairs(both_kinds);
  if (epochs > 0) return fit(model, source, Prescribed{losses}, optimizer, options, rng, stop).warnings;
  return fit(model, source, Prescribed{losses}, optimizer, options, rng).warnings;
}

std::vector<double> falling(std::size_t epochs, double by) {
  std::vector<double> losses = {1};
  while (losses.size() < epochs) losses.push_back(losses.back() * by);
  return losses;
}

}  // namespace

TEST_CASE("a loss that still falls steeply at the end is reported", "[warnings]") {
  const std::string text = "the loss still falls: ";
  Rng rng{10};
  CHECK(begins(warnings_of_losses({1, 0.9, 0.8, 0.7, 0.6, 0.5}), text));
  CHECK(begins(warnings_of_losses({1, 0.5, 0.5, 0.5, 0.4, 0.3}), text));
  CHECK(begins(warnings_of_losses(falling(6, 0.9)), text));
  CHECK(begins(warnings_of_losses(falling(100, 0.989)), text));

  CHECK(warnings_of_losses({1, 0.9, 0.8, 0.7}).empty());             // too few epochs
  CHECK(warnings_of_losses(falling(20, 0.98)).empty());              // not steep
  CHECK(warnings_of_losses(falling(20, 0.7)).empty());               // most of the fall is over
  CHECK(warnings_of_losses({1, 0.5, 0.3, 0.2, 0.1, 0.15}).empty());  // rises at the end
  CHECK(warnings_of_losses({1, 1, 1, 1, 1, 1}).empty());
  CHECK(warnings_of_losses({0, 0, 0, 0, 0, 0}).empty());
  CHECK(warnings_of_losses({1, 0.9, 0.8, 0.7, 0.6, 0.5}, 10).empty());  // ended by a callback

  // With validation, both losses must fall: the validation loss alone may fall by chance.
  MatrixX<float> a = normal<float>(3, 8, rng), b = a;
  b.rightCols(4) *= 2;
  const Pairs<float> validation{a, b, {1, 1, 1, 1, 0, 0, 0, 0}};
  const auto both = [&](const std::vector<double>& losses) {
    Siamese<Network<float, Dense<3, 2>>> model{rng};
    SGD<float> optimizer;
    return fit(model, pairs(both_kinds), Prescribed{losses}, optimizer,
               {.epochs = 6, .batch_size = 8, .validation = &validation}, rng)
        .warnings;
  };
  CHECK(begins(both({1, 2, 0.9, 1.8, 0.8, 1.6, 0.7, 1.4, 0.6, 1.2, 0.5, 1}), text + "it is 1 "));
  CHECK(both({1, 1, 1, 0.9, 1, 0.8, 1, 0.7, 1, 0.6, 1, 0.5}).empty());
  CHECK(both({1, 1, 0.9, 1, 0.8, 1, 0.7, 1, 0.6, 1, 0.5, 1}).empty());
}
