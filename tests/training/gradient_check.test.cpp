#include "gemel/training/gradient_check.hpp"

#include <functional>
#include <limits>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "gemel/data/pairs.hpp"
#include "gemel/loss/any_loss.hpp"
#include "gemel/network/any_model.hpp"
#include "gemel/network/siamese.hpp"

using namespace gemel;

namespace {

// One batch of all pairs of its samples, so that pairs share samples. Samples in the same third are similar.
struct AllOfBatch {
  MatrixX<double> x;
  std::vector<double> weights = {};

  Index features() const { return x.rows(); }
  Index batches() const { return 1; }
  void start_epoch(std::uint64_t, Index, Index, bool) {}
  void batch(Index, Batch<double>& out) const {
    out.clear();
    for (Index i = 0; i < x.cols(); ++i) {
      out.samples.push_back(i);
      for (Index j = 0; j < i; ++j) {
        out.pairs.push_back({i, j});
        out.similar.push_back(i % 3 == j % 3);
      }
    }
    out.weight = weights;
  }
  const double* column(Index, Index j, double* buffer) const {
    return j % 2 == 0 ? x.data() + j * x.rows() : std::copy_n(x.data() + j * x.rows(), x.rows(), buffer) - x.rows();
  }
};
static_assert(PairSource<AllOfBatch, double>);

constexpr Index features = 4;

Pairs<double> disjoint(Rng& rng, std::vector<double> weights = {}) {
  return {normal<double>(features, 9, rng), normal<double>(features, 9, rng), Labels{1, 0, 0, 1, 0, 1, 1, 0, 0},
          std::move(weights)};
}

// A margin with which about half of the dissimilar pairs have a slope, whatever the unit of the distance.
template <class Model>
double median_distance(const Model& model, Rng& rng) {
  VectorX<double> d = model.distance(normal<double>(features, 31, rng), normal<double>(features, 31, rng));
  std::ranges::sort(d);
  return d[15];
}

struct Totals {
  double worst = 0;
  Index checked = 0;
  Index at_kinks = 0;
};

// `make` returns a model with new weights each time, so that the weights can be drawn again if a parameter is at a
// kink. Weights and biases are larger than initial ones, since the cosine has few exact digits if all embeddings have
// almost the same direction.
template <class Make, class Source>
void check_gradient(const Make& make, const Source& source, const std::function<AnyLoss(double)>& loss,
                    Totals& totals) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Rng rng{seed};
    auto model = make(rng);
    model.set_parameters(normal<double>(model.network().parameter_count(), 1, rng));
    const GradientCheck result = gradient_check(model, source, loss(median_distance(model, rng)), {.seed = seed});
    if (result.at_kinks > 0) {
      ++totals.at_kinks;
      continue;
    }
    totals.worst = std::max(totals.worst, result.worst);
    totals.checked += result.checked;
    CAPTURE(result.parameter, result.analytic, result.numeric, seed);
    CHECK(result.checked == model.network().parameter_count());
    CHECK(result.worst <= 1e-7);
    return;
  }
  FAIL("twenty points, and a kink at each");
}

const std::vector<std::function<AnyLoss(double)>> all_losses = {
    [](double m) { return AnyLoss{ContrastiveLoss{.margin = m}}; },
    [](double m) { return AnyLoss{HadsellLoss{.margin = m}}; },
    [](double m) { return AnyLoss{PositiveMarginLoss{.margin = m, .positive_margin = m / 2}}; },
    [](double m) { return AnyLoss{OnlineContrastiveLoss{.margin = m}}; },
    [](double m) { return AnyLoss{UnsquaredContrastiveLoss{.margin = m, .positive_margin = m / 2}}; }};

const std::vector<AnyDistance> all_distances = {Euclidean{}, SquaredEuclidean{}, Manhattan{}, Cosine{}};

template <class Activate>
using Runtime = Dense<Dynamic, Dynamic, Activate>;

