#include "gemel/optimizer/rmsprop.hpp"

#include "optimizer/optimizer_check.hpp"

using namespace gemel;
using namespace gemel::test;

namespace {

RMSprop<double> from_keras(const nlohmann::json& o) {
  return RMSprop<double>{{.learning_rate = option(o, "learning_rate", 1e-3),
                          .rho = option(o, "rho", 0.9),
                          .momentum = option(o, "momentum", 0.0),
                          .epsilon = option(o, "epsilon", 1e-7),
                          .centered = option(o, "centered", false),
                          .weight_decay = option(o, "weight_decay", 0.0),
                          .clipvalue = limit(o, "clipvalue"),
                          .clipnorm = limit(o, "clipnorm"),
                          .global_clipnorm = limit(o, "global_clipnorm")}};
}

RMSprop<double> from_pytorch(const nlohmann::json& o) {
  return RMSprop<double>{{.learning_rate = option(o, "lr", 0.01),
                          .rho = option(o, "alpha", 0.99),
                          .momentum = option(o, "momentum", 0.0),
                          .epsilon = option(o, "eps", 1e-8),
                          .centered = option(o, "centered", false),
                          .dialect = Dialect::PyTorch}};
}

}  // namespace

TEST_CASE("RMSprop steps as Keras does") { check_golden("optimizers_keras.json", "RMSprop", 7, from_keras); }

TEST_CASE("RMSprop steps as PyTorch does") { check_golden("optimizers_torch.json", "RMSprop", 4, from_pytorch); }

TEST_CASE("RMSprop matches hand-computed values for w = 10 and the loss w^2 / 2") {
  RMSprop<float> optimizer{{.learning_rate = 0.1}};
  std::vector<float> w{10};
  optimizer.reserve(1);
  step(optimizer, w, w);
  CHECK(std::abs(w[0] - 9.683772F) <= 1e-6F);
}

TEST_CASE("RMSprop in PyTorch's dialect adds the weight decay to the gradient") {
  RMSprop<double> decayed{{.momentum = 0.5, .weight_decay = 0.25, .dialect = Dialect::PyTorch}};
  RMSprop<double> plain{{.momentum = 0.5, .dialect = Dialect::PyTorch}};
  std::vector<double> w{1, -2, 3}, expected = w;
  decayed.reserve(3);
  plain.reserve(3);
  for (int t = 0; t < 3; ++t) {
    step(plain, {0.5 + 0.25 * expected[0], 1 + 0.25 * expected[1], -1 + 0.25 * expected[2]}, expected);
    step(decayed, {0.5, 1, -1}, w);
  }
  for (std::size_t i = 0; i < 3; ++i) CHECK(std::abs(w[i] - expected[i]) <= 1e-15);
}

TEST_CASE("Centered RMSprop stays finite if the gradient is constant") {
  for_each_instruction_set([] {
    RMSprop<float> optimizer{{.centered = true}};
    std::vector<float> w(64), gradient(64);
    for (std::size_t i = 0; i < 64; ++i) gradient[i] = 0.37F + 41.3F * static_cast<float>(i);
    optimizer.reserve(64);
    for (int t = 0; t < 500; ++t) step(optimizer, gradient, w);
    for (const float x : w) CHECK((std::isfinite(x) && x < 0));
  });
}

TEST_CASE("RMSprop flushes decaying state to 0 before it becomes denormal, and propagates NaN") {
  for_each_instruction_set([] {
    RMSprop<float> optimizer{{.momentum = 0.5, .centered = true}};
    std::vector<float> w(17, 1.0F), gradient(17, 1.0F);
    optimizer.reserve(17);
    step(optimizer, gradient, w);
    gradient.assign(17, 0.0F);
    gradient[16] = std::nanf("");
    for (int t = 0; t < 1000; ++t) step(optimizer, gradient, w);
    for (const auto& array : optimizer.state().arrays) {
      for (std::size_t i = 0; i < 16; ++i) {
        CHECK((array.values[i] == 0 || std::isnormal(array.values[i] * 0.9F)));
        CHECK(array.values[i] < 1e-30F);
      }
      CHECK(std::isnan(array.values[16]));
    }
    CHECK(std::isnan(w[16]));
  });
}

