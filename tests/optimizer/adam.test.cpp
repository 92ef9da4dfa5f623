#include "gemel/optimizer/adam.hpp"

#include "optimizer/optimizer_check.hpp"

using namespace gemel;
using namespace gemel::test;

TEST_CASE("Adam steps as Keras does") {
  check_golden("optimizers_keras.json", "Adam", 3, [](const nlohmann::json& o) {
    return Adam<double>{{.learning_rate = option(o, "learning_rate", 1e-3),
                         .beta_1 = option(o, "beta_1", 0.9),
                         .beta_2 = option(o, "beta_2", 0.999),
                         .epsilon = option(o, "epsilon", 1e-7),
                         .amsgrad = option(o, "amsgrad", false)}};
  });
  check_golden("optimizers_keras.json", "AdamW", 1, [](const nlohmann::json& o) {
    return AdamW<double>{{.learning_rate = o["learning_rate"], .weight_decay = o["weight_decay"]}};
  });
}

TEST_CASE("Adam steps as PyTorch does") {
  check_golden("optimizers_torch.json", "Adam", 1,
               [](const nlohmann::json&) { return Adam<double>{{.epsilon = 1e-8, .dialect = Dialect::PyTorch}}; });
  check_golden("optimizers_torch.json", "AdamW", 1, [](const nlohmann::json& o) {
    return AdamW<double>{
        {.learning_rate = o["lr"], .epsilon = 1e-8, .weight_decay = o["weight_decay"], .dialect = Dialect::PyTorch}};
  });
}

TEST_CASE("Adam's first step is the learning rate, whatever the gradient's size") {
  for (const auto dialect : {Dialect::Keras, Dialect::PyTorch}) {
    Adam<double> optimizer{
        {.learning_rate = 0.125, .beta_1 = 0.5, .beta_2 = 0.75, .epsilon = 1e-12, .dialect = dialect}};
    std::vector<double> w{1, 1, 1};
    optimizer.reserve(3);
    step(optimizer, {0.001, -7, 0}, w);
    CHECK(std::abs(w[0] - 0.875) <= 1e-8);
    CHECK(std::abs(w[1] - 1.125) <= 1e-8);
    CHECK(w[2] == 1);
  }
}

TEST_CASE("AMSGrad divides by the largest v, in both dialects") {
  // With the gradients 1 and 0, v is largest after the first step, and beta_1 = 0.5 makes m = 0.25 in the second.
  for (const auto dialect : {Dialect::Keras, Dialect::PyTorch}) {
    Adam<double> optimizer{
        {.learning_rate = 0.5, .beta_1 = 0.5, .beta_2 = 0.75, .epsilon = 1e-12, .amsgrad = true, .dialect = dialect}};
    std::vector<double> w{2};
    optimizer.reserve(1);
    step(optimizer, {1}, w);
    step(optimizer, {0}, w);
    const double second = 0.5 / 0.75 * 0.25 / std::sqrt(0.25 / (1 - 0.75 * 0.75));
    CHECK(std::abs(w[0] - (1.5 - second)) <= 1e-11);
  }
}

TEST_CASE("Weight decay is decoupled in AdamW and Keras' Adam, but added to the gradient in PyTorch's Adam") {
  // With a gradient of 0, a penalty makes a full first step, whereas a decoupled decay multiplies w by 1 - lr * decay.
  const auto first_step = [](auto optimizer) {
    std::vector<double> w{4};
    optimizer.reserve(1);
    step(optimizer, {0}, w);
    return w[0];
  };
  const auto decay = [](Dialect dialect) {
    return AdamOptions{.learning_rate = 0.25, .weight_decay = 0.5, .dialect = dialect};
  };
  CHECK(first_step(Adam<double>{decay(Dialect::Keras)}) == 4 - 0.5);
  CHECK(std::abs(first_step(Adam<double>{decay(Dialect::PyTorch)}) - 3.75) <= 1e-7);
  for (const auto dialect : {Dialect::Keras, Dialect::PyTorch}) {
    CHECK(first_step(AdamW<double>{{.learning_rate = 0.25, .weight_decay = 0.5, .dialect = dialect}}) == 4 - 0.5);
  }
  CHECK(AdamW<double>{}.options().weight_decay == 0.004);
}

