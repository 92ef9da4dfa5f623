#include "gemel/verification/verifier.hpp"

#include <cstdlib>
#include <limits>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "allocations.hpp"
#include "catch.hpp"
#include "gemel/core/random.hpp"
#include "gemel/network/any_network.hpp"
#include "gemel/network/dense.hpp"
#include "gemel/network/siamese.hpp"
#include "verification/stub_model.hpp"

using namespace gemel;

TEST_CASE("a Verifier accepts distances up to the threshold", "[verifier]") {
  const Verifier verifier{StubModel{}, Calibration{.threshold = 2.0, .method = "by hand"}};
  const VectorX<float> a{{1, 0, 0}};
  const VectorX<float> near{{2, 0, 0}};  // StubModel doubles it, so that the distance is exactly the threshold
  const VectorX<float> far{{2.001f, 0, 0}};
  CHECK(verifier.distance(a, near) == 2);
  CHECK(verifier.same(a, near));
  CHECK(verifier.same(near, a));
  CHECK(verifier.same(a, a));
  CHECK_FALSE(verifier.same(a, far));
  CHECK(verifier.accepts(2.0F));
  CHECK_FALSE(verifier.accepts(2.001F));
  CHECK(verifier.calibration().method == "by hand");
}

TEST_CASE("a Verifier accepts vectors, matrices of one column and columns of a matrix", "[verifier]") {
  Rng rng{1};
  const Siamese<Network<double, Dense<3, 5, ReLU>, Dense<5, 2>>> model{rng};
  const Verifier verifier{model, Calibration{.threshold = 0.5}};
  const MatrixX<double> x = uniform<double>(3, 4, rng);
  const double d = model.distance(x.col(1), x.col(3))[0];
  CHECK(verifier.distance(x.col(1), x.col(3)) == d);
  CHECK(verifier.distance(VectorX<double>(x.col(1)), MatrixX<double>(x.col(3))) == d);
}

TEST_CASE("a Verifier owns a copy of its model", "[verifier]") {
  Rng rng{1};
  Siamese<Network<float, Dense<3, 5>>> model{rng};
  const Verifier verifier{model, Calibration{.threshold = 0.5}};
  const MatrixX<float> x = uniform<float>(3, 2, rng);
  const float before = verifier.distance(x.col(0), x.col(1));
  model.set_parameters(VectorX<float>::Zero(20));
  CHECK(verifier.distance(x.col(0), x.col(1)) == before);
  CHECK(before > 0);
  CHECK(verifier.model().parameters().size() == 20);
}

TEST_CASE("a Verifier rejects invalid samples and thresholds", "[verifier]") {
  const Verifier verifier{StubModel{}, Calibration{.threshold = 1.0}};
  const VectorX<float> a{{1, 0, 0}};
  CHECK_THROWS_AS(verifier.same(a, VectorX<float>{{1, 0}}), ShapeError);
  CHECK_THROWS_AS(verifier.same(VectorX<float>{{1, 0}}, VectorX<float>{{1, 0}}), ShapeError);
  CHECK_THROWS_AS(verifier.same(MatrixX<float>::Zero(3, 2), MatrixX<float>::Zero(3, 2)), ShapeError);
  CHECK_THROWS_AS(verifier.same(MatrixX<float>(3, 0), MatrixX<float>(3, 0)), ShapeError);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  CHECK_THROWS_AS(verifier.same(a, VectorX<float>{{1, nan, 0}}), NonFiniteError);
  CHECK_THROWS_AS(verifier.distance(VectorX<float>{{1, infinity, 0}}, a), NonFiniteError);
  CHECK_THROWS_AS((Verifier{StubModel{}, Calibration{.threshold = static_cast<double>(nan)}}), ValueError);
}

namespace {

/// A user's own embedder that embeds into the caller's memory. It has two models and puts the embedding of one above
/// that of the other.
struct Ensemble {
  using Scalar = float;
  using Member = Siamese<Network<float, Dense<3, 5, ReLU>, Dense<5, 4>>>;
  Member first, second;

  Index embedding_size() const { return 8; }
  MatrixX<float> embed(ColumnList<float> x) const {
    MatrixX<float> y(8, x.cols());
    y << first.embed(x), second.embed(x);
    return y;
  }
  void embed(ColumnList<float> x, Columns<float> y, Workspace<float>& workspace) const {
    for (Index j = 0; j < x.cols(); ++j) {
      first.embed(x.middle(j, 1), Columns<float>(y.data() + 8 * j, 4, 1), workspace);
      second.embed(x.middle(j, 1), Columns<float>(y.data() + 8 * j + 4, 4, 1), workspace);
    }
  }
  Cosine metric() const { return {}; }
};

/// Calls its own Verifier while it embeds, in the same thread and so with the same kept workspace.
struct Asking {
  using Scalar = float;
  Verifier<Ensemble> asked;

