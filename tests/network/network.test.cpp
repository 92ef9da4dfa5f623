#include "gemel/network/network.hpp"

#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <variant>
#include <vector>

#include "catch.hpp"
#include "gemel/network/dense.hpp"
#include "gemel/network/dropout.hpp"
#include "gemel/network/l2_normalize.hpp"

using namespace gemel;

using Static = Network<float, Dense<5, 7, ReLU>, Dense<7, 6, Tanh>, Dense<6, 3>>;
static_assert(std::copyable<Static> && std::is_same_v<Static::Scalar, float>);
static_assert(std::is_constructible_v<Static, Rng&>);
static_assert(!std::is_constructible_v<Network<float, Dense<Dynamic, 3>>, Rng&>);
static_assert(detail::static_sizes_agree<Dense<5, 7>, Dense<7, 6>>() &&
              !detail::static_sizes_agree<Dense<5, 7>, Dense<6, 7>>() &&
              !detail::static_sizes_agree<Dense<5, 7>, Dense<7, 4>, Dense<5, 4>>() &&
              detail::static_sizes_agree<Dense<5, 7>, Dense<Dynamic, 7>, Dense<7, Dynamic>, Dense<4, 3>>());

namespace {

using Hidden = Dense<Dynamic, Dynamic, ReLU>;

template <class Net>
MatrixX<typename Net::Scalar> embed(const Net& network, const MatrixX<typename Net::Scalar>& x) {
  using S = typename Net::Scalar;
  Workspace<S> workspace;
  MatrixX<S> y(network.out(), x.cols());
  network.embed(ConstColumns<S>(x.data(), x.rows(), x.cols()), Columns<S>(y.data(), y.rows(), y.cols()), workspace);
  return y;
}

// The layer that an error of construction names, and its text.
template <class Make>
std::pair<std::optional<Index>, std::string> refused(const Make& make) {
  try {
    make();
  } catch (const ShapeError& error) {
    return {error.place().layer, error.what()};
  }
  return {std::nullopt, "no error"};
}

}  // namespace

TEST_CASE("a network knows its sizes and where each layer's parameters lie", "[network]") {
  Rng rng{1};
  const Static network{rng};
  CHECK(network.in() == 5);
  CHECK(network.out() == 3);
  CHECK(network.depth() == 3);
  CHECK(network.out(0) == 7);
  CHECK(network.out(1) == 6);
  CHECK(network.out(2) == 3);
  CHECK(network.offset(0) == 0);
  CHECK(network.offset(1) == 42);
  CHECK(network.offset(2) == 42 + 48);
  CHECK(network.offset(3) == 42 + 48 + 21);
  CHECK(network.parameter_count() == 111);
  CHECK(network.parameters().size() == 111);
}

TEST_CASE("layers are initialised in order from one stream: Glorot weights, zero biases", "[network]") {
  Rng rng{2}, same{2};
  const Static network{rng};
  VectorX<float> expected = VectorX<float>::Zero(111);
  GlorotUniform{}(std::span<float>(expected.data(), 35), 5, 7, same);
  GlorotUniform{}(std::span<float>(expected.data() + 42, 42), 7, 6, same);
  GlorotUniform{}(std::span<float>(expected.data() + 90, 18), 6, 3, same);
  CHECK(network.parameters() == expected);
  CHECK(rng.bits() == same.bits());
}

TEST_CASE("a network's embedding is its layers', one after another, in plain Eigen", "[network]") {
  Rng rng{3};
  Network<double, Dense<5, 7, ReLU>, Dense<7, 6, Tanh>, Dense<6, 3>> network{rng};
  const VectorX<double> p = normal<double>(111, 1, rng);
  network.set_parameters(p);
  CHECK(network.parameters() == p);
  const MatrixX<double> x = normal<double>(5, 250, rng);  // more than one block
  const ConstColumns<double> w0(p.data(), 7, 5), w1(p.data() + 42, 6, 7), w2(p.data() + 90, 3, 6);
  const MatrixX<double> h0 = ((w0 * x).colwise() + p.segment(35, 7)).cwiseMax(0);
  const MatrixX<double> h1 = ((w1 * h0).colwise() + p.segment(84, 6)).array().tanh();
  const MatrixX<double> y = (w2 * h1).colwise() + p.tail(3);
  CHECK((embed(network, x) - y).cwiseAbs().maxCoeff() <= 1e-13);
}

TEMPLATE_TEST_CASE("static, dynamic, mixed and listed layers give the same bits", "[network]", float, double) {
  const auto rng = [] { return Rng{4}; };
  Rng first = rng(), data{5};
  const Network<TestType, Dense<5, 8, ReLU>, Dense<8, 8, ReLU>, Dense<8, 8, ReLU>, Dense<8, 3>> fixed{first};
  const MatrixX<TestType> x = normal<TestType>(5, 130, data);
  const MatrixX<TestType> y = embed(fixed, x);
  const auto check = [&](const auto& network) {
    CHECK(network.depth() == 4);
    CHECK(network.in() == 5);
    CHECK(network.out() == 3);
    CHECK(network.offset(3) == fixed.offset(3));
    CHECK(network.parameters() == fixed.parameters());
    CHECK(embed(network, x) == y);
  };
  Rng a = rng(), b = rng(), c = rng(), d = rng(), e = rng();
  check(make_network<TestType>(a, Hidden{5, 8}, Hidden{8, 8}, Hidden{8, 8}, Dense<Dynamic, Dynamic>{8, 3}));
  check(make_network<TestType>(b, Dense<5, Dynamic, ReLU>{5, 8}, Hidden{8, 8}, Dense<8, 8, ReLU>{}, Dense<8, 3>{}));
  check(make_network<TestType>(c, Dense<5, 8, ReLU>{}, Sequence<Dense<8, 8, ReLU>>{{{}, {}}}, Dense<8, 3>{}));
  using Either = std::variant<Hidden, Dense<Dynamic, Dynamic>>;
  check(make_network<TestType>(d, Sequence<Either>{{Hidden{5, 8}, Hidden{8, 8}}},
                               Sequence<Either>{{Hidden{8, 8}, Dense<Dynamic, Dynamic>{8, 3}}}));
  using Inner = Sequence<Hidden>;
  check(make_network<TestType>(e, Sequence<Inner>{{Inner{{Hidden{5, 8}}}, Inner{{Hidden{8, 8}, Hidden{8, 8}}}}},
                               Dense<8, 3>{}));
}

