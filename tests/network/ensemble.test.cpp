#include "gemel/network/ensemble.hpp"

#include <algorithm>
#include <cmath>
#include <concepts>
#include <type_traits>
#include <utility>
#include <vector>

#include "allocations.hpp"
#include "catch.hpp"
#include "error_text.hpp"
#include "gemel/data/pairs.hpp"
#include "gemel/loss/contrastive_loss.hpp"
#include "gemel/network/any_model.hpp"
#include "gemel/network/dense.hpp"
#include "gemel/network/l2_normalize.hpp"
#include "gemel/verification/calibration.hpp"
#include "gemel/verification/distances.hpp"
#include "gemel/verification/evaluate.hpp"
#include "gemel/verification/verifier.hpp"
#include "mentions.hpp"

using namespace gemel;

namespace {

using Member = Siamese<Network<float, Dense<5, 7, ReLU>, Dense<7, 3>>>;
static_assert(std::copyable<Ensemble<Member>> && Embedder<Ensemble<Member>>);
static_assert(!std::convertible_to<Member, Ensemble<Member>>);

Member member(std::uint64_t seed) {
  Rng rng{seed};
  return Member{rng};
}

/// A member with embeddings of another size.
AnyModel<float> wide_member() {
  Rng rng{9};
  return Siamese{make_network<float>(rng, Dense<5, 4, Tanh>{}, L2Normalize<4>{})};
}

MatrixX<float> samples(Index n, std::uint64_t seed = 8) {
  Rng rng{seed};
  return normal<float>(5, n, rng);
}

/// A distance with a member.
struct Weighing {
  double factor = 1;
  bool operator==(const Weighing&) const = default;
  template <Scalar S>
  S value(ConstColumn<S> a, ConstColumn<S> b) const {
    return static_cast<S>(factor) * Manhattan{}.value(a, b);
  }
  template <Scalar S>
  void add_gradient(ConstColumn<S> a, ConstColumn<S> b, S d, S slope, Column<S> da, Column<S> db) const {
    Manhattan{}.add_gradient(a, b, d, static_cast<S>(factor) * slope, da, db);
  }
};

}  // namespace

TEST_CASE("the embedding of an ensemble consists of the members' embeddings", "[ensemble]") {
  const Member a = member(1), b = member(2), c = member(3);
  const Ensemble ensemble{a, b, c};
  static_assert(std::same_as<decltype(ensemble), const Ensemble<Member>>);
  static_assert(std::same_as<decltype(Ensemble{ensemble}), Ensemble<Member>>);
  static_assert(std::same_as<decltype(Ensemble{std::vector{a}}), Ensemble<Member>>);
  CHECK(ensemble.in() == 5);
  CHECK(ensemble.embedding_size() == 9);
  CHECK(ensemble.members().size() == 3);
  for (const Index n : {0, 1, 95, 96, 97, 200}) {
    const MatrixX<float> x = samples(n), y = ensemble.embed(x);
    CHECK(y.rows() == 9);
    CHECK(y.topRows(3) == a.embed(x));
    CHECK(y.middleRows(3, 3) == b.embed(x));
    CHECK(y.bottomRows(3) == c.embed(x));
    CHECK(Ensemble(std::vector{a, b, c}).embed(x) == y);
    CHECK(Ensemble{b}.embed(x) == b.embed(x));
  }
}

TEST_CASE("members of different layers are AnyModels", "[ensemble]") {
  const Ensemble<AnyModel<float>> ensemble{member(1), wide_member()};
  CHECK(ensemble.embedding_size() == 7);
  const MatrixX<float> x = samples(130), y = ensemble.embed(x);
  CHECK(y.topRows(3) == member(1).embed(x));
  CHECK(y.bottomRows(4) == wide_member().embed(x));

  const Ensemble same_type{member(1), member(2)};
  CHECK(Ensemble<AnyModel<float>>{same_type}.embed(x) == same_type.embed(x));
}

TEST_CASE("embeddings of an ensemble do not depend on the number of threads", "[ensemble]") {
  const Ensemble ensemble{member(1), member(2)};
  const MatrixX<float> x = samples(4000), y = ensemble.embed(x);
  for (const Index threads : {0, 1, 2, 3, 8}) CHECK(ensemble.embed(x, threads) == y);
  CHECK(ensemble.embed(x.col(3999)) == y.col(3999));
  CHECK_THROWS_AS(ensemble.embed(x, -1), ValueError);
}