  Index embedding_size() const { return 1; }
  MatrixX<float> embed(ColumnList<float> x) const {
    MatrixX<float> y(1, x.cols());
    Workspace<float> workspace;
    embed(x, Columns<float>(y.data(), 1, y.cols()), workspace);
    return y;
  }
  void embed(ColumnList<float> x, Columns<float> y, Workspace<float>&) const {
    const MatrixX<float> many = MatrixX<float>::Ones(3, 200);
    for (Index j = 0; j < x.cols(); ++j) {
      y(0, j) = asked.distance(x.column(j), many.col(0));
      asked.distances(many, many);  // would reallocate the memory of y if the workspace were shared
    }
  }
  Euclidean metric() const { return {}; }
};

template <class Model>
void check_all_calls(const Model& model) {
  using S = typename Model::Scalar;
  Rng rng{7};
  const Verifier verifier{model, Calibration{.threshold = 0.5}};
  const MatrixX<S> a = normal<S>(3, 200, rng), b = normal<S>(3, 200, rng);  // more than one block
  const Index out = model.embed(ColumnList<S>(a.data(), 3, 3, 1)).rows();
  const MatrixX<S> left = model.embed(ColumnList<S>(a.data(), 3, 3, 200)),
                   right = model.embed(ColumnList<S>(b.data(), 3, 3, 200));
  VectorX<S> expected(200);
  for (Index j = 0; j < 200; ++j) {
    expected[j] =
        model.metric().value(ConstColumn<S>(left.col(j).data(), out), ConstColumn<S>(right.col(j).data(), out));
  }
  Workspace<S> workspace;
  VectorX<S> d(200), single(200), single_with(200);
  Index same = 0, same_with = 0;
  const auto ask = [&] {
    verifier.distances(a, b, workspace, d);
    for (Index j = 0; j < 200; ++j) {
      single[j] = verifier.distance(a.col(j), b.col(j));
      single_with[j] = verifier.distance(a.col(j), b.col(j), workspace);
      same += verifier.same(a.col(j), b.col(j));
      same_with += verifier.same(a.col(j), b.col(j), workspace);
    }
  };
  ask();
  const long before = allocation_count;
  ask();
  const long after = allocation_count;
  CHECK(after == before);
  CHECK(d == expected);
  CHECK(single == expected);
  CHECK(single_with == expected);
  CHECK(verifier.distances(a, b) == expected);
  CHECK(verifier.distances(a.leftCols(1), b.leftCols(1))[0] == expected[0]);
  CHECK(verifier.distances(a.leftCols(0), b.leftCols(0)).size() == 0);
  const MatrixX<S> wide = normal<S>(7, 60, rng);
  CHECK(verifier.distances(wide.topRows(3), wide.bottomRows(3)) ==
        verifier.distances(MatrixX<S>(wide.topRows(3)), MatrixX<S>(wide.bottomRows(3))));
  CHECK(same == 2 * (expected.array() <= S(0.5)).count());
  CHECK(same_with == same);
  CHECK(same > 0);
  CHECK(same < 400);
}

Ensemble an_ensemble() {
  Rng rng{3};
  return {Ensemble::Member{rng}, Ensemble::Member{rng}};
}

}  // namespace

TEST_CASE("single pairs and many pairs have the same distances with and without a workspace, and nothing is allocated",
          "[verifier]") {
  Rng rng{2};
  check_all_calls(Siamese<Network<float, Dense<3, 16, ReLU>, Dense<16, 6>>>{rng});
  check_all_calls(Siamese<Network<double, Dense<3, 6>>, Manhattan>{rng});
  check_all_calls(Siamese<AnyNetwork<float>, SquaredEuclidean>{
      AnyNetwork<float>{rng, Sequence<AnyLayer>{{Dense<Dynamic, Dynamic, ReLU>{3, 9}}}}});
  check_all_calls(an_ensemble());
}

