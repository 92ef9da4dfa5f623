#include "gemel/optimizer/sgd.hpp"

#include "optimizer/optimizer_check.hpp"

using namespace gemel;
using namespace gemel::test;

TEST_CASE("SGD steps as Keras does") {
  check_golden("optimizers_keras.json", "SGD", 3, [](const nlohmann::json& o) {
    return SGD<double>{{.learning_rate = option(o, "learning_rate", 0.01),
                        .momentum = option(o, "momentum", 0.0),
                        .nesterov = option(o, "nesterov", false)}};
  });
}

TEST_CASE("SGD steps as PyTorch does") {
  check_golden("optimizers_torch.json", "SGD", 2, [](const nlohmann::json& o) {
    return SGD<double>{{.learning_rate = option(o, "lr", 1e-3),
                        .momentum = option(o, "momentum", 0.0),
                        .nesterov = option(o, "nesterov", false),
                        .dialect = Dialect::PyTorch}};
  });
}

TEST_CASE("SGD matches hand-computed values with decay and a changing rate in both dialects") {
  // Two steps with gradient 1, the rate halved between them, from w = 2.
  const auto two_steps = [](const SGDOptions& options) {
    SGD<double> optimizer{options};
    std::vector<double> w{2};
    optimizer.reserve(1);
    step(optimizer, {1}, w);
    optimizer.learning_rate(0.25);
    step(optimizer, {1}, w);
    return w[0];
  };
  CHECK(two_steps({.learning_rate = 0.5}) == 2 - 0.5 - 0.25);
  CHECK(two_steps({.learning_rate = 0.5, .momentum = 0.5}) == 2 - 0.5 - (0.25 + 0.25));
  CHECK(two_steps({.learning_rate = 0.5, .momentum = 0.5, .dialect = Dialect::PyTorch}) == 2 - 0.5 - 0.25 * 1.5);
  CHECK(two_steps({.learning_rate = 0.5, .weight_decay = 0.5}) == (2 * 0.75 - 0.5) * 0.875 - 0.25);
  CHECK(two_steps({.learning_rate = 0.5, .weight_decay = 0.5, .dialect = Dialect::PyTorch}) == 1 - 0.25 * 1.5);
}

TEMPLATE_TEST_CASE("SGD: results do not depend on block boundaries or SIMD width", "", float, double) {
  const auto dialect = GENERATE(Dialect::Keras, Dialect::PyTorch);
  check_bits<TestType>(SGD<TestType>{{.weight_decay = 0.1, .dialect = dialect}});
  check_bits<TestType>(SGD<TestType>{{.momentum = 0.9, .dialect = dialect}});
  check_bits<TestType>(SGD<TestType>{{.momentum = 0.9, .nesterov = true, .dialect = dialect}});
}

TEMPLATE_TEST_CASE("SGD meets the Optimizer concept", "", float, double) {
  check_contract<TestType>(SGD<TestType>{});
  check_contract<TestType>(SGD<TestType>{{.momentum = 0.9, .nesterov = true, .dialect = Dialect::PyTorch}});
}

TEST_CASE("SGD names an option that is out of range") {
  for (const double x : {-1.0, std::nan("")}) {
    CHECK(refuses("learning_rate", [=] { SGD<float>{{.learning_rate = x}}; }));
    CHECK(refuses("momentum", [=] { SGD<float>{{.momentum = x}}; }));
    CHECK(refuses("weight_decay", [=] { SGD<float>{{.weight_decay = x}}; }));
    CHECK(refuses("clipnorm", [=] { SGD<float>{{.clipnorm = x}}; }));
  }
  CHECK(refuses("momentum", [] { SGD<float>{{.nesterov = true}}; }));
}

TEST_CASE("SGD rejects options that would become 0 in the scalar type") {
  CHECK(refuses("learning_rate", [] { SGD<float>{{.learning_rate = 1e-46}}; }));
  CHECK(refuses("momentum", [] { SGD<float>{{.momentum = 1e-46}}; }));
  CHECK(refuses("weight_decay", [] { SGD<float>{{.weight_decay = 1e-46}}; }));
  CHECK(refuses("clipvalue", [] { SGD<float>{{.clipvalue = 1e-46}}; }));
  CHECK(refuses("clipnorm", [] { SGD<float>{{.clipnorm = 1e-46}}; }));
  CHECK(refuses("global_clipnorm", [] { SGD<float>{{.global_clipnorm = 1e-46}}; }));
  // In Keras' dialect it is rounded to float even if the parameters are double.
  CHECK(refuses("weight_decay", [] { SGD<double>{{.weight_decay = 1e-46}}; }));
  CHECK(refuses("weight_decay", [] { SGD<double>{{.weight_decay = 1e39}}; }));
  SGD<double>{{.learning_rate = 1e-46, .weight_decay = 1e-46, .clipnorm = 1e-46, .dialect = Dialect::PyTorch}};
  SGD<float> fine{{.learning_rate = 1e-30, .weight_decay = 0}};
  fine.learning_rate(1e-46);  // a schedule may end there
  CHECK(fine.learning_rate() == 1e-46);
}
