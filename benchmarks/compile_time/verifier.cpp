// A program that only decides: the smallest use of a Verifier, whose parameters came from elsewhere.
#include <gemel/network/dense.hpp>
#include <gemel/network/network.hpp>
#include <gemel/network/siamese.hpp>
#include <gemel/verification/verifier.hpp>
#include <iostream>

using namespace gemel;

int main() {
  Rng rng{42};
  const Siamese model{make_network<float>(rng, Dense<100, 128, ReLU>{}, Dense<128, 128, ReLU>{})};
  const Verifier verifier{model, Calibration{.threshold = 1}};
  const VectorX<float> a = VectorX<float>::Ones(100), b = VectorX<float>::Zero(100);
  std::cout << (verifier.same(a, b) ? "same\n" : "different\n");
}
