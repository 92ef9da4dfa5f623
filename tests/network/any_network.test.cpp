#include "gemel/network/any_network.hpp"

#include <concepts>
#include <span>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "gemel/network/siamese.hpp"

using namespace gemel;

TEMPLATE_TEST_CASE("an AnyNetwork is bit-identical to the static network", "[any_network]", float, double) {
  Rng rng{1}, same{1};
  const Siamese<Network<TestType, Dense<6, 9, ReLU>, Dense<9, 8, LeakyReLU>, Dropout<8>, Dense<8, 7, Tanh>,
                        Dense<7, 6, Sigmoid>, Dense<6, 5>, L2Normalize<5>>>
      fixed{rng};
  const std::vector<AnyLayer> layers = {Dense<Dynamic, Dynamic, ReLU>{6, 9},
                                        Dense<Dynamic, Dynamic, LeakyReLU>{9, 8},
                                        Dropout<>{8, 0.5},
                                        Dense<Dynamic, Dynamic, Tanh>{8, 7},
                                        Dense<Dynamic, Dynamic, Sigmoid>{7, 6},
                                        Dense<Dynamic, Dynamic, Linear>{6, 5},
                                        L2Normalize<>{5}};
  Siamese<AnyNetwork<TestType>> any{AnyNetwork<TestType>{same, Sequence<AnyLayer>{layers}}};
  CHECK(any.network().depth() == 7);
  CHECK(any.network().in() == 6);
  CHECK(any.network().out() == 5);
  CHECK(any.parameters() == fixed.parameters());

  const MatrixX<TestType> a = normal<TestType>(6, 130, rng), b = normal<TestType>(6, 130, rng);
  CHECK(any.embed(a) == fixed.embed(a));
  CHECK(any.distance(a, b) == fixed.distance(a, b));

  any.set_parameters(fixed.parameters() / 2);
  CHECK(any.embed(a) != fixed.embed(a));
  any.set_parameters(fixed.parameters());
  CHECK(any.embed(a) == fixed.embed(a));
}

TEST_CASE("an AnyNetwork has the fitted layers of the network that it was made of", "[any_network]") {
  Rng rng{5};
  const MatrixX<float> x = normal<float>(4, 20, rng);
  const auto network = make_network<float>(rng, Centering<4>{x}, Whitening<4, 3>::pca(x), Dense<3, 2>{});
  const AnyNetwork<float> any = network;
  CHECK(Siamese{any}.embed(x) == Siamese{network}.embed(x));
  const AnyNetwork<float> head{rng, Sequence<AnyLayer>{{Dense<Dynamic, Dynamic, ReLU>{3, 2}}}};
  const auto whitening = Whitening<4>::pca(x, {.dimensions = 3});
  const AnyNetwork<float> raw = prepend(whitening, head);
  CHECK(Siamese{raw}.embed(x) == Siamese{head}.embed(whitening.transform(x)));
  CHECK_THROWS_AS(prepend(whitening, network), ShapeError);
}

TEST_CASE("an AnyNetwork may have any depth", "[any_network]") {
  Rng rng{2};
  std::vector<AnyNetwork<float>> networks;
  for (Index depth = 1; depth <= 3; ++depth) {
    networks.emplace_back(rng, Sequence<AnyLayer>{std::vector<AnyLayer>(static_cast<std::size_t>(depth),
                                                                        Dense<Dynamic, Dynamic, ReLU>{4, 4})});
    CHECK(networks.back().depth() == depth);
    CHECK(networks.back().parameter_count() == 20 * depth);
  }
  networks.front() = networks.back();
  CHECK(networks.front().depth() == 3);
}

TEST_CASE("an AnyNetwork rejects layers whose sizes disagree, and the error names the layer", "[any_network]") {
  Rng rng{3};
  try {
    AnyNetwork<float>{rng, Sequence<AnyLayer>{{Dense<Dynamic, Dynamic, ReLU>{4, 5}, L2Normalize<>{6}}}};
    FAIL("no error");
  } catch (const ShapeError& error) {
    CHECK(error.place().layer == 1);
  }
  CHECK_THROWS_AS((AnyNetwork<float>{rng, Sequence<AnyLayer>{std::vector<AnyLayer>{}}}), ValueError);
}

TEST_CASE("a layer prepended to an AnyNetwork makes an AnyNetwork", "[any_network]") {
  Rng rng{4};
  const std::vector<AnyLayer> layers = {Dense<Dynamic, Dynamic, ReLU>{4, 5}, L2Normalize<>{5}};
  AnyNetwork<float> network{rng, Sequence<AnyLayer>{layers}};
  const MatrixX<float> x = 1000 * normal<float>(4, 20, rng);
  const Standardize<4> standardize{x};
  const AnyLayer rescale = Rescale<>{4, {.offset = 1, .factor = 2}};
  AnyNetwork<float> raw = prepend(standardize, network);
  raw = prepend(rescale, raw);
  CHECK(raw.depth() == 4);
  CHECK(raw.parameters() == network.parameters());
  const MatrixX<float> scaled = standardize.transform(Rescale<4>{{.offset = 1, .factor = 2}}.transform(x));
  CHECK(Siamese{raw}.embed(x) == Siamese{network}.embed(scaled));

  static_assert(std::same_as<decltype(prepend(Dropout<4>{0.1}, network)), AnyNetwork<float>>);
  // A class derived from a built-in layer is prepended with its own forward.
  struct Doubled : Rescale<> {
    Doubled() : Rescale<>(4, {.factor = 1}) {}
    void forward(std::span<const float>, ColumnList<float> in, Columns<float> y, const Pass&) const {
      for (Index j = 0; j < y.cols(); ++j) y.col(j) = 2 * in.column(j);
    }
    void backward(std::span<const float>, ColumnList<float>, ColumnList<float>, Columns<float>, Columns<float>,
                  const Pass&) const {}
  };
  CHECK(Siamese{prepend(Doubled{}, network)}.embed(x) == Siamese{network}.embed(2 * x));

  CHECK_THROWS_AS(prepend(Rescale<>{5, {.factor = 2}}, network), ShapeError);
  CHECK_THROWS_AS(prepend(Dense<Dynamic, Dynamic, ReLU>{4, 4}, network), ValueError);
  const AnyNetwork<float> moved = std::move(network);
  CHECK_THROWS_AS(prepend(standardize, network), ValueError);
}
