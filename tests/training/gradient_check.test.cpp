#include "gemel/training/gradient_check.hpp"

#include <functional>
#include <utility>
#include <variant>
#include <vector>

#include "catch.hpp"
#include "gemel/data/pairs.hpp"
#include "gemel/network/any_network.hpp"
#include "gemel/network/siamese.hpp"
#include "gemel/training/contrastive_loss.hpp"
#include "gemel/training/hadsell_loss.hpp"
#include "gemel/training/online_contrastive_loss.hpp"
#include "gemel/training/positive_margin_loss.hpp"
#include "gemel/training/unsquared_contrastive_loss.hpp"

using namespace gemel;

namespace {

// Any distance and any loss, chosen at run time: so that their compositions are one training step to compile.
struct AnyDistance {
  std::variant<Euclidean, SquaredEuclidean, Manhattan, Cosine> metric = {};

  template <Scalar S>
  S value(ConstColumn<S> a, ConstColumn<S> b) const {
    return std::visit([&](const auto& m) { return m.template value<S>(a, b); }, metric);
  }
  template <Scalar S>
  void add_gradient(ConstColumn<S> a, ConstColumn<S> b, S d, S slope, Column<S> da, Column<S> db) const {
    std::visit([&](const auto& m) { m.template add_gradient<S>(a, b, d, slope, da, db); }, metric);
  }
};

struct AnyLoss {
  std::variant<ContrastiveLoss, HadsellLoss, PositiveMarginLoss, OnlineContrastiveLoss, UnsquaredContrastiveLoss> loss;

  template <Scalar S>
  double operator()(std::span<const S> d, std::span<const std::uint8_t> similar, std::span<const S> weight,
                    std::span<S> slope) const {
    return std::visit([&](const auto& l) { return l.template operator()<S>(d, similar, weight, slope); }, loss);
  }
};

// One batch of samples and all pairs among them: samples are shared. Those of the same third are similar.
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

Pairs<double> two_sided(Rng& rng, std::vector<double> weights = {}) {
  return {normal<double>(features, 9, rng), normal<double>(features, 9, rng), Labels{1, 0, 0, 1, 0, 1, 1, 0, 0},
          std::move(weights)};
}

// The margin at which about half of the dissimilar pairs are active, whatever the distance's unit.
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

// Where many parameters are at a kink the point is drawn again: `make` makes a model of other weights each time.
template <class Make, class Source>
void check_gradient(const Make& make, const Source& source, const std::function<AnyLoss(double)>& loss, Totals& totals) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Rng rng{seed};
    const auto model = make(rng);
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

const std::vector<std::function<AnyLoss(double)>> losses = {
    [](double m) { return AnyLoss{ContrastiveLoss{.margin = m}}; },
    [](double m) { return AnyLoss{HadsellLoss{.margin = m}}; },
    [](double m) { return AnyLoss{PositiveMarginLoss{.margin = m, .positive_margin = m / 2}}; },
    [](double m) { return AnyLoss{OnlineContrastiveLoss{.margin = m}}; },
    [](double m) { return AnyLoss{UnsquaredContrastiveLoss{.margin = m, .positive_margin = m / 2}}; }};

const std::vector<AnyDistance> distances = {{Euclidean{}}, {SquaredEuclidean{}}, {Manhattan{}}, {Cosine{}}};

using Any = Siamese<AnyNetwork<double>, AnyDistance>;

template <class Activate>
using Runtime = Dense<Dynamic, Dynamic, Activate>;

// Networks of every layer and activation, and of some together.
std::vector<std::vector<AnyLayer>> networks() {
  return {{Runtime<Linear>{4, 3}},
          {Runtime<ReLU>{4, 6}, Runtime<Linear>{6, 3}},
          {Runtime<LeakyReLU>{4, 6}, Runtime<Linear>{6, 3}},
          {Runtime<Tanh>{4, 5}, Runtime<Tanh>{5, 3}},
          {Runtime<Sigmoid>{4, 5}, Runtime<Sigmoid>{5, 3}},
          {Runtime<ReLU>{4, 7}, Runtime<ReLU>{7, 6}, Runtime<ReLU>{6, 5}},
          {Runtime<Tanh>{4, 6}, Dropout<>{6, 0.4}, Runtime<Linear>{6, 3}},
          {L2Normalize<>{4}, Runtime<Sigmoid>{4, 6}, Dropout<>{6, 0.3}, Runtime<LeakyReLU>{6, 4}, L2Normalize<>{4}}};
}

template <class... Layers>
auto fixed(AnyDistance distance) {
  return [=](Rng& rng) { return Siamese<Network<double, Layers...>, AnyDistance>{Network<double, Layers...>{rng}, distance}; };
}

}  // namespace

TEST_CASE("every layer, activation, distance and loss, in all their compositions", "[gradient_check]") {
  const auto& layers = networks();
  Totals totals;
  for (std::size_t n = 0; n < layers.size(); ++n) {
    for (const AnyDistance& distance : distances) {
      for (std::size_t l = 0; l < losses.size(); ++l) {
        CAPTURE(n, distance.metric.index(), l);
        const auto make = [&](Rng& rng) { return Any{AnyNetwork<double>{rng, Sequence<AnyLayer>{layers[n]}}, distance}; };
        Rng rng{100 * n + l};
        const bool weighted = (n + l) % 2 == 0;
        check_gradient(make, two_sided(rng, weighted ? std::vector<double>{1, 2, 0.5, 3, 1, 0, 1.5, 1, 2} : std::vector<double>{}),
                       losses[l], totals);
        const MatrixX<double> x = normal<double>(features, 6, rng);
        std::vector<double> weights;
        for (Index i = 0; weighted && i < 15; ++i) weights.push_back(0.5 + 0.1 * static_cast<double>(i));
        check_gradient(make, AllOfBatch{x, weights}, losses[l], totals);
      }
    }
  }
  CAPTURE(totals.worst, totals.at_kinks);
  CHECK(totals.checked > 10000);
  CHECK(totals.at_kinks < 200);
}

TEST_CASE("the same with static sizes", "[gradient_check]") {
  Totals totals;
  for (const AnyDistance& distance : distances) {
    for (std::size_t l = 0; l < losses.size(); ++l) {
      CAPTURE(distance.metric.index(), l);
      Rng rng{l};
      const auto pairs = two_sided(rng);
      const AllOfBatch all{normal<double>(features, 6, rng)};
      const auto check = [&](const auto& make) {
        check_gradient(make, pairs, losses[l], totals);
        check_gradient(make, all, losses[l], totals);
      };
      check(fixed<Dense<4, 7, ReLU>, Dense<7, 6, LeakyReLU>, Dense<6, 3>>(distance));
      check(fixed<L2Normalize<4>, Dense<4, 6, Sigmoid>, Dropout<6>, Dense<6, 4, Tanh>, L2Normalize<4>>(distance));
    }
  }
  CHECK(totals.checked > 1000);
}
