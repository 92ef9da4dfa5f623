#include "gemel/verification/verifier.hpp"

#include <limits>
#include <string>
#include <vector>

#include "catch.hpp"
#include "gemel/core/random.hpp"
#include "gemel/network/dense.hpp"
#include "gemel/network/siamese.hpp"
#include "verification/stub_model.hpp"

using namespace gemel;

namespace {

struct Shift {
  float by;
  MatrixX<float> operator()(const Eigen::Ref<const MatrixX<float>>& x) const { return x.array() * x.array() + by; }
};

}  // namespace

TEST_CASE("a Verifier accepts distances up to the threshold", "[verifier]") {
  const Verifier verifier{StubModel{}, Calibration{.threshold = 2.0, .method = "by hand"}};
  const VectorX<float> a{{1, 0, 0}};
  const VectorX<float> near{{2, 0, 0}};  // the stub doubles: exactly the threshold
  const VectorX<float> far{{2.001f, 0, 0}};
  CHECK(verifier.distance(a, near) == 2);
  CHECK(verifier.same(a, near));
  CHECK(verifier.same(near, a));
  CHECK(verifier.same(a, a));
  CHECK_FALSE(verifier.same(a, far));
  CHECK(verifier.calibration().method == "by hand");
}

TEST_CASE("a Verifier takes vectors, matrices of one column and columns of a matrix", "[verifier]") {
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

TEST_CASE("a Verifier preprocesses both samples", "[verifier]") {
  const Verifier verifier{StubModel{}, Calibration{.threshold = 1.0}, Shift{.by = 7}};
  const VectorX<float> a{{1, 0, 0}};
  const VectorX<float> b{{3, 0, 0}};
  CHECK(verifier.distance(a, b) == 16);  // 2 (3^2 - 1^2)
  CHECK(verifier.distance(a, -a) == 0);
  CHECK(verifier.preprocess().by == 7);
}

TEST_CASE("a Verifier refuses bad samples", "[verifier]") {
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
