#include "gemel/core/columns.hpp"

#include <array>

#include "catch.hpp"

using namespace gemel;

namespace {

// 3 features x 4 samples: element (i, j) is 10 j + i.
MatrixX<float> numbered() {
  MatrixX<float> m(3, 4);
  for (Index j = 0; j < 4; ++j) {
    for (Index i = 0; i < 3; ++i) m(i, j) = static_cast<float>(10 * j + i);
  }
  return m;
}

}  // namespace

TEST_CASE("a map of contiguous columns is a list of columns") {
  MatrixX<float> m = numbered();
  const ColumnList<float> from_mutable = Columns<float>(m.data(), 3, 4);
  const ColumnList<float> list = ConstColumns<float>(m.data(), 3, 4);
  for (const ColumnList<float>& each : {from_mutable, list}) {
    CHECK(each.rows() == 3);
    CHECK(each.cols() == 4);
    CHECK(each.pointers() == nullptr);
    CHECK(each[2] == m.data() + 6);
    CHECK(each(1, 3) == 31);
    CHECK(each.column(2) == m.col(2));
  }
  const ColumnList<float> part = list.middle(1, 2);
  CHECK(part.cols() == 2);
  CHECK(part.rows() == 3);
  CHECK(part(2, 0) == 12);
  CHECK(part(2, 1) == 22);
}

TEST_CASE("a list of pointers refers to columns in any order, and to one column more than once") {
  const MatrixX<float> m = numbered();
  const std::array<const float*, 4> pointers = {&m(0, 3), &m(0, 1), &m(0, 1), &m(0, 0)};
  const ColumnList<float> list{pointers.data(), 3, 4};
  CHECK(list.pointers() == pointers.data());
  CHECK(list(2, 0) == 32);
  CHECK(list(0, 1) == 10);
  CHECK(list[1] == list[2]);
  CHECK(list.column(3) == m.col(0));

  const ColumnList<float> part = list.middle(1, 3);
  CHECK(part.cols() == 3);
  CHECK(part(1, 0) == 11);
  CHECK(part(1, 2) == 1);
  CHECK(list.middle(2, 0).cols() == 0);
}

TEST_CASE("an empty list has no columns") {
  CHECK(ColumnList<double>{}.cols() == 0);
  CHECK(ColumnList<double>{}.rows() == 0);
}