TEMPLATE_TEST_CASE("Adam: results do not depend on block boundaries or SIMD width", "", float, double) {
  const auto dialect = GENERATE(Dialect::Keras, Dialect::PyTorch);
  const bool amsgrad = GENERATE(false, true);
  check_bits<TestType>(Adam<TestType>{{.amsgrad = amsgrad, .weight_decay = 0.1, .dialect = dialect}});
  check_bits<TestType>(AdamW<TestType>{{.amsgrad = amsgrad, .dialect = dialect}});
}

TEMPLATE_TEST_CASE("Adam meets the Optimizer concept", "", float, double) {
  check_contract<TestType>(Adam<TestType>{{.amsgrad = true}});
  check_contract<TestType>(Adam<TestType>{{.dialect = Dialect::PyTorch}});
  check_contract<TestType>(AdamW<TestType>{});
}

TEST_CASE("Adam names an option that is out of range") {
  for (const double x : {-1.0, std::nan("")}) {
    CHECK(refuses("learning_rate", [=] { Adam<float>{{.learning_rate = x}}; }));
    CHECK(refuses("beta_1", [=] { Adam<float>{{.beta_1 = x}}; }));
    CHECK(refuses("beta_2", [=] { Adam<float>{{.beta_2 = x}}; }));
    CHECK(refuses("epsilon", [=] { Adam<float>{{.epsilon = x}}; }));
    CHECK(refuses("weight_decay", [=] { AdamW<float>{{.weight_decay = x}}; }));
    CHECK(refuses("global_clipnorm", [=] { Adam<float>{{.global_clipnorm = x}}; }));
  }
  CHECK(refuses("beta_2", [] { Adam<float>{{.beta_2 = 1}}; }));
  CHECK(refuses("beta_1", [] { Adam<double>{{.beta_1 = 1 - 1e-9}}; }));  // 1 as a float
}

TEST_CASE("Adam rejects options that would become 0 in the scalar type") {
  CHECK(refuses("learning_rate", [] { Adam<float>{{.learning_rate = 1e-46}}; }));
  CHECK(refuses("beta_1", [] { Adam<float>{{.beta_1 = 1e-46}}; }));
  CHECK(refuses("beta_2", [] { Adam<float>{{.beta_2 = 1e-46}}; }));
  CHECK(refuses("epsilon", [] { Adam<float>{{.epsilon = 1e-46}}; }));
  CHECK(refuses("weight_decay", [] { Adam<float>{{.weight_decay = 1e-46}}; }));
  CHECK(refuses("clipvalue", [] { Adam<float>{{.clipvalue = 1e-46}}; }));
  CHECK(refuses("clipnorm", [] { Adam<float>{{.clipnorm = 1e-46}}; }));
  CHECK(refuses("global_clipnorm", [] { Adam<float>{{.global_clipnorm = 1e-46}}; }));
  CHECK(refuses("weight_decay", [] { AdamW<float>{{.weight_decay = 1e-46}}; }));
  // In Keras' dialect it is rounded to float even if the parameters are double.
  CHECK(refuses("weight_decay", [] { Adam<double>{{.weight_decay = 1e-46}}; }));
  CHECK(refuses("weight_decay", [] { Adam<double>{{.weight_decay = 1e39}}; }));
  Adam<double>{{.learning_rate = 1e-46, .weight_decay = 1e-46, .clipnorm = 1e-46, .dialect = Dialect::PyTorch}};
  Adam<float> fine{{.learning_rate = 1e-30, .weight_decay = 0}};
  fine.learning_rate(1e-46);  // a schedule may end there
  CHECK(fine.learning_rate() == 1e-46);
}