TEST_CASE("an ensemble allocates nothing once its workspace is large enough", "[ensemble]") {
  const Ensemble<AnyModel<float>> ensemble{member(1), wide_member(), member(2)};
  const MatrixX<float> x = samples(150);
  MatrixX<float> y(10, 150);
  Workspace<float> workspace;
  const auto embed = [&] { ensemble.embed(ConstColumns<float>(x.data(), 5, 150), {y.data(), 10, 150}, workspace); };
  embed();
  y.setZero();
  const long before = allocation_count;
  embed();
  const long after = allocation_count;
  CHECK(after == before);
  CHECK(y == ensemble.embed(x));

  const Verifier verifier{ensemble, {.threshold = 1}};
  const VectorX<float> a = x.col(0), b = x.col(1);
  const float first = verifier.distance(a, b);
  const long before_second = allocation_count;
  const float second = verifier.distance(a, b);
  const long after_second = allocation_count;
  CHECK(first == second);
  CHECK(after_second == before_second);
}

TEST_CASE("distances, evaluate, calibrate and a Verifier take an ensemble", "[ensemble]") {
  const Member a = member(1), b = member(2);
  const Ensemble<Siamese<Network<float, Dense<5, 7, ReLU>, Dense<7, 3>>, SquaredEuclidean>> ensemble{
      Siamese{a.network(), SquaredEuclidean{}}, Siamese{b.network(), SquaredEuclidean{}}};
  const MatrixX<float> x = samples(40);
  MatrixX<float> others = samples(40, 11);
  others.leftCols(20) = x.leftCols(20) + 0.1F * others.leftCols(20);
  std::vector<int> labels(40, 0);
  std::fill_n(labels.begin(), 20, 1);
  const Pairs<float> pairs{x, others, labels};
  const VectorX<float> d = distances(ensemble, pairs);
  for (Index i = 0; i < 40; ++i) {
    const float sum = (a.embed(x.col(i)) - a.embed(others.col(i))).squaredNorm() +
                      (b.embed(x.col(i)) - b.embed(others.col(i))).squaredNorm();
    CHECK(std::abs(d[i] - sum) <= 1e-5F * sum);
  }
  CHECK(evaluate(ensemble, pairs, ContrastiveLoss{}).roc.eer() == Roc{d, Labels{labels}}.eer());
  const auto verifier = calibrate(ensemble, pairs, {.far = 0.2});
  CHECK(verifier.distances(x, others) == d);
  CHECK(verifier.same(x.col(0), others.col(0)));
}

TEST_CASE("members that do not fit together are refused", "[ensemble]") {
  Rng rng{4};
  const AnyModel<float> narrow = Siamese{make_network<float>(rng, Dense<4, 3>{})};
  const AnyModel<float> cosine = Siamese{member(1).network(), Cosine{}};
  using Any = Ensemble<AnyModel<float>>;
  CHECK(error_text<ValueError>([] { Ensemble(std::vector<Member>{}); }) ==
        "an ensemble has no members; it needs at least one");
  CHECK(error_text<ShapeError>([&] {
          Any{member(1), member(2), narrow};
        }) == "the members of an ensemble embed the same samples, but member 0 takes 5 features, and member 2 takes 4");
  CHECK(mentions(error_text<ValueError>([&] {
                   Any{member(1), cosine};
                 }),
                 "the distance of member 1 differs from the distance of member 0"));
  CHECK(Any{cosine, cosine}.embedding_size() == 6);
  using Weighed = Siamese<Network<float, Dense<5, 7, ReLU>, Dense<7, 3>>, Weighing>;
  const Weighed one{member(1).network()}, two{member(1).network(), {.factor = 2}};
  CHECK(Ensemble{two, two}.metric().factor == 2);
  CHECK_THROWS_AS((Ensemble{one, two}), ValueError);
}

TEST_CASE("samples that an ensemble cannot embed are refused", "[ensemble]") {
  Ensemble ensemble{member(1), member(2)};
  CHECK(mentions(error_text<ShapeError>([&] { ensemble.embed(MatrixX<float>::Ones(4, 2)); }),
                 "the ensemble takes 5 features, but the samples have 4"));
  MatrixX<float> x = samples(2), y(6, 1);
  CHECK(mentions(error_text<ShapeError>([&] {
                   ensemble.embed(ConstColumns<float>(x.data(), 5, 2), {y.data(), 6, 1}, 1);
                 }),
                 "the embeddings are 6 x 2, but there is room for 6 x 1"));
  Member gone = member(1);
  const Member taken = std::move(gone);
  CHECK(mentions(error_text<ValueError>([&] { Ensemble{taken, gone}; }), "member 1 of the ensemble was moved from"));
  const Ensemble moved = std::move(ensemble);
  CHECK(moved.embedding_size() == 6);
  CHECK(ensemble.embedding_size() == 0);
  CHECK_THROWS_AS(ensemble.embed(x), ValueError);
}
