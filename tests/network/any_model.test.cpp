#include "gemel/network/any_model.hpp"

#include <concepts>
#include <type_traits>
#include <utility>

#include "catch.hpp"
#include "gemel/core/random.hpp"

using namespace gemel;

namespace {

/// Calls f(layer) if layer k is an L, and fails the test otherwise.
template <class L, class Net, class F>
void check_leaf(const Net& network, Index k, const F& f) {
  bool found = false;
  network.visit(k, [&](const auto& layer) {
    if constexpr (std::same_as<std::remove_cvref_t<decltype(layer)>, L>) {
      found = true;
      f(layer);
    }
  });
  CAPTURE(k);
  CHECK(found);
}

static_assert(std::convertible_to<Siamese<Network<float, Dense<4, 3>>, Cosine>, AnyModel<float>>);
static_assert(std::convertible_to<Siamese<AnyNetwork<float>>, AnyModel<float>>);
static_assert(!std::convertible_to<Network<double, Dense<4, 3>>, AnyNetwork<float>>);  // not to another scalar
static_assert(!std::convertible_to<Siamese<Network<double, Dense<4, 3>>>, AnyModel<float>>);
static_assert(!std::convertible_to<AnyNetwork<float>, Network<float, Dense<4, 3>>>);  // not the reverse

}  // namespace

TEMPLATE_TEST_CASE("a network of built-in layers converts to AnyNetwork with its options", "[any_model]", float,
                   double) {
  using S = TestType;
  Rng rng{1};
  const auto network =
      make_network<S>(rng, Dense<6, 9, ReLU, HeNormal>{}, Dense<9, Dynamic, LeakyReLU>{9, 8, LeakyReLU{0.07}},
                      Dropout<8>{0.2}, Sequence<Dense<8, 8, Tanh>>{{Dense<8, 8, Tanh>{}, Dense<8, 8, Tanh>{}}},
                      Dense<Dynamic, 6, Sigmoid>{8, 6}, Dropout<>{6, 0.3}, Dense<6, 5>{}, L2Normalize<5>{});
  const AnyNetwork<S> any = network;
  CHECK(any.depth() == network.depth());
  CHECK(any.parameters() == network.parameters());
  for (Index k = 0; k < network.depth(); ++k) {
    CHECK(any.offset(k) == network.offset(k));
    CHECK(any.out(k) == network.out(k));
  }
  check_leaf<Dense<Dynamic, Dynamic, ReLU>>(any, 0, [](const auto&) {});
  check_leaf<Dense<Dynamic, Dynamic, LeakyReLU>>(
      any, 1, [](const auto& layer) { CHECK(layer.activation().negative_slope == 0.07); });
  check_leaf<Dropout<>>(any, 2, [](const auto& layer) { CHECK(layer.rate() == 0.2); });
  check_leaf<Dense<Dynamic, Dynamic, Tanh>>(any, 3, [](const auto&) {});
  check_leaf<Dense<Dynamic, Dynamic, Tanh>>(any, 4, [](const auto&) {});
  check_leaf<Dense<Dynamic, Dynamic, Sigmoid>>(any, 5, [](const auto&) {});
  check_leaf<Dropout<>>(any, 6, [](const auto& layer) { CHECK(layer.rate() == 0.3); });
  check_leaf<Dense<Dynamic, Dynamic, Linear>>(any, 7, [](const auto&) {});
  check_leaf<L2Normalize<>>(any, 8, [](const auto&) {});

  const MatrixX<S> x = normal<S>(6, 130, rng);
  CHECK(Siamese{any}.embed(x) == Siamese{network}.embed(x));
}

TEST_CASE("fitted layers keep their numbers in an AnyNetwork", "[any_model]") {
  Rng rng{3};
  const auto network = make_network<float>(rng, Standardize<3>{{1, 2, 3}, {2, 0, 5}, {.clip = 1.5}}, Dense<3, 4>{},
                                           Rescale<4>{{.offset = 2, .factor = -3}});
  const AnyNetwork<float> any = network;
  check_leaf<Standardize<>>(any, 0, [](const auto& layer) {
    CHECK(layer.mean()[1] == 2);
    CHECK(layer.scale()[2] == 5);
    CHECK(layer.clip() == 1.5);
  });
  check_leaf<Rescale<>>(any, 2, [](const auto& layer) {
    CHECK(layer.offset() == 2);
    CHECK(layer.factor() == -3);
  });
  const MatrixX<float> x = 10 * normal<float>(3, 20, rng);
  CHECK(Siamese{any}.embed(x) == Siamese{network}.embed(x));
}

TEST_CASE("AnyModel copies the distance and the parameters of a model", "[any_model]") {
  Rng rng{2};
  const MatrixX<float> a = normal<float>(6, 60, rng), b = normal<float>(6, 60, rng);
  const Network<float, Dense<6, 5, Tanh>> network{rng};
  const auto check = [&](auto metric) {
    const Siamese<Network<float, Dense<6, 5, Tanh>>, decltype(metric)> model{network, metric};
    const AnyModel<float> any = model;
    CHECK(any.distance(a, b) == model.distance(a, b));
  };
  check(Euclidean{});
  check(SquaredEuclidean{});
  check(Manhattan{});
  check(Cosine{});

  Siamese model{network};
  AnyModel<float> any{model};
  model.set_parameters(VectorX<float>::Zero(35));
  CHECK(any.parameters() == network.parameters());
  any = model;
  CHECK(any.parameters() == model.parameters());

  const Siamese<AnyNetwork<float>> with_distance_of_its_type{network};
  CHECK(AnyModel<float>{with_distance_of_its_type}.distance(a, b) == Siamese{network}.distance(a, b));
  CHECK(AnyModel<float>{network}.distance(a, b) == Siamese{network}.distance(a, b));
}

TEST_CASE("a network that was moved from does not convert to AnyNetwork", "[any_model]") {
  Rng rng{3};
  Network<float, Dense<6, 5>> network{rng};
  const auto taken = std::move(network);
  CHECK(AnyNetwork<float>{taken}.depth() == 1);
  CHECK_THROWS_AS(AnyNetwork<float>{network}, ValueError);  // NOLINT(bugprone-use-after-move)
}
