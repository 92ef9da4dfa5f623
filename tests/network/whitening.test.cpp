#include "gemel/network/whitening.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "error_text.hpp"
#include "gemel/core/random.hpp"
#include "gemel/data/classes.hpp"
#include "gemel/data/pairs.hpp"
#include "gemel/data/samples.hpp"
#include "gemel/network/network.hpp"
#include "gradients.hpp"
#include "instruction_sets.hpp"

using namespace gemel;

static_assert(Layer<Whitening<>, float> && Layer<Whitening<7, 3>, double> && detail::is_fitted<Whitening<>>);
static_assert(!std::is_default_constructible_v<Whitening<7, 3>> && SampleClasses<Classes>);

namespace {

/// Correlated samples of `count` classes, with a large mean.
std::pair<MatrixX<double>, Classes> correlated(Index features, Index n, Index count) {
  Rng rng{3};
  const MatrixX<double> mix = normal<double>(features, features, rng), centres = normal<double>(features, count, rng);
  MatrixX<double> x = mix * normal<double>(features, n, rng);
  std::vector<Index> labels;
  for (Index j = 0; j < n; ++j) {
    labels.push_back(j % count);
    x.col(j) += 3 * centres.col(j % count) + VectorX<double>::Constant(features, 50);
  }
  return {std::move(x), Classes{labels}};
}

MatrixX<double> covariance(const MatrixX<double>& x) {
  const MatrixX<double> centred = x.colwise() - x.rowwise().mean();
  return centred * centred.transpose() / static_cast<double>(x.cols());
}

/// The means of the classes, one per column.
MatrixX<double> class_means(const MatrixX<double>& x, const Classes& classes) {
  MatrixX<double> means = MatrixX<double>::Zero(x.rows(), classes.count());
  for (Index c = 0; c < classes.count(); ++c) {
    for (const Index j : classes.members(c)) means.col(c) += x.col(j) / static_cast<double>(classes.members(c).size());
  }
  return means;
}

MatrixX<double> within_covariance(const MatrixX<double>& x, const Classes& classes) {
  const MatrixX<double> means = class_means(x, classes);
  MatrixX<double> centred = x;
  for (Index j = 0; j < x.cols(); ++j) centred.col(j) -= means.col(classes.of(j));
  return centred * centred.transpose() / static_cast<double>(x.cols());
}

bool near_identity(const MatrixX<double>& m, double tolerance) {
  return (m - MatrixX<double>::Identity(m.rows(), m.cols())).cwiseAbs().maxCoeff() <= tolerance;
}

}  // namespace

TEST_CASE("a whitening by PCA makes the features uncorrelated, with variance 1", "[whitening]") {
  // 300 samples in 3 blocks; then fewer samples than features, so that the inner products are decomposed.
  const auto [features, n] = GENERATE(std::pair<Index, Index>{7, 300}, std::pair<Index, Index>{40, 12});
  const MatrixX<double> x = correlated(features, n, 4).first;
  const auto layer = Whitening<>::pca(x);
  CHECK(layer.in() == features);
  CHECK(layer.out() == std::min(features, n - 1));
  CHECK(near_identity(covariance(layer.transform(x)), 1e-9));
  CHECK(near_identity(covariance(layer.transform(x.cast<float>().eval()).cast<double>()), 1e-4));

  // The first outputs are those of the largest variance: of all orthonormal maps, they lose least.
  const auto two = Whitening<>::pca(Samples<double>{x}, {.dimensions = 2});
  CHECK(two.out() == 2);
  CHECK((two.matrix() - layer.matrix().topRows(2)).cwiseAbs().maxCoeff() <= 1e-12);
  const VectorX<double> variances = layer.matrix().rowwise().squaredNorm().cwiseInverse();
  CHECK(std::is_sorted(variances.begin(), variances.end(), std::greater<>()));
  for (Index i = 0; i < layer.out(); ++i) {
    Index largest = 0;
    layer.matrix().row(i).cwiseAbs().maxCoeff(&largest);
    CHECK(layer.matrix()(i, largest) > 0);
  }
  CHECK(Whitening<>::pca(x).matrix() == layer.matrix());
}