Whitening<> white(Index in, Index out, std::uint64_t seed = 4) {
  Rng rng{seed};
  return {normal<double>(in, 1, rng) / 2, normal<double>(out, in, rng)};
}

// Networks of each layer and activation, alone and combined.
std::vector<std::vector<AnyLayer>> networks() {
  const Whitening<> whitening{VectorX<double>{{0.1, -0.2, 0.3, 0, 0.2}},
                              MatrixX<double>{{1, 0.5, -0.5, 0, 0.2}, {0, 2, 0.1, 1, -1}, {0.3, 0, 1, -0.4, 0.6}}};
  return {{Runtime<Linear>{4, 3}},
          {Runtime<ReLU>{4, 6}, Runtime<Linear>{6, 3}},
          {Runtime<LeakyReLU>{4, 6}, Runtime<Linear>{6, 3}},
          {Runtime<Tanh>{4, 5}, Runtime<Tanh>{5, 3}},
          {Runtime<Sigmoid>{4, 5}, Runtime<Sigmoid>{5, 3}},
          {Runtime<ReLU>{4, 7}, Runtime<ReLU>{7, 6}, Runtime<ReLU>{6, 5}},
          {Runtime<Tanh>{4, 6}, Dropout<>{6, 0.4}, Runtime<Linear>{6, 3}},
          {L2Normalize<>{4}, Runtime<Sigmoid>{4, 6}, Dropout<>{6, 0.3}, Runtime<LeakyReLU>{6, 4}, L2Normalize<>{4}},
          {Standardize<>{{1, 0, -1, 0}, {2, 1, 0.5, 1}}, Runtime<Tanh>{4, 3}},
          {Runtime<Linear>{4, 5}, Standardize<>{{1, 0, -1, 0, 0.5}, {2, 1, 0.5, 0, 1}}, Runtime<Linear>{5, 3}},
          {Runtime<Linear>{4, 5}, Standardize<>{{1, 0, -1, 0, 0.5}, {2, 1, 0.5, 1, 1}, {.clip = 1.5}},
           Runtime<Linear>{5, 3}},
          {Runtime<Tanh>{4, 5}, Rescale<>{5, {.offset = 0.3, .factor = -0.7}}, Runtime<Linear>{5, 3},
           Rescale<>{3, {.factor = 2}}},
          {GaussianNoise<>{4, 0.2}, Runtime<Tanh>{4, 6}, GaussianNoise<>{6, 0.1}, Runtime<Linear>{6, 3}},
          {Runtime<Tanh>{4, 5}, whitening, Centering<>{MatrixX<double>{{0.1, 0.3}, {-0.2, 0.4}, {0.5, 0.5}}},
           Runtime<Tanh>{3, 3}}};
}

template <class... Layers>
auto fixed(AnyDistance distance) {
  return [=](Rng& rng) {
    return Siamese<Network<double, Layers...>, AnyDistance>{Network<double, Layers...>{rng}, distance};
  };
}

}  // namespace

TEST_CASE("the gradient matches finite differences for all combinations of layer, activation, distance and loss",
          "[gradient_check]") {
  const std::vector<double> weights = {1, 2, 0.5, 3, 1, 0, 1.5, 1, 2, 0.25, 1, 1, 2, 0, 1};
  const auto& layers = networks();
  Totals totals;
  for (std::size_t n = 0; n < layers.size(); ++n) {
    for (std::size_t m = 0; m < all_distances.size(); ++m) {
      for (std::size_t l = 0; l < all_losses.size(); ++l) {
        CAPTURE(n, m, l);
        const auto make = [&](Rng& rng) {
          return AnyModel<double>{AnyNetwork<double>{rng, Sequence<AnyLayer>{layers[n]}}, all_distances[m]};
        };
        const auto given = [&](int pairs) {
          return (n + l) % 2 == 0 ? std::vector(weights.begin(), weights.begin() + pairs) : std::vector<double>{};
        };
        Rng rng{100 * n + l};
        check_gradient(make, disjoint(rng, given(9)), all_losses[l], totals);
        check_gradient(make, AllOfBatch{normal<double>(features, 6, rng), given(15)}, all_losses[l], totals);
      }
    }
  }
  CAPTURE(totals.worst);
  CHECK(totals.checked > 10000);
  CHECK(totals.at_kinks < 20);
}

