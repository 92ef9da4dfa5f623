#include "gemel/verification/nearest.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "error_text.hpp"
#include "gemel/core/random.hpp"
#include "gemel/network/any_distance.hpp"
#include "instruction_sets.hpp"
#include "mentions.hpp"

namespace gemel::test::nearest {

namespace {

/// The sum of fourth powers, a distance of the user's own.
struct Quartic {
  template <Scalar S>
  S value(ConstColumn<S> a, ConstColumn<S> b) const {
    S sum = 0;
    for (Index i = 0; i < a.size(); ++i) sum += static_cast<S>(std::pow(a[i] - b[i], 4));
    return sum;
  }
  template <Scalar S>
  void add_gradient(ConstColumn<S>, ConstColumn<S>, S, S, Column<S>, Column<S>) const {}
};

/// The definition: all candidates, sorted by distance and number.
template <Scalar S, class Metric>
Nearest<S> sorted(const MatrixX<S>& queries, const MatrixX<S>& gallery, Index k, const Metric& metric,
                  const Classes* classes) {
  Nearest<S> found{MatrixX<Index>(k, queries.cols()), MatrixX<S>(k, queries.cols())};
  for (Index i = 0; i < queries.cols(); ++i) {
    std::vector<std::pair<S, Index>> candidates;
    for (Index j = 0; j < gallery.cols(); ++j) {
      if (classes && classes->same(i, j)) continue;
      candidates.emplace_back(metric.value(ConstColumn<S>{queries.col(i).data(), queries.rows()},
                                           ConstColumn<S>{gallery.col(j).data(), gallery.rows()}),
                              j);
    }
    std::partial_sort(candidates.begin(), candidates.begin() + k, candidates.end());
    for (Index r = 0; r < k; ++r) {
      found.distances(r, i) = candidates[static_cast<std::size_t>(r)].first;
      found.samples(r, i) = candidates[static_cast<std::size_t>(r)].second;
    }
  }
  return found;
}

template <Scalar S>
bool same_bits(const MatrixX<S>& a, const MatrixX<S>& b) {
  using Bits = std::conditional_t<sizeof(S) == 4, std::uint32_t, std::uint64_t>;
  return a.rows() == b.rows() && a.cols() == b.cols() &&
         std::equal(a.data(), a.data() + a.size(), b.data(),
                    [](S x, S y) { return std::bit_cast<Bits>(x) == std::bit_cast<Bits>(y); });
}

/// Random embeddings of a kind: normal; with many equal values, so that distances tie; far from the origin; of many
/// magnitudes, some of whose squares underflow; or with duplicates and zero vectors.
template <Scalar S>
MatrixX<S> embeddings(int kind, Index rows, Index cols, Rng& rng) {
  MatrixX<S> y = normal<S>(rows, cols, rng);
  for (S& value : y.reshaped()) {
    if (kind == 1) value = std::round(value);
    if (kind == 2) value += 500;
    if (kind == 3)
      value = std::ldexp(value, static_cast<int>(sizeof(S) == 4 ? rng.below(100) - 70 : rng.below(700) - 540));
  }
  if (kind == 4) {
    for (Index j = 0; j < cols; ++j) {
      const Index draw = rng.below(4);
      if (draw == 0) y.col(j) = y.col(rng.below(cols));
      if (draw == 1) y.col(j).setZero();
      if (draw == 2) y.col(j) = 3 * y.col(rng.below(cols));
    }
  }
  return y;
}

template <Scalar S, class Metric>
void check_against_sorting(const Metric& metric, const MatrixX<S>& queries, const MatrixX<S>& gallery,
                           NearestOptions options) {
  const Nearest<S> expected =
      sorted(queries, gallery, options.k, metric, options.other_than ? &*options.other_than : nullptr);
  for (const Index threads : {1, 2, 3}) {
    options.threads = threads;
    const auto found = gemel::nearest(queries, gallery, options, metric);
    CAPTURE(threads, queries.cols(), gallery.cols(), gallery.rows(), options.k);
    CHECK(found.samples == expected.samples);
    CHECK(same_bits(found.distances, expected.distances));
  }
}

}  // namespace

TEMPLATE_TEST_CASE("the nearest are bit for bit those that sorting finds", "[nearest]", float, double) {
  using S = TestType;
  for_each_instruction_set([] {
    Rng rng{1};
    for (int round = 0; round < 15; ++round) {
      const int kind = round % 5;
      const Index rows = 1 + rng.below(40), n = 1 + rng.below(300), count = rng.below(20);
      const MatrixX<S> gallery = embeddings<S>(kind, rows, n, rng);
      MatrixX<S> queries = embeddings<S>(kind, rows, count, rng);
      for (Index i = 0; i < count; i += 3) queries.col(i) = gallery.col(rng.below(n));
      const NearestOptions options{.k = 1 + rng.below(std::min<Index>(n, 30))};
      CAPTURE(round);
      check_against_sorting<S>(Euclidean{}, queries, gallery, options);
      check_against_sorting<S>(SquaredEuclidean{}, queries, gallery, options);
      check_against_sorting<S>(Cosine{}, queries, gallery, options);
      check_against_sorting<S>(Manhattan{}, queries, gallery, options);
      if (kind != 3) check_against_sorting<S>(Quartic{}, queries, gallery, options);
      check_against_sorting<S>(AnyDistance{Cosine{}}, queries, gallery, options);
    }
  });
}

TEST_CASE("threads that share a large gallery find what one thread finds", "[nearest]") {
  Rng rng{2};
  MatrixX<float> gallery = normal<float>(8, 7000, rng);
  for (Index j = 0; j < 3000; ++j) gallery.col(rng.below(7000)) = gallery.col(rng.below(7000));  // ties between threads
  for_each_instruction_set([&] {
    for (const Index count : {1, 40}) {
      check_against_sorting<float>(Euclidean{}, gallery.middleCols(70, count), gallery, {.k = 7});
      check_against_sorting<float>(Cosine{}, gallery.middleCols(70, count), gallery, {.k = 7});
    }
  });
}

TEST_CASE("samples of the query's own class are no candidates", "[nearest]") {
  Rng rng{3};
  const MatrixX<float> y = embeddings<float>(4, 6, 200, rng);
  std::vector<Index> of, numbers;
  of.reserve(200);
  numbers.reserve(200);
  for (Index i = 0; i < 200; ++i) {
    of.push_back(i * i % 7);
    numbers.push_back(i);
  }
  check_against_sorting<float>(Euclidean{}, y, y, {.k = 5, .other_than = of});
  check_against_sorting<float>(Cosine{}, y, y, {.k = 9, .other_than = of});
  check_against_sorting<float>(Manhattan{}, y, y, {.k = 199, .other_than = numbers});
}

TEST_CASE("a derived distance that inherits the members of Euclidean is measured itself", "[nearest]") {
  struct Opposite : Euclidean {
    float value(const ConstColumn<float>& a, const ConstColumn<float>& b) const { return 100 - Euclidean::value(a, b); }
  };
  Rng rng{4};
  const MatrixX<float> gallery = normal<float>(4, 90, rng);
  check_against_sorting<float>(Opposite{}, gallery.leftCols(6), gallery, {.k = 3});
}

TEST_CASE("queries and gallery may be parts of matrices, vectors or expressions", "[nearest]") {
  Rng rng{5};
  const MatrixX<float> y = normal<float>(9, 150, rng);
  const MatrixX<float> gallery = y.block(2, 10, 5, 120);
  const auto expected = gemel::nearest(MatrixX<float>(gallery.leftCols(3)), gallery, {.k = 4});
  const auto found = gemel::nearest(y.block(2, 10, 5, 3), y.block(2, 10, 5, 120), {.k = 4});
  CHECK(found.samples == expected.samples);
  const VectorX<float> first = gallery.col(0);
  CHECK(gemel::nearest(first, gallery, {.k = 4}).samples == expected.samples.leftCols(1));
  CHECK(gemel::nearest(2 * gallery.leftCols(3), 2 * gallery, {.k = 4}).samples == expected.samples);
  const Eigen::Matrix<float, Dynamic, Dynamic, Eigen::RowMajor> rows = gallery;
  CHECK(gemel::nearest(rows.leftCols(3), rows, {.k = 4}).distances == expected.distances);
  CHECK(gemel::nearest(gallery.leftCols(0), gallery, {.k = 4}).samples.cols() == 0);
}

TEST_CASE("what is not finite is named, and overflow beyond the k nearest is no error", "[nearest]") {
  constexpr float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
  Rng rng{6};
  const MatrixX<float> good = normal<float>(4, 150, rng);
  for_each_instruction_set([&] {
    for (const Index count : {1, 9}) {
      const MatrixX<float> queries = good.leftCols(count);
      const auto refused = [&](const MatrixX<float>& x, const MatrixX<float>& gallery, const AnyDistance& metric) {
        return error_text([&] { gemel::nearest(x, gallery, {.k = 3, .threads = 2}, metric); });
      };
      for (const AnyDistance& metric : {AnyDistance{Euclidean{}}, AnyDistance{Cosine{}}, AnyDistance{Manhattan{}}}) {
        CHECK(refused(queries, good, metric) == "no error");
        for (const float value : {nan, inf, -inf}) {
          for (const Index column : {0, 33, 140}) {
            MatrixX<float> gallery = good;
            gallery(2, column) = value;
            CHECK(mentions(refused(queries, gallery, metric),
                           "sample " + std::to_string(column) + ": this embedding of the gallery holds NaN"));
          }
          MatrixX<float> x = queries;
          x(1, count - 1) = value;
          CHECK(mentions(refused(x, good, metric),
                         "sample " + std::to_string(count - 1) + ": this embedding of the queries holds NaN"));
        }
      }
      MatrixX<float> far = good;
      far.rightCols(100) *= 1e30F;
      check_against_sorting<float>(Euclidean{}, queries, far, {.k = 50});
      CHECK(mentions(error_text([&] { gemel::nearest(queries, far, {.k = 51}); }),
                     "sample 0: fewer than 51 samples of the gallery are at a finite distance from this query"));
      check_against_sorting<float>(Cosine{}, queries, far, {.k = 51});
    }
  });
}

TEST_CASE("a distance that is NaN for finite embeddings is refused", "[nearest]") {
  struct Broken {
    float value(const ConstColumn<float>& a, const ConstColumn<float>& b) const { return std::sqrt(b[0] - a[0]); }
    void add_gradient(const ConstColumn<float>&, const ConstColumn<float>&, float, float, const Column<float>&,
                      const Column<float>&) const {}
  };
  const MatrixX<float> x = MatrixX<float>{{1, 2, 3}};
  CHECK(mentions(error_text([&] { gemel::nearest(x, x, {.k = 1}, Broken{}); }),
                 "the metric's distance of two finite embeddings is NaN"));
}

TEST_CASE("a search that cannot be made is refused", "[nearest]") {
  const MatrixX<float> x = MatrixX<float>::Random(3, 20);
  const auto refused = [&](const MatrixX<float>& queries, const NearestOptions& options) {
    return error_text([&] { gemel::nearest(queries, x, options); });
  };
  CHECK(mentions(refused(x.topRows(2), {}), "but these are 2 x 20 and 3 x 20"));
  CHECK(mentions(refused(x, {.k = 0}), "k is 0, but each query needs"));
  CHECK(mentions(refused(x, {.k = 21}), "k is 21, but the gallery has only 20 samples"));
  CHECK(mentions(refused(x, {.threads = -1}), "threads must be 1 to"));
  const std::vector<Index> of(19, 1), ones(20, 1);
  CHECK(mentions(refused(x, {.other_than = of}), "20 queries, 20 samples in the gallery, and 19 classes"));
  CHECK(mentions(refused(x.leftCols(19), {.other_than = ones}), "19 queries, 20 samples"));
  CHECK(mentions(refused(x, {.k = 1, .other_than = ones}), "k is 1, but only 0 samples are not of class 1"));
  CHECK_THROWS_AS(gemel::nearest(x.topRows(0), x.topRows(0)), ShapeError);
}

}  // namespace gemel::test::nearest
