#include "gemel/network/network.hpp"

#include <concepts>
#include <cstring>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "catch.hpp"
#include "error_text.hpp"
#include "gemel/network/dense.hpp"
#include "gemel/network/dropout.hpp"
#include "gemel/network/l2_normalize.hpp"
#include "gemel/network/rescale.hpp"
#include "gemel/network/standardize.hpp"
#include "mentions.hpp"

using namespace gemel;

using Static = Network<float, Dense<5, 7, ReLU>, Dense<7, 6, Tanh>, Dense<6, 3>>;
static_assert(std::copyable<Static> && std::is_same_v<Static::Scalar, float>);
static_assert(std::is_constructible_v<Static, Rng&>);
static_assert(!std::is_constructible_v<Network<float, Dense<Dynamic, 3>>, Rng&>);
// Static sizes that agree, also if there are run-time sizes between them. tests/compile_fail has sizes that disagree.
static_assert(std::copyable<Network<float, Dense<5, 7>, Dense<Dynamic, 7>, Dense<7, Dynamic>, Dense<4, 3>>> &&
              std::copyable<Network<float, Dense<5, 7>, Dropout<7>, L2Normalize<7>, Sequence<Dense<7, 7>>>> &&
              std::copyable<Network<float, Dense<5, 7>, Sequence<std::variant<Dense<7, 7>, Dropout<7>>>, Dense<7, 3>>>);

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

// A layer that copies its input. Its sizes are given, and need not be consistent.
struct Claims {
  Index parameters = 4;
  Index grain_ = 2;
  std::vector<Index> sizes = {4};
  Index outputs = 4;

  Index in() const { return 4; }
  Index out() const { return outputs; }
  Index parameter_count() const { return parameters; }
  Index grain() const { return grain_; }
  std::vector<Index> variables() const { return sizes; }
  template <Scalar S>
  void initialize(std::span<S>, Rng&) const {}
  template <Scalar S>
  void forward(std::span<const S>, ColumnList<S> x, Columns<S> y, const Pass&) const {
    for (Index j = 0; j < y.cols(); ++j) y.col(j) = x.column(j);
  }
  template <Scalar S>
  void backward(std::span<const S>, ColumnList<S>, ColumnList<S>, Columns<S> dy, Columns<S> dx, const Pass&) const {
    if (dx.size() > 0) dx = dy;
  }
  template <Scalar S>
  void add_gradient(ColumnList<S>, ColumnList<S>, Index, std::span<S>) const {}
};

// The layer in the place of the ShapeError that a call throws, and the error's text.
template <class Make>
std::pair<std::optional<Index>, std::string> shape_error(const Make& make) {
  try {
    make();
  } catch (const ShapeError& error) {
    return {error.place().layer, error.what()};
  }
  return {std::nullopt, "no error"};
}

}  // namespace