TEST_CASE("the gradient matches finite differences with static sizes", "[gradient_check]") {
  Totals totals;
  for (std::size_t m = 0; m < all_distances.size(); ++m) {
    for (std::size_t l = 0; l < all_losses.size(); ++l) {
      CAPTURE(m, l);
      Rng rng{l};
      const auto pairs = disjoint(rng);
      const AllOfBatch all{normal<double>(features, 6, rng)};
      const auto check = [&](const auto& make) {
        check_gradient(make, pairs, all_losses[l], totals);
        check_gradient(make, all, all_losses[l], totals);
      };
      check(fixed<Dense<4, 7, ReLU>, Dense<7, 6, LeakyReLU>, Dense<6, 3>>(all_distances[m]));
      check(
          fixed<L2Normalize<4>, Dense<4, 6, Sigmoid>, Dropout<6>, Dense<6, 4, Tanh>, L2Normalize<4>>(all_distances[m]));
      check([&](Rng& weights) {
        const Standardize<5> standardize{{1, 0, -1, 0, 0.5}, {2, 1, 0.5, 1, 1}, {.clip = 1.5}};
        const auto network = make_network<double>(weights, Rescale<4>{{.offset = 1, .factor = 0.5}}, Dense<4, 5>{},
                                                  standardize, Dense<5, 3>{});
        return Siamese<std::remove_const_t<decltype(network)>, AnyDistance>{network, all_distances[m]};
      });
    }
  }
  CHECK(totals.checked > 5000);
  CHECK(totals.at_kinks < 10);
}

TEST_CASE("the gradient through a Whitening is that through an equal Dense", "[gradient_check]") {
  // Finite differences are less accurate if a gradient is small. This comparison holds for all networks.
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    for (std::size_t m = 0; m < all_distances.size(); ++m) {
      for (std::size_t l = 0; l < all_losses.size(); ++l) {
        CAPTURE(seed, m, l);
        Rng rng{seed};
        const Whitening<> layer = white(5, 6, seed);
        const auto network = make_network<double>(rng, Dense<4, 5, Tanh>{}, layer, Dense<6, 3>{});
        auto equal = make_network<double>(rng, Dense<4, 5, Tanh>{}, Dense<5, 6>{}, Dense<6, 3>{});
        VectorX<double> parameters(25 + 36 + 21);
        parameters << network.parameters().head(25), layer.matrix().reshaped(), -layer.matrix() * layer.mean(),
            network.parameters().tail(21);
        equal.set_parameters(parameters);
        RMSprop<double> unused;
        const AllOfBatch source{normal<double>(features, 6, rng)};
        const auto gradient = [&](const auto& of) {
          Siamese<std::remove_cvref_t<decltype(of)>, AnyDistance> model{of, all_distances[m]};
          TrainingStep step(model, all_losses[l](2), unused);
          const auto g = step.gradient(source, 0);
          return VectorX<double>(VectorX<double>::Map(g.data(), length(g)));
        };
        const VectorX<double> through = gradient(network), reference = gradient(equal);
        const double tolerance = 1e-9 * reference.cwiseAbs().maxCoeff();
        CHECK(through.cwiseAbs().maxCoeff() > 0);
        CHECK((through.head(25) - reference.head(25)).cwiseAbs().maxCoeff() <= tolerance);
        CHECK((through.tail(21) - reference.tail(21)).cwiseAbs().maxCoeff() <= tolerance);
      }
    }
  }
}

