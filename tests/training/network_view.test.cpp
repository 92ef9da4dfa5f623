#include "gemel/training/network_view.hpp"

#include <type_traits>
#include <utility>
#include <variant>

#include "catch.hpp"
#include "gemel/network/any_network.hpp"
#include "gemel/network/dense.hpp"
#include "gemel/network/dropout.hpp"
#include "gemel/network/network.hpp"

using namespace gemel;

namespace {

using ReLULayer = Dense<Dynamic, Dynamic, ReLU>;
using LinearLayer = Dense<Dynamic, Dynamic, Linear>;

template <class... Layers>
using ViewOf = detail::NetworkView<Network<float, Layers...>>;

struct OwnDense : Dense<3, 2, ReLU> {};

/// Checks that a view has the sizes, the parameters and the layers of a network.
template <class View, class Net>
void check_view(const View& view, Net& network) {
  REQUIRE(view.depth() == network.depth());
  CHECK(view.in() == network.in());
  CHECK(view.out() == network.out());
  CHECK(view.parameter_count() == network.parameter_count());
  CHECK(view.mutable_parameters().data() == network.mutable_parameters().data());
  CHECK(view.parameters() == network.parameters());
  for (Index k = 0; k < network.depth(); ++k) {
    CHECK(view.out(k) == network.out(k));
    CHECK(view.offset(k) == network.offset(k));
    Index visits = 0, in = 0;
    view.visit_sized(k, [&](const auto& layer) {
      ++visits;
      in = layer.in();
    });
    CHECK(visits == 1);
    CHECK(in == (k == 0 ? network.in() : network.out(k - 1)));
  }
  CHECK(view.offset(network.depth()) == network.parameter_count());
}

}  // namespace

TEST_CASE("networks that differ only in their sizes have the same view", "[network_view]") {
  CHECK(std::is_same_v<ViewOf<Dense<3, 2, ReLU>>, detail::SizedNetwork<float, ReLULayer>>);
  CHECK(std::is_same_v<ViewOf<Dense<5, 4, ReLU>, Dense<4, 4, ReLU>, Dense<4, 3, ReLU>>, ViewOf<Dense<3, 2, ReLU>>>);
  CHECK(std::is_same_v<ViewOf<Dense<3, 4, ReLU>, Dense<4, 4, ReLU>, Dense<4, 2>>,
                       detail::SizedNetwork<float, std::variant<ReLULayer, LinearLayer>>>);
}

TEST_CASE("a network with a layer that has no sized type is seen as it is", "[network_view]") {
  const auto is_reference = []<class... Layers>(const Network<float, Layers...>*) {
    return std::is_same_v<ViewOf<Layers...>, detail::NetworkReference<Network<float, Layers...>>>;
  };
  CHECK(is_reference(static_cast<const Network<float, Dense<3, 2>, Dropout<2>>*>(nullptr)));
  CHECK(is_reference(static_cast<const Network<float, OwnDense>*>(nullptr)));
  CHECK(is_reference(static_cast<const AnyNetwork<float>*>(nullptr)));
}

TEST_CASE("a view has the network's sizes, layers and parameters", "[network_view]") {
  Rng rng{1};
  auto one_type = make_network<float>(rng, Dense<5, 4, ReLU>{}, Dense<4, 3, ReLU>{});
  check_view(detail::NetworkView<decltype(one_type)>{one_type}, one_type);
  auto two_types = make_network<double>(rng, Dense<5, 4, ReLU>{}, Dense<4, 7>{}, Dense<7, 2, ReLU>{});
  check_view(detail::NetworkView<decltype(two_types)>{two_types}, two_types);
  auto referred = make_network<float>(rng, Dense<5, 4, ReLU>{}, Dropout<4>{0.5});
  check_view(detail::NetworkView<decltype(referred)>{referred}, referred);
}

TEST_CASE("a view takes over the sizes of a network that was replaced or moved from", "[network_view]") {
  using Net = Network<float, Dense<Dynamic, Dynamic, ReLU>, Dense<Dynamic, Dynamic>>;
  Rng rng{1};
  Net network{rng, {3, 4}, {4, 2}};
  detail::NetworkView<Net> view{network};
  network = Net{rng, {6, 5}, {5, 1}};
  view.look(network);
  check_view(view, network);

  AnyNetwork<float> first{rng, Sequence<AnyLayer>{{ReLULayer{3, 4}}}},
      second{rng, Sequence<AnyLayer>{{ReLULayer{3, 2}}}};
  detail::NetworkView<AnyNetwork<float>> reference{first};
  reference.look(second);
  check_view(reference, second);

  const Net moved = std::move(network);
  view.look(network);
  CHECK(view.depth() == 0);
  CHECK(view.in() == 0);
  CHECK(view.parameter_count() == 0);
}
