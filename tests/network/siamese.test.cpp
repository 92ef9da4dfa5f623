#include "gemel/network/siamese.hpp"

#include <cmath>
#include <concepts>
#include <limits>
#include <thread>
#include <type_traits>
#include <vector>

#include "catch.hpp"
#include "gemel/network/dense.hpp"
#include "gemel/network/l2_normalize.hpp"

using namespace gemel;

using Base = Network<float, Dense<5, 16, ReLU>, Dense<16, 3>>;
using Model = Siamese<Base>;
static_assert(std::copyable<Model> && std::same_as<Model::Scalar, float>);
static_assert(std::is_constructible_v<Model, Rng&> && std::is_constructible_v<Model, Base>);

namespace {

// A metric with a member.
struct Scaled {
  double factor = 1;

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

TEST_CASE("a model has its network and its distance", "[siamese]") {
  Rng rng{1}, same{1};
  Model model{rng};
  const Base network{same};
  CHECK(model.parameters() == network.parameters());
  CHECK(Model{network}.parameters() == network.parameters());
  CHECK(Siamese<Base, Scaled>(network, {.factor = 3}).metric().factor == 3);
  model.set_parameters(VectorX<float>::Constant(147, 0.5F));
  CHECK(model.network().parameters() == VectorX<float>::Constant(147, 0.5F));
  CHECK_THROWS_AS(model.set_parameters(VectorX<float>::Zero(146)), ShapeError);
}

TEMPLATE_TEST_CASE("distance applies the metric to the two embeddings of each column", "[siamese]", Euclidean,
                   SquaredEuclidean, Manhattan, Cosine, Scaled) {
  Rng rng{2};
  const Siamese<Base, TestType> model{Base{rng}, TestType{}};
  const MatrixX<float> a = normal<float>(5, 200, rng),
                       b = normal<float>(5, 200, rng);  // more than one block of columns
  const MatrixX<float> left = model.embed(a), right = model.embed(b);
  CHECK(left.rows() == 3);
  CHECK(left.cols() == 200);
  const VectorX<float> d = model.distance(a, b);
  REQUIRE(d.size() == 200);
  for (Index j = 0; j < 200; ++j) {
    CHECK(d[j] ==
          model.metric().value(ConstColumn<float>(left.col(j).data(), 3), ConstColumn<float>(right.col(j).data(), 3)));
  }
  // The bits of a column do not depend on the other columns.
  for (const Index j : {0, 95, 96, 199}) {
    CHECK(model.embed(a.col(j)) == left.col(j));
    CHECK(model.distance(a.col(j), b.col(j))[0] == d[j]);
  }
  CHECK(model.distance(b, a) == d);
}

TEST_CASE("samples may be anywhere in memory", "[siamese]") {
  Rng rng{3};
  const Model model{rng};
  const MatrixX<float> big = normal<float>(9, 120, rng);
  const MatrixX<float> x = big.middleRows(2, 5);
  const MatrixX<float> y = model.embed(x);
  CHECK(model.embed(big.middleRows(2, 5)) == y);
  CHECK(model.embed(MatrixX<float>(x.transpose()).transpose()) == y);
  CHECK(model.embed(2 * x - x) == y);
  CHECK(model.embed(ConstColumns<float>(x.data(), 5, 120)) == y);
  CHECK(model.embed(ColumnList<float>(big.data() + 2, 9, 5, 120)) == y);
  std::vector<const float*> reversed;
  for (Index j = 119; j >= 0; --j) reversed.push_back(x.data() + 5 * j);
  CHECK(model.embed(ColumnList<float>(reversed.data(), 5, 120)) == y.rowwise().reverse());
  CHECK(model.distance(big.middleRows(2, 5), x).isZero(0));
  CHECK(model.distance(big.middleRows(2, 5), x.rowwise().reverse()) == model.distance(x, x.rowwise().reverse()));
}

TEST_CASE("row-major matrices and rows give the same as column-major matrices", "[siamese]") {
  Rng rng{4};
  const Model model{rng};
  const MatrixX<float> a = normal<float>(5, 7, rng), b = normal<float>(5, 7, rng);
  using Rows = Eigen::Matrix<float, Dynamic, Dynamic, Eigen::RowMajor>;
  const Rows a_rows = a, b_rows = b;
  CHECK(model.embed(a_rows) == model.embed(a));
  CHECK(model.embed(a_rows.middleCols(2, 3)) == model.embed(a.middleCols(2, 3)));
  CHECK(model.distance(a_rows, b_rows) == model.distance(a, b));
  CHECK(model.distance(a_rows.col(3), b_rows.col(3)) == model.distance(a.col(3), b.col(3)));

  const Siamese<Network<float, Dense<1, 3>>> one_feature{rng};  // so that a row has one feature of each sample
  const MatrixX<float> first = a.row(0), second = b.row(0);
  const VectorX<float> d = one_feature.distance(first, second);
  CHECK(one_feature.distance(Eigen::RowVectorXf(first), Eigen::RowVectorXf(second)) == d);
  CHECK(one_feature.distance(a.row(0), b.row(0)) == d);
  CHECK(one_feature.distance(a_rows.row(0), b_rows.row(0)) == d);
}

TEST_CASE("embeddings do not depend on the number of threads", "[siamese]") {
  Rng rng{6};
  const Model model{rng};
  const MatrixX<float> x = normal<float>(5, 5000, rng);
  const MatrixX<float> y = model.embed(x);
  for (const Index threads : {0, 1, 2, 3, 8}) CHECK(model.embed(x, threads) == y);
  CHECK(model.embed(x.leftCols(1), 4) == y.leftCols(1));
  CHECK(model.embed(x.leftCols(961), 4) == y.leftCols(961));
  CHECK_THROWS_AS(model.embed(x, -1), ValueError);
  CHECK_THROWS_AS(model.embed(x, 5000), ValueError);
  CHECK_THROWS_AS(model.embed(MatrixX<float>::Zero(4, 3000), 2), ShapeError);
}

TEST_CASE("for no samples there are no embeddings and no distances", "[siamese]") {
  Rng rng{4};
  const Model model{rng};
  CHECK(model.embed(MatrixX<float>(5, 0)).cols() == 0);
  CHECK(model.distance(MatrixX<float>(5, 0), MatrixX<float>(5, 0)).size() == 0);
}

TEST_CASE("a model rejects sizes that disagree", "[siamese]") {
  Rng rng{5};
  const Model model{rng};
  const MatrixX<float> x = MatrixX<float>::Zero(5, 4), transposed = MatrixX<float>::Zero(4, 5);
  CHECK_THROWS_AS(model.embed(transposed), ShapeError);
  CHECK_THROWS_AS(model.distance(transposed, x), ShapeError);
  CHECK_THROWS_AS(model.distance(x, transposed), ShapeError);
  CHECK_THROWS_AS(model.distance(x, x.leftCols(3)), ShapeError);

  Workspace<float> workspace;
  VectorX<float> three(3);
  CHECK_THROWS_AS(model.distance(x, x, workspace, three), ShapeError);
  MatrixX<float> y(3, 4);
  const ColumnList<float> list = ConstColumns<float>(x.data(), 5, 4);
  CHECK_THROWS_AS(model.embed(list, Columns<float>(y.data(), 4, 3), workspace), ShapeError);
  CHECK_THROWS_AS(model.embed(list, Columns<float>(y.data(), 3, 3), workspace), ShapeError);
}

TEST_CASE("NaN and infinity give distances that are not finite, and do not change the other columns", "[siamese]") {
  Rng rng{6};
  const Siamese<Network<float, Dense<5, 16, ReLU>, Dense<16, 16, ReLU>, L2Normalize<16>>> model{rng};
  MatrixX<float> a = normal<float>(5, 100, rng), b = normal<float>(5, 100, rng);
  const VectorX<float> before = model.distance(a, b);
  a(3, 97) = std::numeric_limits<float>::quiet_NaN();
  b(0, 2) = std::numeric_limits<float>::infinity();
  const VectorX<float> d = model.distance(a, b);
  CHECK(std::isnan(d[97]));
  CHECK(!std::isfinite(d[2]));
  for (Index j = 0; j < 100; ++j) {
    if (j != 97 && j != 2) CHECK(d[j] == before[j]);
  }
}

TEST_CASE("threads may share one const model", "[siamese]") {
  Rng rng{7};
  const Model model{rng};
  const MatrixX<float> a = normal<float>(5, 150, rng), b = normal<float>(5, 150, rng);
  const VectorX<float> d = model.distance(a, b);
  std::vector<int> wrong(4);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < wrong.size(); ++t) {
    threads.emplace_back([&, t] {
      Workspace<float> workspace;
      VectorX<float> mine(150);
      for (int run = 0; run < 50; ++run) {
        model.distance(a, b, workspace, mine);
        wrong[t] += mine != d;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == std::vector<int>(4));
}
