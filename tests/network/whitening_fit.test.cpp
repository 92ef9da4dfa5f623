#include "gemel/network/whitening_fit.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "catch.hpp"
#include "error_text.hpp"
#include "gemel/core/random.hpp"
#include "gemel/data/classes.hpp"
#include "gemel/data/samples.hpp"
#include "gemel/network/whitening.hpp"
#include "mentions.hpp"

using namespace gemel;

static_assert(SampleClasses<Classes> && SampleClasses<std::vector<int>> && SampleClasses<VectorX<int>> &&
              !SampleClasses<std::vector<float>> && !SampleClasses<int>);

namespace {

/// Samples of some multiples of 1/8, so that Python computes with the same numbers.
MatrixX<double> eighths(Index features, Index n, Index classes) {
  MatrixX<double> x(features, n);
  for (Index j = 0; j < n; ++j) {
    for (Index i = 0; i < features; ++i) {
      const Index own = (i + 1) * (i % 3 == 0 ? j % classes : 0);
      x(i, j) = static_cast<double>((i * 7 + j * 5 + i * j * 3 + (i * i * j) % 11) % 23 - 9) / 8 +
                static_cast<double>(own) / 2;
    }
  }
  return x;
}

std::vector<int> in_turn(Index n, Index classes) {
  std::vector<int> of;
  for (Index j = 0; j < n; ++j) of.push_back(static_cast<int>(10 * (j % classes)) - 7);
  return of;
}

double difference(const MatrixX<double>& a, const MatrixX<double>& b) {
  REQUIRE(a.rows() == b.rows());
  REQUIRE(a.cols() == b.cols());
  return (a - b).cwiseAbs().maxCoeff();
}

/// The covariance (divided by n).
MatrixX<double> covariance(const MatrixX<double>& y) {
  const MatrixX<double> deviations = y.colwise() - y.rowwise().mean();
  return deviations * deviations.transpose() / static_cast<double>(y.cols());
}

MatrixX<double> covariance_within(const MatrixX<double>& y, const Classes& classes) {
  MatrixX<double> sum = MatrixX<double>::Zero(y.rows(), y.rows());
  for (Index c = 0; c < classes.count(); ++c) {
    const auto members = classes.members(c);
    const MatrixX<double> part = y(Eigen::all, std::vector<Index>(members.begin(), members.end()));
    sum += covariance(part) * static_cast<double>(part.cols());
  }
  return sum / static_cast<double>(y.cols() - classes.count());
}

VectorX<double> distances_to_first(const MatrixX<double>& y) {
  return (y.rightCols(y.cols() - 1).colwise() - y.col(0)).colwise().norm().transpose();
}

MatrixX<float> random_samples(Index features, Index n) {
  Rng rng{3};
  MatrixX<float> x = normal<float>(features, features, rng) * normal<float>(features, n, rng);
  x.colwise() += normal<float>(features, 1, rng).col(0);
  return x;
}

}  // namespace

// The expected numbers were computed with NumPy from the definitions: from the covariance matrices of all features,
// with numpy.linalg.eigh, and for the classes with the inverse of a Cholesky factor.
TEST_CASE("pca gives the mean and the matrix that NumPy gives", "[whitening]") {
  const auto all = Whitening<>::pca(eighths(4, 13, 3));
  CHECK(difference(all.matrix(),
                   MatrixX<double>{
                       {0.10897315191870903, -0.15153323882301217, 0.14737004373730964, 0.5601409988479925},
                       {0.8948024732927371, 0.577148191537184, -0.1742977889568271, 0.027910761217524078},
                       {0.2723629892893515, -0.028062952935134222, 1.243242675861993, -0.38766926813522035},
                       {-0.9397154988401675, 1.5525143594043762, 0.3963650227606305, 0.4985333315172334}}) <= 1e-12);
  CHECK((all.mean() - VectorX<double>{{0.6538461538461539, 0.09615384615384616, 0.375, 2.076923076923077}})
            .cwiseAbs()
            .maxCoeff() <= 1e-14);
  const auto shrunk = Whitening<>::pca(eighths(4, 13, 3), {.dimensions = 2, .shrinkage = 0.25});
  CHECK(difference(shrunk.matrix(),
                   MatrixX<double>{
                       {0.11808036791915028, -0.1641973300501531, 0.15968620415553217, 0.6069536768094139},
                       {0.8650750525880945, 0.5579739853734328, -0.1685072107511794, 0.02698350077104036}}) <= 1e-12);
  const auto few = Whitening<>::pca(eighths(7, 5, 2));
  CHECK(few.out() == 4);
  CHECK(difference(few.matrix().topRows(2),
                   MatrixX<double>{{0.018692464722615494, 0.06057132713270211, -0.12088454911410644, 0.2112921686628802,
                                    0.019260040280915915, 0.020285433567647934, 0.288937314320199},
                                   {0.5037199844855014, 0.3868329244441722, 0.02472975771615074, -0.21873275018774108,
                                    0.289010949384622, -0.3194541447380359, 0.05978152890553954}}) <= 1e-12);
}