TEST_CASE("a network has the sizes of its layers, and an offset for each layer's parameters", "[network]") {
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

TEST_CASE("layers are initialised in order from one Rng: by default Glorot weights and zero biases", "[network]") {
  Rng rng{2}, same{2};
  const Static network{rng};
  VectorX<float> expected = VectorX<float>::Zero(111);
  GlorotUniform{}(std::span<float>(expected.data(), 35), 5, 7, same);
  GlorotUniform{}(std::span<float>(expected.data() + 42, 42), 7, 6, same);
  GlorotUniform{}(std::span<float>(expected.data() + 90, 18), 6, 3, same);
  CHECK(network.parameters() == expected);
  CHECK(rng.bits() == same.bits());
}

TEST_CASE("a network's embeddings match those computed with Eigen", "[network]") {
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

TEMPLATE_TEST_CASE("static, dynamic and mixed sizes and a Sequence give the same bits", "[network]", float, double) {
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

TEST_CASE("layers without parameters may be anywhere in a network", "[network]") {
  Rng rng{6}, same{6};
  const auto network = make_network<double>(rng, L2Normalize<5>{}, Dense<5, 4>{}, Dropout<4>{0.5}, L2Normalize<4>{});
  const auto plain = make_network<double>(same, Dense<5, 4>{});
  CHECK(network.depth() == 4);
  CHECK(network.parameter_count() == 24);
  CHECK(network.offset(1) == 0);
  CHECK(network.offset(2) == 24);
  CHECK(network.parameters() == plain.parameters());
  const MatrixX<double> x = normal<double>(5, 6, rng);
  const MatrixX<double> y = embed(plain, x.colwise().normalized()).colwise().normalized();  // no dropout at inference
  CHECK((embed(network, x) - y).cwiseAbs().maxCoeff() <= 1e-15);
}

TEST_CASE("visit passes each layer with its own type", "[network]") {
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

namespace {

struct DerivedDense : Dense<4, 4, ReLU> {};
// A layer that has passes of its own, and says so.
struct OwnPasses : Dense<4, 4, ReLU> {
  using ExactType = OwnPasses;
  template <Scalar S>
  void forward(std::span<const S>, ColumnList<S>, Columns<S> y, const Pass&) const {
    std::fill_n(y.data(), y.size(), S{42});
  }
};
// An activation that is not cheap to copy, and an initializer that cannot be copied without anybody noticing.
struct HeavyReLU : ReLU {
  std::vector<double> memory = {};
};
struct CountingInitializer {
  static inline int copies = 0;
  CountingInitializer() = default;
  CountingInitializer(const CountingInitializer&) { ++copies; }
  CountingInitializer& operator=(const CountingInitializer&) = default;
  template <Scalar S>
  void operator()(std::span<S> weights, Index, Index, Rng&) const {
    std::fill(weights.begin(), weights.end(), S{1});
  }
};

// What visit_sized passes for layer k: the layer's type, sizes and, of a LeakyReLU, the slope.
template <class Net>
std::tuple<std::string_view, Index, Index, double> sized_layer(const Net& network, Index k) {
  std::tuple<std::string_view, Index, Index, double> seen{"none", 0, 0, 0};
  int calls = 0;
  network.visit_sized(k, [&]<class L>(const L& layer) {
    ++calls;
    std::string_view type = "other";
    double slope = 0;
    if constexpr (std::same_as<L, Dense<Dynamic, Dynamic, ReLU>>) type = "sized ReLU";
    if constexpr (std::same_as<L, Dense<Dynamic, Dynamic, LeakyReLU>>) {
      type = "sized LeakyReLU";
      slope = layer.activation().negative_slope;
    }
    if constexpr (std::same_as<L, L2Normalize<4>>) type = "L2Normalize of 4";
    if constexpr (std::same_as<L, DerivedDense> || std::same_as<L, OwnPasses>) type = "derived";
    if constexpr (std::same_as<L, Dense<4, 4, HeavyReLU>>) type = "heavy";
    seen = {type, layer.in(), layer.out(), slope};
  });
  CHECK(calls == (k >= 0 && k < network.depth() ? 1 : 0));
  return seen;
}

}  // namespace

TEST_CASE("visit_sized passes layers that differ only in their static sizes as one type", "[network]") {
  using Seen = std::tuple<std::string_view, Index, Index, double>;
  Rng rng{3};
  const auto network = make_network<float>(rng, Dense<2, 3, ReLU>{}, Dense<3, 5, LeakyReLU>{LeakyReLU{0.25}},
                                           Dense<Dynamic, Dynamic, ReLU>{5, 6}, Dense<6, 4, LeakyReLU>{LeakyReLU{0.5}},
                                           DerivedDense{}, L2Normalize<4>{}, Dense<4, Dynamic, ReLU>{4, 7});
  CHECK(sized_layer(network, 0) == Seen{"sized ReLU", 2, 3, 0});
  CHECK(sized_layer(network, 1) == Seen{"sized LeakyReLU", 3, 5, 0.25});
  CHECK(sized_layer(network, 2) == Seen{"sized ReLU", 5, 6, 0});
  CHECK(sized_layer(network, 3) == Seen{"sized LeakyReLU", 6, 4, 0.5});
  CHECK(sized_layer(network, 4) == Seen{"derived", 4, 4, 0});
  CHECK(sized_layer(network, 5) == Seen{"L2Normalize of 4", 4, 4, 0});
  CHECK(sized_layer(network, 6) == Seen{"sized ReLU", 4, 7, 0});
  for (const Index none : {-1, 7}) CHECK(sized_layer(network, none) == Seen{"none", 0, 0, 0});
}

TEST_CASE("visit_sized passes a derived layer, and one that is not cheap to copy, as they are", "[network]") {
  Rng rng{3};
  const auto network = make_network<float>(rng, Dense<4, 4, ReLU>{}, OwnPasses{}, Dense<4, 4, HeavyReLU>{});
  CHECK(std::get<0>(sized_layer(network, 0)) == "sized ReLU");
  CHECK(std::get<0>(sized_layer(network, 1)) == "derived");
  CHECK(std::get<0>(sized_layer(network, 2)) == "heavy");

  const auto own = make_network<float>(rng, Dense<4, 4, ReLU>{}, OwnPasses{});
  CHECK(embed(own, MatrixX<float>::Ones(4, 2)) == MatrixX<float>::Constant(4, 2, 42));
}

TEST_CASE("embedding copies no initializer", "[network]") {
  Rng rng{3};
  const auto network = make_network<float>(rng, Dense<4, 4, ReLU, CountingInitializer>{},
                                           Dense<Dynamic, Dynamic, ReLU, CountingInitializer>{4, 3});
  const int before = CountingInitializer::copies;
  CHECK(embed(network, MatrixX<float>::Ones(4, 2)) == MatrixX<float>::Constant(3, 2, 16));
  CHECK(CountingInitializer::copies == before);
}

TEST_CASE("in a network with a Sequence, visit_sized is visit", "[network]") {
  Rng rng{3};
  const auto network =
      make_network<float>(rng, Dense<2, 4, ReLU>{},
                          Sequence<std::variant<DerivedDense, L2Normalize<4>>>{{L2Normalize<4>{}, DerivedDense{}}});
  CHECK(std::get<0>(sized_layer(network, 0)) == "other");
  CHECK(std::get<0>(sized_layer(network, 1)) == "L2Normalize of 4");
  CHECK(std::get<0>(sized_layer(network, 2)) == "derived");
}

TEST_CASE("neighbours whose sizes disagree are rejected, and the error names the layer", "[network]") {
  Rng rng{8};
  const auto [layer, text] = shape_error([&] { make_network<float>(rng, Hidden{5, 7}, Hidden{7, 6}, Hidden{4, 3}); });
  CHECK(layer == 2);
  CHECK(text == "layer 2: it takes 4 inputs, but the layer before it gives 6; make the two sizes equal");
  CHECK(shape_error([&] { make_network<float>(rng, Dense<5, 7>{}, Hidden{6, 6}); }).first == 1);
  // Each layer within a Sequence has its own index.
  const Sequence<Hidden> middle{{Hidden{7, 7}, Hidden{7, 6}}};
  CHECK(shape_error([&] { make_network<float>(rng, Hidden{5, 7}, middle, Hidden{7, 3}); }).first == 3);
  CHECK(shape_error([&] { make_network<float>(rng, Hidden{5, 4}, middle); }).first == 1);
}

TEST_CASE("the sizes on both sides of a layer of run-time size are checked", "[network]") {
  Rng rng{8};
  CHECK(shape_error([&] {
          make_network<float>(rng, Dense<5, 128>{}, Dropout<>{128, 0.5}, Dense<64, 3>{});
        }).first == 2);
  CHECK(shape_error([&] { make_network<float>(rng, Dense<5, 128>{}, L2Normalize<>{64}, Dense<64, 3>{}); }).first == 1);
}

TEST_CASE("a layer with inconsistent sizes is rejected, and the error names it", "[network]") {
  Rng rng{8};
  const auto check = [&](const Claims& claims, const std::string& part) {
    CAPTURE(part);
    const auto [layer, text] = shape_error([&] { make_network<float>(rng, Dense<5, 4>{}, claims); });
    CHECK(layer == 1);
    CHECK(mentions(text, part));
  };
  const Index huge = std::numeric_limits<Index>::max();
  check({.parameters = 5, .grain_ = 2, .sizes = {5}}, "5 parameters, which are no multiple of its grain, 2");
  check({.grain_ = 0}, "multiple of its grain, 0");
  check({.grain_ = -4}, "multiple of its grain, -4");
  check({.parameters = -4, .sizes = {}}, "it has -4 parameters");
  check({.parameters = huge - 3, .grain_ = 4, .sizes = {huge - 3}}, "a layer has from 0 to");
  check({.sizes = {3}}, "its variables do not add up to its 4 parameters: 1 are in none");
  check({.sizes = {4, 4}}, "its variables do not add up to its 4 parameters");
  check({.sizes = {5, -1}}, "its variables do not add up");
  check({.sizes = {-1, 5}}, "its variables do not add up");
  check({.sizes = {huge, huge}}, "its variables do not add up");
  check({.outputs = 0}, "it has 4 inputs and 0 outputs");
  check({.outputs = huge}, "it has 4 inputs and 9223372036854775807 outputs");
  make_network<float>(rng, Dense<5, 4>{}, Claims{});
  make_network<float>(rng, Dense<5, 4>{}, Claims{.parameters = 6, .grain_ = 3, .sizes = {0, 4, 2}});
  make_network<float>(rng, Dense<5, 4>{}, Claims{.parameters = 0, .grain_ = 7, .sizes = {}});
}

TEST_CASE("layers too large for memory are rejected with a ShapeError", "[network]") {
  Rng rng{8};
  const Hidden layer{Index{1} << 23, Index{1} << 23};  // 2^46 parameters
  const auto several = shape_error([&] { make_network<float>(rng, Sequence<Hidden>{std::vector(8, layer)}); });
  CHECK(mentions(several.second, "layers 0 to 3 have "));
  CHECK(mentions(several.second, "parameters, more than this machine's memory holds"));
  // A sanitizer would end the program instead of throwing std::bad_alloc.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  const auto one = shape_error([&] { make_network<float>(rng, layer); });
  CHECK(mentions(one.second, "layers 0 to 0 have "));
#endif
}

TEST_CASE("set_parameters sets all parameters or none", "[network]") {
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

  network.set_parameters(2 * network.parameters());  // refers to the network's own parameters
  CHECK(network.parameters() == 2 * before);
  network.set_parameters(before);
  CHECK(network.parameters() == before);
}

TEST_CASE("weights of Keras fit unchanged, and weights of PyTorch after a transposition", "[network]") {
  // 2 inputs and 3 outputs. Both libraries store weights row by row: PyTorch those of W, Keras those of its transpose.
  const std::vector<float> linear_weight = {1, 2, 3, 4, 5, 6}, keras_kernel = {1, 3, 5, 2, 4, 6}, bias = {7, 8, 9};
  const MatrixX<float> x{{1}, {10}}, y{{1 + 20 + 7}, {3 + 40 + 8}, {5 + 60 + 9}};
  Rng rng{10};
  Network<float, Dense<2, 3>> network{rng};
  const ConstColumn<float> b(bias.data(), 3);
  VectorX<float> p(9);

  p << ConstColumn<float>(keras_kernel.data(), 6), b;
  network.set_parameters(p);
  CHECK(embed(network, x) == y);

  using RowMajor = Eigen::Matrix<float, Dynamic, Dynamic, Eigen::RowMajor>;
  p << Eigen::Map<const RowMajor>(linear_weight.data(), 3, 2).reshaped(), b;
  network.set_parameters(p);
  CHECK(embed(network, x) == y);

  p << ConstColumn<float>(linear_weight.data(), 6), b;  // the size is right, so that nothing is thrown
  network.set_parameters(p);
  CHECK(embed(network, x) != y);
}

TEST_CASE("a copy of a network has its own parameters", "[network]") {
  Rng rng{11};
  Static network{rng};
  const Static copy = network;
  const VectorX<float> before = network.parameters();
  network.set_parameters(VectorX<float>::Ones(111));
  CHECK(copy.parameters() == before);
  network = copy;
  CHECK(network.parameters() == before);
}

TEST_CASE("the smallest network, and a network without parameters", "[network]") {
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

TEST_CASE("a network can be made of given layers and parameters", "[network]") {
  Rng rng{13};
  const Static network{rng};
  const Static copy{network.layers(), network.parameters()};
  CHECK(copy.parameters() == network.parameters());
  const MatrixX<float> x = normal<float>(5, 6, rng);
  CHECK(embed(copy, x) == embed(network, x));

  // Without template arguments, the scalar is deduced from the parameters.
  const Standardize<> standardize{{1, 2}, {3, 4}};
  const Network made{std::tuple{standardize, Dense<2, 1>{}}, VectorX<double>{{1, -1, 0.5}}};
  static_assert(std::is_same_v<decltype(made), const Network<double, Standardize<>, Dense<2, 1>>>);
  CHECK(embed(made, MatrixX<double>{{4}, {10}})(0, 0) == 1 - 2 + 0.5);
  CHECK(std::get<0>(made.layers()).mean() == standardize.mean());

  CHECK_THROWS_AS((Static{network.layers(), VectorX<float>::Zero(7)}), ShapeError);
  VectorX<float> bad = network.parameters();
  bad[5 * 7 + 7 + 3] = std::numeric_limits<float>::infinity();
  try {
    Static{network.layers(), bad};
    FAIL("no error");
  } catch (const NonFiniteError& error) {
    CHECK(error.place().layer == 1);
  }
  CHECK_THROWS_AS((Network{std::tuple{Hidden{5, 7}, Hidden{6, 3}}, VectorX<float>::Zero(63)}), ShapeError);
}

TEST_CASE("a fitted layer draws no random numbers and has no parameters", "[network]") {
  Rng rng{14}, same{14};
  const Network<float, Standardize<5>, Dense<5, 4>, Rescale<4>, Dense<4, 2>> fitted{
      rng, Standardize<5>{{1, 2, 3, 4, 5}, {1, 1, 0, 2, 2}}, {}, Rescale<4>{{.factor = 3}}, {}};
  const Network<float, Dense<5, 4>, Dense<4, 2>> plain{same};
  CHECK(fitted.parameters() == plain.parameters());
  CHECK(fitted.depth() == 4);
  CHECK(fitted.offset(1) == 0);
}

TEST_CASE("prepend copies the network's parameters", "[network]") {
  Rng rng{15};
  const MatrixX<float> x = 1000 * normal<float>(5, 200, rng);
  const Standardize<5> standardize{x};
  Static network{rng};
  const auto raw = prepend(standardize, network);
  static_assert(
      std::is_same_v<decltype(raw),
                     const Network<float, Standardize<5>, Dense<5, 7, ReLU>, Dense<7, 6, Tanh>, Dense<6, 3>>>);
  CHECK(raw.depth() == 4);
  CHECK(raw.parameters() == network.parameters());
  CHECK(embed(raw, x) == embed(network, standardize.transform(x)));
  CHECK(embed(raw, x) != embed(network, x));
  CHECK(embed(prepend(Rescale<>{5, {.factor = 2}}, network), x) == embed(network, 2 * x));

  CHECK_THROWS_AS(prepend(Rescale<>{6, {.factor = 2}}, network), ShapeError);
  CHECK(mentions(error_text<ValueError>([&] { prepend(Dense<5, 5>{}, network); }),
                 "the layer to prepend has 30 parameters"));
  const Static moved = std::move(network);
  CHECK_THROWS_AS(prepend(standardize, network), ValueError);
}

TEST_CASE("a layer that was moved from is rejected", "[network]") {
  Rng rng{16};
  Standardize<2> layer{{1, 2}, {3, 4}};
  const Standardize<2> taken = std::move(layer);
  CHECK(shape_error([&] { make_network<float>(rng, layer, Dense<2, 1>{}); }).first == 0);
}
