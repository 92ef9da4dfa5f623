#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "catch.hpp"
#include "gemel/core/kernel.hpp"
#include "gemel/core/random.hpp"
#include "gemel/core/reduce.hpp"
#include "instruction_sets.hpp"

using namespace gemel;
using test::for_each_instruction_set;

TEMPLATE_TEST_CASE("the distances of one query to many columns are bit-identical to those of single pairs", "[kernel]",
                   float, double) {
  using S = TestType;
  for_each_instruction_set([] {
    Rng rng{4};
    for (const Index n : {1, 7, 16, 33, 128}) {
      for (const Index count : {0, 1, 2, 3, 4, 5, 7, 8, 16, 17, 19, 40}) {
        const MatrixX<S> a = normal<S>(n, 1, rng);
        MatrixX<S> b = normal<S>(n + 3, count, rng);
        if (count > 2) b(0, 2) = std::numeric_limits<S>::quiet_NaN();  // must not affect the other columns
        VectorX<S> d = VectorX<S>::Constant(count + 1, -1);
        kernel::nearest_kernels<S>().squared_distances_to({n, count, a.data(), b.data(), n + 3, d.data()});
        CAPTURE(n, count);
        bool right = d[count] == -1;
        for (Index j = 0; j < count; ++j) {
          right = right && (j == 2 ? std::isnan(d[j]) : d[j] == squared_distance(a.data(), b.col(j).data(), n));
        }
        CHECK(right);
      }
    }
  });
}

TEMPLATE_TEST_CASE("screening finds exactly the columns whose value is not above the limit", "[kernel]", float,
                   double) {
  using S = TestType;
  for_each_instruction_set([] {
    Rng rng{5};
    for (const Index rows : {1, 4, 7, 64, 67}) {
      for (const Index queries : {1, 2, 3, 6, 7, 11, 25}) {
        for (const bool normalize : {false, true}) {
          const MatrixX<S> a = normal<S>(rows + 2, 64, rng), b = normal<S>(rows, queries, rng);
          const VectorX<S> center = normal<S>(rows, 1, rng);
          const S of_square = normalize ? S{0} : S{0.75};
          VectorX<S> limits = normal<S>(queries, 1, rng);
          if (queries > 2) limits[1] = std::numeric_limits<S>::max();
          VectorX<S> panel(rows * 64);
          std::vector<std::uint64_t> hits(static_cast<std::size_t>(queries), 0x5555);
          const bool any = kernel::nearest_kernels<S>().screen({.rows = rows,
                                                                .queries = queries,
                                                                .a = a.data(),
                                                                .lda = rows + 2,
                                                                .center = center.data(),
                                                                .normalize = normalize,
                                                                .of_square = of_square,
                                                                .above = S{-1},
                                                                .below = S{1e6},
                                                                .b = b.data(),
                                                                .limits = limits.data(),
                                                                .hits = hits.data(),
                                                                .panel = panel.data()});
          bool any_expected = false, right = true;
          for (Index q = 0; q < queries; ++q) {
            for (Index j = 0; j < 64; ++j) {
              VectorX<double> v = (a.col(j).head(rows) - center).template cast<double>();
              const double square = v.squaredNorm();
              if (normalize) v /= std::sqrt(square);
              const double value = double{of_square} * square + v.dot(b.col(q).template cast<double>());
              const bool hit = (hits[static_cast<std::size_t>(q)] >> j & 1) != 0;
              any_expected = any_expected || hit;
              const double above = value - static_cast<double>(limits[q]);
              const double unsure = 1000 * static_cast<double>(std::numeric_limits<S>::epsilon());
              right = right && (std::abs(above) < unsure || hit == (above <= 0));
            }
          }
          CAPTURE(rows, queries, normalize);
          CHECK(right);
          CHECK(any == any_expected);
        }
      }
    }
  });
}

TEMPLATE_TEST_CASE("columns whose square is out of range are hits for every query", "[kernel]", float, double) {
  using S = TestType;
  using Limits = std::numeric_limits<S>;
  for_each_instruction_set([] {
    Rng rng{6};
    const Index rows = 9, queries = 13;
    MatrixX<S> a = 3 * MatrixX<S>::Ones(rows, 64) + normal<S>(rows, 64, rng) / 8;
    const Index odd[] = {0, 5, 17, 31, 32, 40, 63};
    const S values[] = {Limits::quiet_NaN(), Limits::infinity(), -Limits::infinity(), Limits::max(), 0, 1e10, 0};
    std::uint64_t expected = 0;
    for (int i = 0; i < 7; ++i) {
      a(i, odd[i]) = values[i];
      if (values[i] == 0) a.col(odd[i]).setZero();
      expected |= std::uint64_t{1} << odd[i];
    }
    const VectorX<S> center = VectorX<S>::Zero(rows), limits = VectorX<S>::Constant(queries, S{-1e6});
    const MatrixX<S> b = normal<S>(rows, queries, rng);
    for (const bool normalize : {false, true}) {
      VectorX<S> panel(rows * 64);
      std::vector<std::uint64_t> hits(queries);
      CHECK(kernel::nearest_kernels<S>().screen({.rows = rows,
                                                 .queries = queries,
                                                 .a = a.data(),
                                                 .lda = rows,
                                                 .center = center.data(),
                                                 .normalize = normalize,
                                                 .of_square = 1,
                                                 .above = S{1},
                                                 .below = S{1000},
                                                 .b = b.data(),
                                                 .limits = limits.data(),
                                                 .hits = hits.data(),
                                                 .panel = panel.data()}));
      CHECK(hits == std::vector<std::uint64_t>(queries, expected));
    }
  });
}
