#include "gemel/data/samples.hpp"

#include <array>
#include <concepts>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "data/numbered.hpp"

using namespace gemel;

namespace {

template <class T>
concept Viewable = requires {
  Samples<float>::view(std::declval<T>());
};

}  // namespace

static_assert(Viewable<MatrixX<float>&>);
static_assert(Viewable<const MatrixX<float>&>);
static_assert(!Viewable<MatrixX<float>>, "the view of a temporary would dangle");
static_assert(!Viewable<const MatrixX<float>>);
static_assert(!Viewable<Eigen::Matrix3f&>, "the conversion would make a temporary");
static_assert(!Viewable<MatrixX<double>&>);
static_assert(std::copyable<Samples<double>>);

TEST_CASE("samples own a moved matrix without copying it", "[samples]") {
  MatrixX<float> m = numbered(3, 4);
  const float* memory = m.data();
  const Samples<float> samples = std::move(m);
  CHECK(samples.features() == 3);
  CHECK(samples.size() == 4);
  CHECK(samples.column(0) == memory);
  CHECK(samples.column(2) == memory + 6);
  CHECK(samples[2][1] == 21);
  CHECK(samples.matrix() == numbered(3, 4));
  CHECK(samples.columns()(2, 3) == 32);

  const Samples<float> copy = samples;
  CHECK(copy.column(0) == memory);
}

TEST_CASE("samples own a copy of a matrix that is not moved", "[samples]") {
  MatrixX<float> m = numbered(3, 4);
  const Samples<float> samples = m;
  m.setZero();
  CHECK(samples[3][2] == 32);
  const Samples<float> block = numbered(3, 4).leftCols(2);
  CHECK(block.size() == 2);
  CHECK(block[1][1] == 11);
}

TEST_CASE("a view reads the caller's memory", "[samples]") {
  MatrixX<float> m = numbered(3, 4);
  const Samples<float> view = Samples<float>::view(m);
  CHECK(view.column(1) == m.data() + 3);
  const Samples<float> raw = Samples<float>::view(m.data(), 3, 4);
  CHECK(raw.column(1) == m.data() + 3);
  CHECK(raw.features() == 3);
}

TEST_CASE("from_row_major makes each row a sample", "[samples]") {
  const std::array<double, 6> rows = {1, 2, 3, 4, 5, 6};  // 2 samples of 3 features
  const Samples<double> samples = Samples<double>::from_row_major(rows.data(), 2, 3);
  CHECK(samples.features() == 3);
  CHECK(samples.size() == 2);
  CHECK(samples[0][2] == 3);
  CHECK(samples[1][0] == 4);
  CHECK(samples.column(0) != rows.data());
}

TEST_CASE("a selection copies no sample and keeps the matrix alive", "[samples]") {
  const float* memory = nullptr;
  Samples<float> selection = [&memory] {
    const Samples<float> all = numbered(3, 5);
    memory = all.column(0);
    return all.select(std::vector<Index>{4, 0, 4});
  }();
  CHECK(selection.size() == 3);
  CHECK(selection.features() == 3);
  CHECK(selection.column(0) == memory + 12);
  CHECK(selection[1][2] == 2);
  CHECK(selection[2][0] == 40);
  CHECK(selection.columns().column(0) == selection[0]);
  CHECK_THROWS_AS(selection.matrix(), ShapeError);

  selection = selection.select(std::vector<Index>{1, 2});
  CHECK(selection.column(0) == memory);
  CHECK(selection.column(1) == memory + 12);
  CHECK_THROWS_AS(selection.select(std::vector<Index>{2}), ValueError);
  CHECK_THROWS_AS(selection.select(std::vector<Index>{-1}), ValueError);
  CHECK_THROWS_AS(selection.select(std::vector<Index>{}), ShapeError);
}

TEST_CASE("samples without a sample or a feature are rejected", "[samples]") {
  CHECK_THROWS_AS(Samples<float>(MatrixX<float>(0, 4)), ShapeError);
  CHECK_THROWS_AS(Samples<float>(MatrixX<float>(4, 0)), ShapeError);
  const MatrixX<float> empty;
  CHECK_THROWS_AS(Samples<float>::view(empty), ShapeError);
  CHECK_THROWS_AS(Samples<float>::from_row_major(nullptr, 0, 3), ShapeError);
}

TEST_CASE("a row-major matrix is converted, like any expression", "[samples]") {
  const MatrixX<float> m = numbered(3, 4);
  const Eigen::Matrix<float, Dynamic, Dynamic, Eigen::RowMajor> rows = m;
  CHECK(Samples<float>{rows}.matrix() == m);
  CHECK(Samples<float>{rows.middleCols(1, 2)}.matrix() == m.middleCols(1, 2));
  CHECK(Samples<float>{rows.row(1)}.matrix() == m.row(1));
  CHECK(Samples<float>{m.transpose()}.matrix() == m.transpose());
}

TEST_CASE("a view of a null pointer, or of more values than any machine holds, is rejected", "[samples]") {
  CHECK_THROWS_AS(Samples<float>::view(nullptr, 3, 4), ValueError);
  CHECK_THROWS_AS(Samples<float>::from_row_major(nullptr, 3, 4), ValueError);
  const float one = 1;
  const Index huge = Index{1} << 40;
  CHECK_THROWS_AS(Samples<float>::view(&one, huge, huge), ShapeError);
  CHECK_THROWS_AS(Samples<float>::from_row_major(&one, huge, huge), ShapeError);
}

TEST_CASE("moved-from Samples are unchanged", "[samples]") {
  Samples<float> x{MatrixX<float>::Constant(3, 2, 7)};
  { const Samples<float> other = std::move(x); }
  CHECK(x.size() == 2);
  CHECK(x.matrix() == MatrixX<float>::Constant(3, 2, 7));
  const std::vector<Index> second{1};
  Samples<float> some = x.select(second);
  { const Samples<float> other = std::move(some); }
  CHECK(some[0][2] == 7);
}

TEST_CASE("Samples::copy has contiguous memory of its own", "[samples]") {
  MatrixX<float> values{{1, 2, 3}, {4, 5, 6}};
  const std::vector<Index> indices{2, 0, 2};
  const auto view = Samples<float>::view(values);
  const Samples<float> selection = view.select(indices).copy(), all = view.copy();
  const MatrixX<float> expected{{3, 1, 3}, {6, 4, 6}};
  CHECK(selection.column(0) != view.column(2));
  CHECK(all.column(0) != view.column(0));
  values.setZero();
  CHECK(selection.matrix() == expected);
  CHECK(all.matrix() == MatrixX<float>{{1, 2, 3}, {4, 5, 6}});
  CHECK(selection.select(std::vector<Index>{1}).copy().matrix() == MatrixX<float>{{1}, {4}});
}