TEST_CASE("within_class gives the matrix and the distances that NumPy gives", "[whitening]") {
  const MatrixX<double> x = eighths(4, 13, 3);
  const auto classes = in_turn(13, 3);
  CHECK(difference(Whitening<>::within_class(x, classes, {.dimensions = 2}).matrix(),
                   MatrixX<double>{
                       {0.47604471863834485, -0.5535108419961337, 0.7143072072879921, 0.8007717327647184},
                       {-0.47621140236002185, 0.957381281386376, -0.612551547705223, 0.6405303124605508}}) <= 1e-12);
  CHECK(difference(Whitening<>::within_class(x, Classes{classes}, {.dimensions = 2, .shrinkage = 0.3}).matrix(),
                   MatrixX<double>{
                       {0.3725074857074017, -0.42647554973746216, 0.6069157697319527, 0.8668487760907866},
                       {-0.34290666513825335, 0.7883956275412248, -0.7035057977688227, 0.5871187608686765}}) <= 1e-12);
  // The order and the signs of directions in which the classes do not differ are arbitrary, but not the distances.
  const VectorX<double> expected{{2.799767680620217, 4.508558737671282, 2.6952800169103743, 3.5161861676497828,
                                  2.0988224186357023, 2.947006656334719, 3.4272254604247814, 4.167816241003567,
                                  3.7665674563673335, 1.6092089059306154, 4.585015814035851, 2.1229643622004026}};
  CHECK(difference(distances_to_first(Whitening<>::within_class(x, classes).transform(x)), expected) <= 1e-12);

  const MatrixX<double> wide = eighths(7, 5, 2);
  const auto two = in_turn(5, 2);
  CHECK(difference(Whitening<>::within_class(wide, two, {.dimensions = 1, .shrinkage = 0.2}).matrix(),
                   MatrixX<double>{{0.8706088562154178, -0.37570953951567976, -0.38361037820811206, 0.9168828534285246,
                                    -0.22773646981747742, 0.46748431386620914, 0.5892537275601369}}) <= 1e-12);
  CHECK(difference(distances_to_first(Whitening<>::within_class(wide, two, {.shrinkage = 0.2}).transform(wide)),
                   VectorX<double>{{5.302387923367171, 2.3644337150596515, 5.499158243877084, 2.504546322764209}}) <=
        1e-12);
}

TEST_CASE("whitened samples have the covariance 1, in all or within the classes", "[whitening]") {
  for (const auto& [features, n] : {std::pair<Index, Index>{5, 200}, {40, 150}, {60, 37}}) {
    CAPTURE(features, n);
    const MatrixX<float> x = random_samples(features, n);
    const MatrixX<double> wide = x.cast<double>();
    const auto all = Whitening<>::pca(x);
    CHECK(all.out() == std::min(features, n - 1));
    const MatrixX<double> y = all.transform(wide);
    CHECK(y.rowwise().mean().cwiseAbs().maxCoeff() <= 1e-8);
    CHECK(difference(covariance(y), MatrixX<double>::Identity(y.rows(), y.rows())) <= 1e-8);
    if (features > n) continue;
    const Classes classes{in_turn(n, 7)};
    const MatrixX<double> z = Whitening<>::within_class(x, classes).transform(wide);
    CHECK(z.rows() == features);
    CHECK(difference(covariance_within(z, classes), MatrixX<double>::Identity(z.rows(), z.rows())) <= 1e-8);
    // The class means lie apart in at most 6 directions, the first ones, and the farther the earlier.
    const MatrixX<double> between =
        covariance(z) - covariance_within(z, classes) * static_cast<double>(n - 7) / static_cast<double>(n);
    for (Index i = 1; i < z.rows(); ++i) CHECK(between(i, i) <= between(i - 1, i - 1) + 1e-8);
    if (features > 6) CHECK(between(6, 6) <= 1e-8);
    CHECK(between(std::min<Index>(features, 6) - 1, std::min<Index>(features, 6) - 1) >= 1e-6);
  }
}