TEST_CASE("layers without parameters stand anywhere", "[network]") {
  Rng rng{6}, same{6};
  const auto network = make_network<double>(rng, L2Normalize<5>{}, Dense<5, 4>{}, Dropout<4>{0.5}, L2Normalize<4>{});
  const auto plain = make_network<double>(same, Dense<5, 4>{});
  CHECK(network.depth() == 4);
  CHECK(network.parameter_count() == 24);
  CHECK(network.offset(1) == 0);
  CHECK(network.offset(2) == 24);
  CHECK(network.parameters() == plain.parameters());
  const MatrixX<double> x = normal<double>(5, 6, rng);
  const MatrixX<double> y = embed(plain, x.colwise().normalized()).colwise().normalized();  // Dropout trains only
  CHECK((embed(network, x) - y).cwiseAbs().maxCoeff() <= 1e-15);
}

TEST_CASE("each layer is visited with its own type", "[network]") {
  Rng rng{7};
  const auto network =
      make_network<float>(rng, Dense<5, 4, ReLU>{}, Sequence<Hidden>{{Hidden{4, 4}, Hidden{4, 2}}}, Dropout<2>{});
  std::vector<std::string> seen;
  for (Index k = 0; k < network.depth(); ++k) {
    network.visit(k, [&](const auto& layer) {
      using L = std::remove_cvref_t<decltype(layer)>;
      seen.push_back(std::is_same_v<L, Dense<5, 4, ReLU>> ? "static"
                     : std::is_same_v<L, Hidden>          ? "hidden"
                                                          : "dropout");
    });
  }
  CHECK(seen == std::vector<std::string>{"static", "hidden", "hidden", "dropout"});
  CHECK(network.depth() == 4);
}

TEST_CASE("neighbours that disagree are refused, and the layer is named", "[network]") {
  Rng rng{8};
  const auto [layer, text] = refused([&] { make_network<float>(rng, Hidden{5, 7}, Hidden{7, 6}, Hidden{4, 3}); });
  CHECK(layer == 2);
  CHECK(text == "layer 2: it takes 4 inputs, but the layer before it gives 6; make the two sizes equal");
  CHECK(refused([&] { make_network<float>(rng, Dense<5, 7>{}, Hidden{6, 6}); }).first == 1);
  // Those within a Sequence count one by one.
  const Sequence<Hidden> middle{{Hidden{7, 7}, Hidden{7, 6}}};
  CHECK(refused([&] { make_network<float>(rng, Hidden{5, 7}, middle, Hidden{7, 3}); }).first == 3);
  CHECK(refused([&] { make_network<float>(rng, Hidden{5, 4}, middle); }).first == 1);
}

TEST_CASE("parameters are set whole or not at all", "[network]") {
  Rng rng{9};
  Static network{rng};
  const VectorX<float> before = network.parameters();
  const auto check_unchanged = [&] { CHECK(network.parameters() == before); };
  CHECK_THROWS_AS(network.set_parameters(VectorX<float>::Zero(110)), ShapeError);
  CHECK_THROWS_AS(network.set_parameters(VectorX<float>::Zero(112)), ShapeError);
  CHECK_THROWS_AS(network.set_parameters(VectorX<float>()), ShapeError);
  CHECK_THROWS_AS(network.set_parameters(MatrixX<float>::Zero(37, 3)), ShapeError);
  check_unchanged();
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
    for (const Index i : {0, 50, 110}) {
      VectorX<float> values = VectorX<float>::Zero(111);
      values[i] = bad;
      CHECK_THROWS_AS(network.set_parameters(values), NonFiniteError);
      check_unchanged();
    }
  }

  network.set_parameters(2 * network.parameters());  // an expression of its own
  CHECK(network.parameters() == 2 * before);
  network.set_parameters(before);
  CHECK(network.parameters() == before);
}

TEST_CASE("a copy is a network of its own", "[network]") {
  Rng rng{11};
  Static network{rng};
  const Static copy = network;
  const VectorX<float> before = network.parameters();
  network.set_parameters(VectorX<float>::Ones(111));
  CHECK(copy.parameters() == before);
  network = copy;
  CHECK(network.parameters() == before);
}

TEST_CASE("a network of one parameter and one of none", "[network]") {
  Rng rng{12};
  auto none = make_network<double>(rng, L2Normalize<3>{});
  CHECK(none.parameter_count() == 0);
  none.set_parameters(VectorX<double>());
  auto smallest = make_network<double>(rng, Dense<1, 1>{});
  VectorX<double> p(2);
  p << 3, -1;
  smallest.set_parameters(p);
  CHECK(embed(smallest, MatrixX<double>::Constant(1, 1, 2))(0, 0) == 5);
}
