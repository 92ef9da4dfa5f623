#include "gemel/metrics/retrieval.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "error_text.hpp"
#include "gemel/core/random.hpp"
#include "gemel/data/classes.hpp"
#include "mentions.hpp"

namespace gemel::test::retrieval {

namespace {

using Table = MatrixX<Index>;

/// The ranks (from 1) at which the ten neighbours of one query are relevant, of a gallery with ten relevant samples.
Table ten_results(const std::vector<Index>& relevant) {
  Table table(10, 1);
  for (Index rank = 1; rank <= 10; ++rank) table(rank - 1, 0) = 9 + rank;
  for (const Index rank : relevant) table(rank - 1, 0) = rank - 1;
  return table;
}

bool close(double a, double b) { return std::abs(a - b) < 1e-12; }

/// The definitions, written with sets of full rankings as in PyTorch Metric Learning.
struct Plain {
  double recall = 0, precision = 0, map = 0;
};
Plain plain(const MatrixX<double>& distances, const std::vector<int>& gallery, const std::vector<int>& queries, Index k,
            bool one_set) {
  Plain total;
  double count = 0;
  for (Index i = 0; i < distances.rows(); ++i) {
    std::vector<std::pair<double, Index>> ranking;
    for (Index j = 0; j < distances.cols(); ++j) {
      if (!(one_set && i == j)) ranking.emplace_back(distances(i, j), j);
    }
    std::sort(ranking.begin(), ranking.end());
    std::vector<double> relevant;
    relevant.reserve(ranking.size());
    for (const auto& [d, j] : ranking) {
      relevant.push_back(gallery[static_cast<std::size_t>(j)] == queries[static_cast<std::size_t>(i)] ? 1 : 0);
    }
    const auto sum_to = [&](Index n) {
      double sum = 0;
      for (Index r = 0; r < n; ++r) sum += relevant[static_cast<std::size_t>(r)];
      return sum;
    };
    const double r = sum_to(length(relevant));
    if (r == 0) continue;
    ++count;
    total.recall += sum_to(k) > 0 ? 1 : 0;
    total.precision += relevant[0];
    double average = 0;
    for (Index n = 1; n <= static_cast<Index>(r); ++n) {
      average += relevant[static_cast<std::size_t>(n - 1)] * sum_to(n) / static_cast<double>(n);
    }
    total.map += average / r;
  }
  return {total.recall / count, total.precision / count, total.map / count};
}

Table ranked(const MatrixX<double>& distances, Index k, bool one_set) {
  Table table(k, distances.rows());
  for (Index i = 0; i < distances.rows(); ++i) {
    std::vector<std::pair<double, Index>> ranking;
    for (Index j = 0; j < distances.cols(); ++j) {
      if (!(one_set && i == j)) ranking.emplace_back(distances(i, j), j);
    }
    std::sort(ranking.begin(), ranking.end());
    for (Index r = 0; r < k; ++r) table(r, i) = ranking[static_cast<std::size_t>(r)].second;
  }
  return table;
}

}  // namespace

TEST_CASE("the metrics of ten results are those in the paper that defines MAP@R", "[retrieval]") {
  // Musgrave, Belongie and Lim, A metric learning reality check, 2020: the table with Recall@1 and MAP@R.
  std::vector<int> of(20, 1);
  std::fill(of.begin() + 10, of.end(), 2);
  const Classes gallery{of}, query{1};
  for (const auto& [relevant, map] : std::vector<std::pair<std::vector<Index>, double>>{
           {{1}, 0.1}, {{1, 10}, 0.12}, {{1, 2}, 0.2}, {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 1}}) {
    const Table table = ten_results(relevant);
    CHECK(precision_at_1(table, gallery, query) == 1);
    CHECK(recall_at_k(table, gallery, query) == 1);
    CHECK(close(map_at_r(table, gallery, query), map));
  }
  const Table table = ten_results({3});
  CHECK(precision_at_1(table, gallery, query) == 0);
  CHECK(recall_at_k(table.topRows(2), gallery, query) == 0);
  CHECK(recall_at_k(table.topRows(3), gallery, query) == 1);
  CHECK(close(map_at_r(table, gallery, query), 1 / 30.0));
}

TEST_CASE("each sample of one set is a query, and R is the size of its class - 1", "[retrieval]") {
  // Samples 0, 1, 2 are of class 5, samples 3, 4 of class -7, and sample 5 is alone, so that it is left out.
  const Classes classes{5, 5, 5, -7, -7, 1};
  const Table table{{1, 3, 0, 4, 0, 0}, {2, 0, 4, 0, 3, 1}};
  CHECK(close(precision_at_1(table, classes), 3 / 5.0));
  CHECK(close(recall_at_k(table, classes), 1));
  CHECK(close(map_at_r(table, classes), (1 + 0.5 * 0.5 + 0.5 + 1 + 0) / 5));
}

TEST_CASE("the metrics are those of full rankings, for random classes", "[retrieval]") {
  Rng rng{1};
  for (int round = 0; round < 60; ++round) {
    const bool one_set = round % 2 == 0;
    const Index n = 4 + rng.below(40), q = one_set ? n : 1 + rng.below(20), count = 2 + rng.below(8);
    std::vector<int> gallery, queries;
    for (Index i = 0; i < n; ++i) gallery.push_back(static_cast<int>(3 * rng.below(count)));
    for (Index i = 0; i < q; ++i) queries.push_back(static_cast<int>(3 * rng.below(count)));
    if (one_set) queries = gallery;
    if (std::ranges::count(gallery, queries[0]) < 2) continue;  // at least this query has a relevant sample
    MatrixX<double> distances = uniform<double>(q, n, rng);
    for (Index i = 0; i < q; ++i) {
      for (Index j = 0; j < n; ++j) {
        if (gallery[static_cast<std::size_t>(j)] == queries[static_cast<std::size_t>(i)]) distances(i, j) *= 0.7;
      }
    }
    const Index all = one_set ? n - 1 : n, k = 1 + rng.below(std::min<Index>(all, 4));
    const Plain expected = plain(distances, gallery, queries, k, one_set);
    const Table table = ranked(distances, all, one_set);
    CAPTURE(round, n, q, k);
    if (one_set) {
      CHECK(close(recall_at_k(table.topRows(k), Classes{gallery}), expected.recall));
      CHECK(close(precision_at_1(table, Classes{gallery}), expected.precision));
      CHECK(close(map_at_r(table, Classes{gallery}), expected.map));
    } else {
      CHECK(close(recall_at_k(table.topRows(k), Classes{gallery}, Classes{queries}), expected.recall));
      CHECK(close(precision_at_1(table, Classes{gallery}, Classes{queries}), expected.precision));
      CHECK(close(map_at_r(table, Classes{gallery}, Classes{queries}), expected.map));
    }
  }
}

TEST_CASE("tables that do not fit the classes are refused", "[retrieval]") {
  const Classes gallery{1, 1, 2, 2}, queries{1, 2, 2};
  const auto refused = [&](const Table& table) { return error_text([&] { recall_at_k(table, gallery, queries); }); };
  CHECK(refused(Table{{0, 2, 3}}) == "no error");
  CHECK(mentions(refused(Table{{0, 2}}), "but this is 1 x 2, and there are 3 queries"));
  CHECK(mentions(refused(Table(0, 3)), "but this is 0 x 3"));
  CHECK(mentions(refused(Table{{0, 4, 1}}), "sample 1: its neighbour is sample 4, but the gallery has the samples 0"));
  CHECK(mentions(refused(Table{{0, 1, -1}}), "sample 2: its neighbour is sample -1"));
  CHECK(mentions(error_text([&] {
                   precision_at_1(Table{{1, 1, 3, 2}}, gallery);
                 }),
                 "sample 1: it is its own neighbour"));
  CHECK(mentions(
      error_text([&] {
        map_at_r(Table{{0, 2, 3}}, gallery, queries);
      }),
      "sample 0: the gallery has 2 samples of this query's class, so MAP@R needs k >= 2, but the table has k"));
  CHECK(mentions(error_text([&] { map_at_r(Table{{0, 0}}, gallery, Classes{7, 8}); }), "no query has a sample"));
}

}  // namespace gemel::test::retrieval