TEST_CASE("threads may share a Verifier", "[verifier]") {
  Rng rng{4};
  const Verifier verifier{an_ensemble(), Calibration{.threshold = 0.5}};
  const MatrixX<float> a = normal<float>(3, 300, rng), b = normal<float>(3, 300, rng);
  const VectorX<float> expected = verifier.distances(a, b);
  VectorX<float> d(300);
  std::vector<std::thread> threads;
  for (Index t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      for (Index j = t; j < 300; j += 3) d[j] = verifier.distance(a.col(j), b.col(j));
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(d == expected);
}

TEST_CASE("a model may call another Verifier while it embeds", "[verifier]") {
  Rng rng{5};
  const Verifier asked{an_ensemble(), Calibration{.threshold = 0.5}};
  const Verifier verifier{Asking{asked}, Calibration{.threshold = 0.5}};
  const MatrixX<float> a = normal<float>(3, 50, rng), b = normal<float>(3, 50, rng);
  const VectorX<float> ones = VectorX<float>::Ones(3);
  const VectorX<float> d = verifier.distances(a, b);
  for (Index j = 0; j < 50; ++j) {
    const float difference = asked.distance(a.col(j), ones) - asked.distance(b.col(j), ones);
    CHECK(d[j] == (difference < 0 ? -difference : difference));
    CHECK(verifier.distance(a.col(j), b.col(j)) == d[j]);
  }
}

TEST_CASE("the threshold -infinity rejects every pair", "[verifier]") {
  const Verifier verifier{StubModel{}, Calibration{.threshold = -std::numeric_limits<double>::infinity()}};
  const VectorX<float> a{{1, 0, 0}};
  Workspace<float> workspace;
  CHECK_FALSE(verifier.same(a, a));
  CHECK_FALSE(verifier.same(a, a, workspace));
}

TEST_CASE("a Verifier's errors name the pair, the sample and the feature", "[verifier]") {
  Rng rng{6};
  const Verifier verifier{Siamese<Network<float, Dense<3, 4, ReLU>>>{rng}, Calibration{.threshold = 0.5}};
  const auto place = [](const auto& act) -> Place {
    try {
      act();
    } catch (const NonFiniteError& error) {
      return error.place();
    }
    FAIL("no error");
    return {};
  };
  const MatrixX<float> good = MatrixX<float>::Ones(3, 100);
  for (const float value : {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
    MatrixX<float> bad = good;
    bad(2, 70) = value;
    const auto single = [&](const MatrixX<float>& a, const MatrixX<float>& b) {
      return place([&] { verifier.distance(a.col(70), b.col(70)); });
    };
    CHECK(single(bad, good).describe() == "sample 0, feature 2");
    CHECK(single(good, bad).describe() == "sample 1, feature 2");
    CHECK(single(bad, bad).sample == 0);
    CHECK(place([&] { verifier.distances(bad, good); }).describe() == "pair 70, sample 70, feature 2");
    CHECK(place([&] { verifier.distances(good, bad); }).describe() == "pair 70, sample 170, feature 2");
    bad(1, 71) = value;
    CHECK(place([&] { verifier.distances(good, bad); }).pair == 70);
  }
  MatrixX<float> huge = good;
  huge.col(60) *= 3e38F;
  CHECK(place([&] { verifier.distances(good, huge); }).describe() == "pair 60");
  CHECK(place([&] { verifier.distance(good.col(0), huge.col(60)); }).describe().empty());

  Workspace<float> workspace;
  VectorX<float> too_short(99);
  CHECK_THROWS_AS(verifier.distances(good, good, workspace, too_short), ShapeError);
  CHECK_THROWS_AS(verifier.distances(good, good.leftCols(99)), ShapeError);
  CHECK_THROWS_AS(verifier.distances(good, good.topRows(2)), ShapeError);
  CHECK_THROWS_AS(verifier.distances(good.topRows(2), good.topRows(2)), ShapeError);
}

namespace {

/// Calls its Verifier in its destructor, after the thread's workspace is destroyed.
struct Service {
  Verifier<Ensemble> verifier{an_ensemble(), Calibration{.threshold = 0.5}};
  VectorX<float> a{{1, 2, 3}}, b{{3, -1, 2}};
  float distance = verifier.distance(a, b);

  ~Service() {
    for (int i = 0; i < 2; ++i) {
      if (verifier.distance(a, b) != distance || !(distance > 0)) std::abort();
    }
  }
};
const Service asked_at_exit;

/// Calls a Verifier in its destructor. It is made before the thread's workspace and therefore destroyed after it.
struct Late {
  const Service* service = nullptr;
  float* distance = nullptr;
  ~Late() {
    if (service) *distance = service->verifier.distance(service->a, service->b);
  }
};

/// An embedder whose embeddings have no elements.
struct Empty {
  using Scalar = float;
  Index embedding_size() const { return 0; }
  MatrixX<float> embed(ColumnList<float> x) const { return MatrixX<float>(0, x.cols()); }
  void embed(ColumnList<float>, Columns<float>, Workspace<float>&) const {}
  Euclidean metric() const { return {}; }
};

}  // namespace

TEST_CASE("a Verifier may be called while a thread ends", "[verifier]") {
  float distance = 0;
  std::thread([&distance] {
    thread_local Late late;
    late = {&asked_at_exit, &distance};
    asked_at_exit.verifier.distance(asked_at_exit.a, asked_at_exit.b);
  }).join();
  CHECK(distance == asked_at_exit.distance);
}

TEST_CASE("a Verifier rejects embeddings without elements", "[verifier]") {
  const Verifier verifier{Empty{}, Calibration{.threshold = 0.5}};
  const MatrixX<float> x = MatrixX<float>::Random(3, 2);
  CHECK_THROWS_AS(verifier.same(x.col(0), x.col(1)), ShapeError);
  CHECK_THROWS_AS(verifier.distances(x, x), ShapeError);
}

TEST_CASE("a temporary Verifier returns values that outlive it", "[verifier]") {
  const std::string text(100, 'x');
  const auto verifier = [&] { return Verifier{StubModel{.features = 7}, Calibration{.threshold = 1, .method = text}}; };
  const Calibration& calibration = verifier().calibration();
  const StubModel& model = verifier().model();
  CHECK(calibration.method == text);
  CHECK(model.features == 7);
  static_assert(std::is_same_v<decltype(verifier().calibration()), Calibration>);
  static_assert(std::is_same_v<decltype(verifier().model()), StubModel>);
  const Verifier lasting = verifier();
  CHECK(&lasting.calibration() == &lasting.calibration());  // not a copy
}