TEST_CASE("with fewer samples than features, the smaller matrix gives the same distances", "[whitening]") {
  // The last features are copies, so that the number of features decides which matrix is solved, but not the result.
  const MatrixX<float> x = random_samples(12, 20);
  MatrixX<float> copies(24, 20);
  copies << x, x;
  const auto classes = in_turn(20, 4);
  for (const double shrinkage : {0.0, 0.3}) {
    const auto narrow = Whitening<>::pca(x, {.shrinkage = shrinkage});
    const auto wide = Whitening<>::pca(copies, {.shrinkage = shrinkage});
    CHECK(wide.out() == narrow.out());
    const MatrixX<double> a = narrow.transform(MatrixX<double>(x.cast<double>()));
    const MatrixX<double> b = wide.transform(MatrixX<double>(copies.cast<double>()));
    CHECK(difference(distances_to_first(a), distances_to_first(b)) <= 1e-9);
    const MatrixX<double> c = Whitening<>::within_class(x, classes, {.dimensions = 3, .shrinkage = shrinkage})
                                  .transform(MatrixX<double>(x.cast<double>()));
    const MatrixX<double> d = Whitening<>::within_class(copies, classes, {.dimensions = 3, .shrinkage = shrinkage})
                                  .transform(MatrixX<double>(copies.cast<double>()));
    // Twice the features double the variances, but not the shrunk covariance's ratio to them.
    CHECK(difference(distances_to_first(c), distances_to_first(d)) <= 1e-9);
  }
}

TEST_CASE("a fit has the same bits for all types of samples and of classes, and on every run", "[whitening]") {
  const MatrixX<float> x = random_samples(9, 30);
  const std::vector<int> of = in_turn(30, 4);
  const Samples<float> samples{x};
  const auto expected = Whitening<>::within_class(x, of, {.shrinkage = 0.1});
  const auto check = [&expected](const auto& layer) {
    CHECK(layer.matrix() == expected.matrix());
    CHECK(layer.mean() == expected.mean());
  };
  check(Whitening<>::within_class(x, of, {.shrinkage = 0.1}));
  check(Whitening<>::within_class(samples, Classes{of}, {.shrinkage = 0.1}));
  check(Whitening<9>::within_class(MatrixX<double>(x.cast<double>()), VectorX<int>::Map(of.data(), 30),
                                   {.shrinkage = 0.1}));
  CHECK(Whitening<9, 3>::pca(samples).matrix() == Whitening<>::pca(x, {.dimensions = 3}).matrix());
  const std::vector<Index> some = {0, 4, 5, 6, 7, 9, 12, 13, 14, 20, 21};
  CHECK(Whitening<>::pca(samples.select(some)).matrix() ==
        Whitening<>::pca(MatrixX<float>(x(Eigen::all, some))).matrix());
  for (Index k = 0; k < expected.out(); ++k) {
    Index largest = 0;
    const double magnitude = expected.matrix().row(k).cwiseAbs().maxCoeff(&largest);
    CHECK(expected.matrix()(k, largest) == magnitude);
  }
}

TEST_CASE("a feature that is constant up to rounding is left out", "[whitening]") {
  MatrixX<float> x = random_samples(3, 20), more(4, 20);
  for (Index j = 0; j < 20; ++j) {
    more.col(j) << x(0, j), (j % 2 == 0 ? 1e9F : std::nextafter(1e9F, 2e9F)), x(1, j), x(2, j);
  }
  const auto layer = Whitening<>::pca(more);
  CHECK(layer.out() == 3);
  CHECK(layer.matrix().col(1).isZero(0));
  CHECK(layer.transform(more).isApprox(Whitening<>::pca(x).transform(x), 1e-5F));
}

TEST_CASE("very small and very large numbers are whitened accurately", "[whitening]") {
  const MatrixX<double> x = random_samples(3, 20).cast<double>();
  const MatrixX<double> expected = Whitening<>::pca(x).transform(x);
  for (const double factor : {std::ldexp(1.0, -120), std::ldexp(1.0, 100)}) {
    CAPTURE(factor);
    const MatrixX<double> scaled = factor * x;
    CHECK(difference(Whitening<>::pca(scaled).transform(scaled), expected) <= 1e-12);
  }
}

