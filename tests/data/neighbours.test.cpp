#include "gemel/data/neighbours.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "error_text.hpp"
#include "gemel/core/random.hpp"
#include "instruction_sets.hpp"
#include "mentions.hpp"

namespace gemel::test::neighbours {

namespace {

using Table = Neighbours::Table;

Classes classes_of(Index n) {
  std::vector<Index> of;
  for (Index i = 0; i < n; ++i) of.push_back(i * i % 7);
  return of;
}

/// The definition: all other samples, sorted by distance and number.
template <Scalar S>
Table sorted_neighbours(const MatrixX<S>& y, const Classes& classes, Index k) {
  Table table(k, y.cols());
  for (Index i = 0; i < y.cols(); ++i) {
    std::vector<std::pair<S, Index>> others;
    for (Index j = 0; j < y.cols(); ++j) {
      if (!classes.same(i, j)) others.emplace_back(squared_distance(y.col(i).data(), y.col(j).data(), y.rows()), j);
    }
    std::ranges::sort(others);
    for (Index r = 0; r < k; ++r) table(r, i) = others[static_cast<std::size_t>(r)].second;
  }
  return table;
}

}  // namespace

TEST_CASE("copies share one table, and what was read of it stays", "[neighbours]") {
  const Neighbours none;
  CHECK_FALSE(none);
  CHECK(none.table() == nullptr);
  const Table first{{1, 0, 0}, {2, 2, 1}};
  const Neighbours neighbours{first}, copy = neighbours;
  CHECK(copy);
  const auto before = copy.table();
  neighbours.refresh(Table{{2, 2, 1}});
  CHECK(*copy.table() == Table{{2, 2, 1}});
  CHECK(*before == first);
}

TEST_CASE("a table that is not one of these samples' neighbours is refused, and the old one stays", "[neighbours]") {
  const Neighbours neighbours{Table{{1, 0, 0}}};
  const auto refused = [&](const Table& table) {
    const std::string text = error_text([&] { neighbours.refresh(table); });
    CHECK(*neighbours.table() == Table{{1, 0, 0}});
    return text;
  };
  CHECK(mentions(refused(Table{{1, 0}}), "the table has neighbours of 2 samples, but there are 3"));
  CHECK(mentions(refused(Table{{1, 3, 0}}), "sample 1: its neighbour is sample 3, but the samples are 0 to 2"));
  CHECK(mentions(refused(Table{{1, 0, -1}}), "sample 2: its neighbour is sample -1"));
  CHECK(mentions(refused(Table(0, 3)), "but this is 0 x 3"));
  CHECK(mentions(error_text([] { Neighbours{Table(2, 0)}; }), "but this is 2 x 0"));
  CHECK(mentions(error_text([] { Neighbours{Table{{1}}}; }), "its neighbour is sample 1"));
  CHECK(mentions(error_text([] { Neighbours{}.refresh(Table{{0}}); }), "have no table to refresh"));
  CHECK_THROWS_AS((Neighbours{Table(2, 0)}), ShapeError);
  CHECK_THROWS_AS((Neighbours{Table{{1}}}), ValueError);
}

TEST_CASE("the nearest of other classes are those that sorting finds, with any instruction set and number of threads",
          "[neighbours]") {
  Rng rng{1};
  for (const Index n : {9, 40, 601}) {
    const MatrixX<float> y = normal<float>(19, n, rng);
    const Classes classes = classes_of(n);
    for (const Index k : {1, 3, 5}) {
      for_each_instruction_set([&] {
        const Table expected = sorted_neighbours(y, classes, k);
        for (const Index threads : {1, 2, 3}) CHECK(nearest_of_other_classes(y, classes, k, threads) == expected);
      });
    }
  }
  const MatrixX<double> y = normal<double>(3, 100, rng);
  CHECK(nearest_of_other_classes(y, classes_of(100), 4) == sorted_neighbours(y, classes_of(100), 4));
  CHECK(nearest_of_other_classes(2 * y.topRows(2), classes_of(100), 4) ==
        sorted_neighbours<double>(2 * y.topRows(2), classes_of(100), 4));
}

TEST_CASE("of samples at the same distance, those with smaller numbers are nearer", "[neighbours]") {
  const MatrixX<float> y = MatrixX<float>::Ones(2, 700);
  const Table table = nearest_of_other_classes(y, classes_of(700), 3);
  CHECK(table == sorted_neighbours(y, classes_of(700), 3));
  CHECK(table.col(0) == Table{{1}, {2}, {3}});
}

TEST_CASE("embeddings without k finite neighbours are refused", "[neighbours]") {
  Rng rng{1};
  const MatrixX<float> y = normal<float>(4, 90, rng);
  const Classes classes = classes_of(90);
  const auto refused = [&](const MatrixX<float>& x, Index k = 3) {
    return error_text([&] { nearest_of_other_classes(x, classes, k, 2); });
  };
  CHECK(refused(y) == "no error");
  CHECK(mentions(refused(y.leftCols(89)), "there are 89 embeddings (out x n: one per column), but 90 class labels"));
  CHECK(mentions(refused(y, 0), "k is 0, but each sample needs"));
  CHECK(mentions(refused(y, 90), "k is 90, but only 77 samples are not of class 0"));
  for (const float value : {std::nanf(""), std::numeric_limits<float>::infinity(), 1e30F}) {
    MatrixX<float> wrong = y;
    wrong(2, 41) = wrong(1, 60) = value;
    CHECK(mentions(refused(wrong), "sample 41: fewer than 3 samples are at a finite distance from it"));
  }
  CHECK_THROWS_AS(nearest_of_other_classes(y, classes, 3, -1), ValueError);
}

}  // namespace gemel::test::neighbours
