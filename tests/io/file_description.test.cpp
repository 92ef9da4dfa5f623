#include "gemel/io/file_description.hpp"

#include <iostream>

#include "catch.hpp"
#include "gemel/network/any_model.hpp"

using namespace gemel;

TEST_CASE("describe", "[file_description]") {
  Rng rng{3};
  const Siamese model{make_network<float>(rng, Standardize<3>{{1, 2, 3}, {1, 1, 0}, {.clip = 5}}, Dense<3, 5, Tanh>{}, Dropout<5>{0.25}, Dense<5, 2, LeakyReLU>{}), Cosine{}};
  const Verifier verifier{model, Calibration{.threshold = -1.0/0.0, .method = "x"}};
  std::cout << describe(to_tensors(verifier, {{"key", "a\nb"}}));
  CHECK(from_tensors<Verifier<AnyModel<float>>>(to_tensors(verifier)).calibration().threshold < 0);
}