TEMPLATE_TEST_CASE("RMSprop: results do not depend on block boundaries or SIMD width", "", float, double) {
  const auto dialect = GENERATE(Dialect::Keras, Dialect::PyTorch);
  const bool centered = GENERATE(false, true);
  const double momentum = GENERATE(0.0, 0.9);
  check_bits<TestType>(RMSprop<TestType>{{.momentum = momentum, .centered = centered, .dialect = dialect}});
}

TEMPLATE_TEST_CASE("RMSprop meets the Optimizer concept", "", float, double) {
  check_contract<TestType>(RMSprop<TestType>{});
  check_contract<TestType>(RMSprop<TestType>{{.learning_rate = 0.01, .momentum = 0.9, .centered = true}});
}

TEST_CASE("RMSprop names an option that is out of range") {
  const double nan = std::nan("");
  for (const double x : {-1.0, nan}) {
    CAPTURE(x);
    CHECK(refuses("learning_rate", [=] { RMSprop<float>{{.learning_rate = x}}; }));
    CHECK(refuses("rho", [=] { RMSprop<float>{{.rho = x}}; }));
    CHECK(refuses("momentum", [=] { RMSprop<float>{{.momentum = x}}; }));
    CHECK(refuses("epsilon", [=] { RMSprop<float>{{.epsilon = x}}; }));
    CHECK(refuses("weight_decay", [=] { RMSprop<float>{{.weight_decay = x}}; }));
    CHECK(refuses("clipvalue", [=] { RMSprop<float>{{.clipvalue = x}}; }));
  }
  CHECK(refuses("rho", [] { RMSprop<float>{{.rho = 1}}; }));
  CHECK(refuses("epsilon", [] { RMSprop<float>{{.epsilon = 1e-50}}; }));
  CHECK_FALSE(refuses("epsilon", [] { RMSprop<double>{{.epsilon = 1e-50}}; }));
}

TEST_CASE("RMSprop rejects options that would become 0 in the scalar type") {
  CHECK(refuses("learning_rate", [] { RMSprop<float>{{.learning_rate = 1e-46}}; }));
  CHECK(refuses("rho", [] { RMSprop<float>{{.rho = 1e-46}}; }));
  CHECK(refuses("momentum", [] { RMSprop<float>{{.momentum = 1e-46}}; }));
  CHECK(refuses("epsilon", [] { RMSprop<float>{{.epsilon = 1e-46}}; }));
  CHECK(refuses("weight_decay", [] { RMSprop<float>{{.weight_decay = 1e-46}}; }));
  CHECK(refuses("clipvalue", [] { RMSprop<float>{{.clipvalue = 1e-46}}; }));
  CHECK(refuses("clipnorm", [] { RMSprop<float>{{.clipnorm = 1e-46}}; }));
  CHECK(refuses("global_clipnorm", [] { RMSprop<float>{{.global_clipnorm = 1e-46}}; }));
  // In Keras' dialect it is rounded to float even if the parameters are double.
  CHECK(refuses("weight_decay", [] { RMSprop<double>{{.weight_decay = 1e-46}}; }));
  CHECK(refuses("weight_decay", [] { RMSprop<double>{{.weight_decay = 1e39}}; }));
  RMSprop<double>{{.learning_rate = 1e-46, .weight_decay = 1e-46, .clipnorm = 1e-46, .dialect = Dialect::PyTorch}};
  RMSprop<float> fine{{.learning_rate = 1e-30, .weight_decay = 0}};
  fine.learning_rate(1e-46);  // a schedule may end there
  CHECK(fine.learning_rate() == 1e-46);
}