TEST_CASE("a network chosen at run time has a gradient bit-identical to the static one's", "[gradient_check]") {
  using Static = Network<double, Dense<4, 7, ReLU>, Dropout<7>, Dense<7, 6, Tanh>, Dense<6, 3>, L2Normalize<3>>;
  Rng rng{1}, same{1};
  Siamese<Static> fixed{rng};
  Siamese<AnyNetwork<double>> any{
      AnyNetwork<double>{same, Sequence<AnyLayer>{{Runtime<ReLU>{4, 7}, Dropout<>{7, 0.5}, Runtime<Tanh>{7, 6},
                                                   Runtime<Linear>{6, 3}, L2Normalize<>{3}}}}};
  RMSprop<double> unused;
  const auto gradient = [&](auto& model, const auto& source) {
    TrainingStep step(model, ContrastiveLoss{}, unused, {.seed = 9});
    const auto g = step.gradient(source, 0);
    return std::vector(g.begin(), g.end());
  };
  const auto pairs = disjoint(rng);
  const AllOfBatch all{normal<double>(features, 6, rng)};
  CHECK(gradient(any, pairs) == gradient(fixed, pairs));
  CHECK(gradient(any, all) == gradient(fixed, all));
  CHECK(gradient(any, all) != gradient(fixed, pairs));
}

namespace {

// Parts with one sign wrong.

template <class Right>
struct WrongDistance : Right {
  template <Scalar S>
  void add_gradient(ConstColumn<S> a, ConstColumn<S> b, S d, S slope, Column<S> da, Column<S> db) const {
    Right::template add_gradient<S>(a, b, d, slope, da, db);
    db *= -1;
  }
};

struct WrongLoss : ContrastiveLoss {
  template <Scalar S>
  double operator()(std::span<const S> d, std::span<const std::uint8_t> similar, std::span<const S> weight,
                    std::span<S> slope) const {
    const double loss = ContrastiveLoss::operator()(d, similar, weight, slope);
    for (std::size_t i = 0; i < slope.size(); ++i) slope[i] *= similar[i] ? -1 : 1;
    return loss;
  }
};

struct WrongSlope : Tanh {
  template <Scalar S>
  S slope(S y) const {
    return -Tanh::slope(y);
  }
};

// y = w .* x, correct except for the sign that the test chooses.
struct Scale {
  Index size;
  double dx_sign = 1, dw_sign = 1;

  Index in() const { return size; }
  Index out() const { return size; }
  Index parameter_count() const { return size; }
  Index grain() const { return 1; }
  std::array<Index, 1> variables() const { return {size}; }
  template <Scalar S>
  void initialize(std::span<S> w, Rng&) const {
    std::ranges::fill(w, S{1});
  }
  template <Scalar S>
  void forward(std::span<const S> w, ColumnList<S> x, Columns<S> y, const Pass&) const {
    for (Index j = 0; j < y.cols(); ++j) y.col(j) = ConstColumn<S>(w.data(), size).cwiseProduct(x.column(j));
  }
  template <Scalar S>
  void backward(std::span<const S> w, ColumnList<S>, ColumnList<S>, Columns<S> dy, Columns<S> dx, const Pass&) const {
    for (Index j = 0; j < dx.cols(); ++j) {
      dx.col(j) = static_cast<S>(dx_sign) * ConstColumn<S>(w.data(), size).cwiseProduct(dy.col(j));
    }
  }
  template <Scalar S>
  void add_gradient(ColumnList<S> x, ColumnList<S> dz, Index first, std::span<S> g) const {
    for (Index j = 0; j < x.cols(); ++j) {
      for (Index i = 0; i < length(g); ++i)
        g[static_cast<std::size_t>(i)] += static_cast<S>(dw_sign) * dz(first + i, j) * x(first + i, j);
    }
  }
};
static_assert(Layer<Scale, double>);

template <class Metric = Euclidean, class LossType = ContrastiveLoss, class... Layers>
double worst(const LossType& loss, const Layers&... layers) {
  Rng rng{3};
  const auto network = make_network<double>(rng, layers...);
  return gradient_check(Siamese<std::remove_const_t<decltype(network)>, Metric>{network}, disjoint(rng), loss).worst;
}

}  // namespace