TEST_CASE("fits reject samples, classes and options that give no whitening", "[whitening]") {
  const MatrixX<float> x = random_samples(4, 12);
  const std::vector<int> of = in_turn(12, 3);
  const auto pca = [](const auto& samples, WhiteningOptions options = {}) {
    return error_text([&] { Whitening<>::pca(samples, options); });
  };
  const auto within = [](const auto& samples, const auto& classes, WhiteningOptions options = {}) {
    return error_text([&] { Whitening<>::within_class(samples, classes, options); });
  };
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  for (const double bad : {-0.1, 1.01, nan}) {
    CHECK(mentions(pca(x, {.shrinkage = bad}), "shrinkage must be a number from 0 to 1"));
    CHECK(mentions(within(x, of, {.shrinkage = bad}), "shrinkage must be"));
  }
  CHECK(mentions(pca(x, {.dimensions = -1}), "dimensions must be positive, or 0 for all, but -1"));
  CHECK(mentions(pca(x, {.dimensions = 5}), "the samples vary in 4 directions, but dimensions is 5"));
  CHECK(mentions(pca(MatrixX<float>(x.leftCols(3)), {.dimensions = 3}), "vary in 2 directions, but dimensions is 3"));
  CHECK(mentions(pca(MatrixX<float>(x.leftCols(1))), "every feature is the same in all 1 samples"));
  CHECK(mentions(pca(MatrixX<float>::Constant(3, 5, 14.62F)), "every feature is the same in all 5 samples"));
  CHECK_THROWS_AS(Whitening<>::pca(MatrixX<float>(3, 0)), ShapeError);
  CHECK_THROWS_AS(Whitening<>::pca(MatrixX<float>(0, 3)), ShapeError);
  CHECK_THROWS_AS(Whitening<5>::pca(x), ShapeError);
  CHECK(mentions(error_text<ShapeError>([&] { Whitening<5>::pca(x); }), "takes 5 features, but the samples have 4"));
  CHECK(mentions(error_text<ShapeError>([&] { Whitening<4, 2>::pca(x, {.dimensions = 3}); }), "2 outputs by its type"));
  MatrixX<float> bad = x;
  bad(2, 7) = std::numeric_limits<float>::infinity();
  CHECK(mentions(pca(bad), "sample 7, feature 2: a layer cannot be fitted to NaN or infinity"));
  CHECK_THROWS_AS(Whitening<>::within_class(bad, of), NonFiniteError);
  MatrixX<double> far = x.cast<double>();
  far(1, 0) = 1e308, far(1, 1) = -1e308;
  CHECK(mentions(pca(far), "feature 1 goes from -1e+308 to 1e+308"));

  CHECK(mentions(error_text<ShapeError>([&] { Whitening<>::within_class(x, in_turn(11, 3)); }),
                 "there are 12 samples, but the classes of 11"));
  CHECK(mentions(within(x, in_turn(12, 1)), "at least two classes"));
  CHECK(mentions(within(x, in_turn(12, 12)), "each of the 12 classes has a single sample"));
  CHECK(mentions(within(x, of, {.dimensions = 3}), "the 3 classes lie apart in 2 directions"));
  CHECK(Whitening<>::within_class(x, of, {.dimensions = 4}).out() == 4);  // all, in which nothing is chosen
  MatrixX<float> twins(4, 12);
  twins << x.leftCols(3), x.leftCols(3), x.leftCols(3), x.leftCols(3);
  for (const double shrinkage : {0.0, 0.5}) {
    CHECK(mentions(within(twins, of, {.shrinkage = shrinkage}), "the samples of each class are the same"));
  }
  // Five samples of three classes vary within the classes in two directions only.
  const MatrixX<float> five = x.leftCols(5);
  CHECK(mentions(within(five, in_turn(5, 3)), "the samples of a class vary in only 2 of the 4 directions"));
  CHECK(mentions(within(five, in_turn(5, 3)), "a shrinkage, for example 0.1"));
  CHECK(Whitening<>::within_class(five, in_turn(5, 3), {.shrinkage = 0.1}).out() == 4);
}