TEST_CASE("shrinkage mixes the mean variance into each direction's", "[whitening]") {
  const MatrixX<double> x = correlated(5, 200, 4).first;
  const auto plain = Whitening<>::pca(x), shrunk = Whitening<>::pca(x, {.shrinkage = 0.25});
  const VectorX<double> v = plain.matrix().rowwise().squaredNorm().cwiseInverse();
  const VectorX<double> s = shrunk.matrix().rowwise().squaredNorm().cwiseInverse();
  CHECK((s.array() - (0.75 * v.array() + 0.25 * v.mean())).abs().maxCoeff() <= 1e-9 * v.maxCoeff());
}

TEST_CASE("a within-class whitening makes the samples of a class uncorrelated, and puts class differences first",
          "[whitening]") {
  const auto [x, classes] = correlated(6, 280, 5);
  const auto layer = Whitening<>::within_class(x, classes);
  CHECK(layer.out() == 6);
  const MatrixX<double> y = layer.transform(x);
  CHECK(near_identity(within_covariance(y, classes), 1e-9));
  const MatrixX<double> between = covariance(class_means(y, classes));
  CHECK((between - MatrixX<double>(between.diagonal().asDiagonal())).cwiseAbs().maxCoeff() <= 1e-9 * between(0, 0));
  const VectorX<double> spread = between.diagonal();
  CHECK(std::is_sorted(spread.begin(), spread.begin() + 4, std::greater<>()));
  CHECK(spread[4] <= 1e-9 * spread[0]);  // the means of five classes span four dimensions
  const auto three = Whitening<6, 3>::within_class(x, classes);
  CHECK((three.matrix() - layer.matrix().topRows(3)).cwiseAbs().maxCoeff() <= 1e-12);
}

TEST_CASE("a within-class whitening of fewer samples than features needs shrinkage", "[whitening]") {
  const auto [x, classes] = correlated(50, 20, 5);
  CHECK_THROWS_AS(Whitening<>::within_class(x, classes), ValueError);
  const auto layer = Whitening<>::within_class(x, classes, {.shrinkage = 0.5});
  CHECK(layer.out() == 19);
  // In the 15 dimensions within the classes, a variance w became w / 2 + mean / 2, so no output varies more than twice.
  const MatrixX<double> within = within_covariance(layer.transform(x), classes);
  CHECK(within.diagonal().maxCoeff() <= 2);
  CHECK(within.trace() > 1);
}

TEST_CASE("a whitening computes W (x - mean), with its gradient, for every thread and instruction set", "[whitening]") {
  Rng rng{5};
  const MatrixX<double> matrix = normal<double>(4, 6, rng), x = normal<double>(6, 300, rng);
  const VectorX<double> mean = normal<double>(6, 1, rng) * 10;
  const Whitening<> layer{mean, matrix};
  CHECK((layer.transform(x) - matrix * (x.colwise() - mean)).cwiseAbs().maxCoeff() <= 1e-12);
  const MatrixX<float> narrow = x.cast<float>();
  const MatrixX<float> y = layer.transform(narrow);
  test::for_each_fused([&] { CHECK(layer.transform(narrow) == y); });
  CHECK(layer.transform(narrow.middleCols(100, 3).eval()) == y.middleCols(100, 3));

  // The gradient: dx = W^T dy.
  MatrixX<double> dy = normal<double>(4, 120, rng), dx(6, 120);
  layer.backward(std::span<const double>(), ColumnList<double>(), ColumnList<double>(),
                 Columns<double>(dy.data(), 4, 120), Columns<double>(dx.data(), 6, 120), Pass{});
  CHECK((dx - matrix.transpose() * dy).cwiseAbs().maxCoeff() <= 1e-12);
  const Whitening<3, 3> square{VectorX<double>::Ones(3), normal<double>(3, 3, rng)};
  const MatrixX<double> at = normal<double>(3, 5, rng), u = normal<double>(3, 5, rng);
  CHECK(test::input_gradient_error(square, at, u, Pass{}) <= 1e-7);
}

TEST_CASE("a large mean costs a whitening no digits", "[whitening]") {
  const VectorX<double> mean = VectorX<double>::Constant(1, 16'777'216);  // 2^24
  const Whitening<> layer{mean, MatrixX<double>::Constant(1, 1, 3)};
  CHECK(layer.transform(MatrixX<float>::Constant(1, 1, 16'777'218).eval())(0) == 6);
}