TEST_CASE("a part with a wrong sign is detected", "[gradient_check]") {
  const Dense<4, 5, Tanh> first;
  const Dense<5, 3> last;
  const ContrastiveLoss loss{.margin = 2};
  CHECK(worst(loss, first, last) <= 1e-7);
  CHECK(worst<WrongDistance<Euclidean>>(loss, first, last) > 1e-3);
  CHECK(worst(WrongLoss{loss}, first, last) > 1e-3);
  CHECK(worst(loss, Dense<4, 5, WrongSlope>{}, last) > 1e-3);
  CHECK(worst(loss, first, Scale{5}, last) <= 1e-7);
  CHECK(worst(loss, first, Scale{.size = 5, .dx_sign = -1}, last) > 1e-3);
  CHECK(worst(loss, first, Scale{.size = 5, .dw_sign = -1}, last) > 1e-3);
}

TEST_CASE("a backward pass that gives NaN is an error, not a kink", "[gradient_check]") {
  Rng rng{4};
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto network = make_network<double>(rng, Dense<4, 5, Tanh>{}, Scale{.size = 5, .dw_sign = nan}, Dense<5, 3>{});
  const Siamese<std::remove_const_t<decltype(network)>> model{network};
  CHECK_THROWS_AS(gradient_check(model, disjoint(rng), ContrastiveLoss{.margin = 2}), NonFiniteError);
}

TEST_CASE("the result names the worst parameter, the number to check is an option, and the model stays unchanged",
          "[gradient_check]") {
  Rng rng{4};
  const auto network = make_network<double>(rng, Dense<4, 5, Tanh>{}, Scale{.size = 5, .dw_sign = -1}, Dense<5, 3>{});
  const Siamese<std::remove_const_t<decltype(network)>> model{network};
  const VectorX<double> before = model.parameters();
  const auto pairs = disjoint(rng);
  const GradientCheck all = gradient_check(model, pairs, ContrastiveLoss{.margin = 2});
  CHECK(all.checked == 25 + 5 + 18);
  CHECK(all.at_kinks == 0);
  CHECK(all.parameter >= 25);  // a parameter of Scale
  CHECK(all.parameter < 30);
  CHECK(std::abs(all.worst - 2) <= 1e-6);  // a = -n
  CHECK(std::abs(all.analytic + all.numeric) <= 1e-6);
  CHECK(model.parameters() == before);

  CHECK(gradient_check(model, pairs, ContrastiveLoss{.margin = 2}, {.parameters = 7}).checked == 7);
  CHECK(gradient_check(model, pairs, ContrastiveLoss{.margin = 2}, {.parameters = 1000}).checked == 48);
}

TEST_CASE("a parameter at a kink is skipped and counted", "[gradient_check]") {
  Rng rng{5};
  auto network = make_network<double>(rng, Dense<1, 1, ReLU>{});
  VectorX<double> p(2);
  p << 1, 0;
  network.set_parameters(p);
  const Siamese<std::remove_const_t<decltype(network)>> model{network};
  // z of the second sample is 0. A change of w does not change it there, but a change of b does.
  const Pairs<double> pairs{MatrixX<double>::Constant(1, 1, 2), MatrixX<double>::Zero(1, 1), Labels{1}};
  const GradientCheck result = gradient_check(model, pairs, ContrastiveLoss{});
  CHECK(result.at_kinks == 1);
  CHECK(result.checked == 1);
  CHECK(result.worst <= 1e-7);
}

TEST_CASE("a network without parameters has nothing to check", "[gradient_check]") {
  Rng rng{5};
  const Siamese<Network<double, L2Normalize<4>>> model{rng};
  const GradientCheck result = gradient_check(model, disjoint(rng), ContrastiveLoss{});
  CHECK(result.checked == 0);
  CHECK(result.at_kinks == 0);
  CHECK(result.worst == 0);
}
