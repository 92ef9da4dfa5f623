#include "gemel/loss/loss.hpp"

#include <cmath>
#include <cstdint>
#include <span>

#include "catch.hpp"
#include "gemel/gemel.hpp"

using namespace gemel;

namespace {

using Net = Network<double, Dense<4, 5, ReLU>, Dense<5, 3>>;

Pairs<double> few_pairs() {
  Rng rng{2};
  return {uniform<double>(4, 12, rng), uniform<double>(4, 12, rng), coin_flips(12, rng)};
}

// The contrastive loss as a user might write it: a generic lambda that captures the margin.
auto lambda_loss(double margin) {
  return [margin](auto d, auto similar, auto weight, auto slope) {
    const double n = static_cast<double>(d.size());
    double sum = 0;
    for (std::size_t i = 0; i < d.size(); ++i) {
      const double w = weight.empty() ? 1 : weight[i], missing = d[i] < margin ? margin - d[i] : 0;
      sum += w * (similar[i] ? d[i] * d[i] : missing * missing);
      slope[i] = 2 * w * (similar[i] ? d[i] : -missing) / n;
    }
    return sum / n;
  };
}

}  // namespace

TEST_CASE("a lambda that captures is accepted wherever a loss is", "[loss]") {
  const auto loss = lambda_loss(1.5);
  static_assert(Loss<decltype(loss), double>);
  static_assert(!std::copyable<std::remove_cv_t<decltype(loss)>>);
  const ContrastiveLoss same{.margin = 1.5};
  Pairs<double> pairs = few_pairs();

  Rng rng{1};
  Siamese<Net> model{rng}, other = model;
  CHECK(std::abs(evaluate(model, pairs, loss).loss - evaluate(model, pairs, same).loss) < 1e-14);
  pairs.start_epoch(0, 0, 12, false);
  CHECK(gradient_check(model, pairs, loss).worst < 1e-6);
  // The optimizer and the schedule are temporaries, and the schedule captures its rate.
  const double rate = 0.01;
  const auto train = [&](auto& trained, const auto& by) {
    Rng draws{3};
    return fit(trained, pairs, by, SGD<double>{{.learning_rate = 9}}, {.epochs = 3, .batch_size = 4}, draws,
               LearningRate{[rate](Index step) { return rate / (1 + static_cast<double>(step)); }})
        .loss;
  };
  const auto losses = train(model, loss), expected = train(other, same);
  for (std::size_t e = 0; e < 3; ++e) CHECK(std::abs(losses[e] - expected[e]) < 1e-13);
  CHECK((model.parameters() - other.parameters()).cwiseAbs().maxCoeff() < 1e-13);
}

TEST_CASE("a lambda with a wrong signature does not model Loss", "[loss]") {
  double sum = 0;
  const auto whole = [](auto, auto, auto, auto) { return 1; };                       // does not return double
  const auto changing = [sum](auto, auto, auto, auto) mutable { return sum += 1; };  // not const
  const auto of_distances = [](std::span<const double>) { return 0.0; };
  static_assert(!Loss<decltype(whole), double>);
  static_assert(!Loss<decltype(changing), double>);
  static_assert(!Loss<decltype(of_distances), double>);
  CHECK(sum == 0);
}