TEST_CASE("an infinite output of a whitening becomes NaN, so that no ReLU hides it", "[whitening]") {
  const Whitening<> layer{VectorX<double>::Zero(1), MatrixX<double>::Constant(1, 1, -1e38)};
  const MatrixX<float> x = MatrixX<float>::Constant(1, 1, 10);
  CHECK(std::isnan(layer.transform(x)(0)));
}

TEST_CASE("a whitening rejects samples that it cannot be fitted to", "[whitening]") {
  const auto [x, classes] = correlated(4, 30, 3);
  const MatrixX<double> same = MatrixX<double>::Constant(4, 30, 7);
  CHECK_THROWS_AS(Whitening<>::pca(MatrixX<double>(4, 0)), ShapeError);
  CHECK_THROWS_AS(Whitening<>::pca(same), ValueError);
  CHECK_THROWS_AS(Whitening<>::pca(x.leftCols(1).eval()), ValueError);
  CHECK_THROWS_AS(Whitening<>::pca(x, {.dimensions = 5}), ValueError);
  CHECK_THROWS_AS(Whitening<>::pca(x, {.dimensions = -1}), ValueError);
  for (const double shrinkage : {-0.1, 1.0, std::nan("")}) {
    CHECK_THROWS_AS(Whitening<>::pca(x, {.shrinkage = shrinkage}), ValueError);
    CHECK_THROWS_AS(Whitening<>::within_class(x, classes, {.shrinkage = shrinkage}), ValueError);
  }
  CHECK_THROWS_AS((Whitening<5, 2>::pca(x)), ShapeError);
  CHECK_THROWS_AS((Whitening<4, 5>::pca(x)), ValueError);
  MatrixX<double> bad = x;
  bad(2, 7) = std::nan("");
  try {
    Whitening<>::pca(bad);
    FAIL("no error");
  } catch (const NonFiniteError& error) {
    CHECK(error.place().sample == 7);
    CHECK(error.place().feature == 2);
  }
  bad(2, 7) = 1e300;
  bad(2, 8) = -1e300;
  CHECK_THROWS_AS(Whitening<>::pca(bad), ValueError);

  CHECK_THROWS_AS(Whitening<>::within_class(x, Classes{std::vector<int>(29, 1)}), ShapeError);
  CHECK_THROWS_AS(Whitening<>::within_class(x, Classes{std::vector<int>(30, 1)}), ValueError);
  std::vector<int> alone;
  for (int i = 0; i < 30; ++i) alone.push_back(i);
  CHECK_THROWS_AS(Whitening<>::within_class(x, Classes{alone}), ValueError);
  CHECK_THROWS_AS((Whitening<>{VectorX<double>::Zero(3), MatrixX<double>::Zero(2, 4)}), ShapeError);
  CHECK_THROWS_AS((Whitening<>{VectorX<double>::Zero(0), MatrixX<double>::Zero(0, 0)}), ShapeError);
  CHECK_THROWS_AS((Whitening<>{VectorX<double>::Zero(1), MatrixX<double>::Constant(1, 1, 1e39)}), ValueError);
  CHECK_THROWS_AS((Whitening<>{VectorX<double>::Constant(1, std::nan("")), MatrixX<double>::Ones(1, 1)}), ValueError);
  CHECK_THROWS_AS(Whitening<>::pca(x).transform(MatrixX<float>::Zero(3, 1).eval()), ShapeError);
}

TEST_CASE("a direction without variance is left out of a whitening", "[whitening]") {
  MatrixX<double> x = correlated(3, 50, 2).first;
  x.row(1) = 2 * x.row(0).array() - 1;
  CHECK(Whitening<>::pca(x).out() == 2);
  CHECK_THROWS_AS(Whitening<>::pca(x, {.dimensions = 3}), ValueError);
}

TEST_CASE("a whitening of static size converts to one of dynamic size, and a moved one has none", "[whitening]") {
  const MatrixX<double> x = correlated(4, 30, 3).first;
  auto fixed = Whitening<4, 2>::pca(x);
  const Whitening<> dynamic = fixed;
  CHECK(dynamic.matrix() == fixed.matrix());
  CHECK(dynamic.mean() == fixed.mean());
  const auto taken = std::move(fixed);
  CHECK(taken.out() == 2);
  CHECK(fixed.in() == 0);
}
