#include "gemel/core/nearest/screen.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "catch.hpp"
#include "gemel/core/random.hpp"
#include "gemel/network/distance.hpp"
#include "instruction_sets.hpp"

namespace gemel::test::nearest_screen {

namespace {

using detail::Closeness;
using detail::NearestScreen;

template <Scalar S>
S distance(Closeness closeness, const MatrixX<S>& a, Index i, const MatrixX<S>& b, Index j) {
  const ConstColumn<S> x{a.col(i).data(), a.rows()}, y{b.col(j).data(), b.rows()};
  if (closeness == Closeness::Cosine) return Cosine{}.value(x, y);
  return closeness == Closeness::Squared ? SquaredEuclidean{}.value(x, y) : Euclidean{}.value(x, y);
}

/// Sets the bound of each query to its own distance from each of 64 samples, so that nothing is to spare. Returns
/// whether the sample is always a hit.
template <Scalar S>
bool keeps_all(Closeness closeness, const MatrixX<S>& queries, const MatrixX<S>& gallery) {
  NearestScreen<S> screen({gallery.data(), gallery.rows(), gallery.rows(), 64}, queries.cols(), closeness);
  bool kept = true;
  for (Index j = 0; j < 64; ++j) {
    screen.start({queries.data(), queries.rows(), queries.rows(), queries.cols()});
    for (Index q = 0; q < queries.cols(); ++q) screen.set_bound(q, distance(closeness, queries, q, gallery, j));
    screen.find_hits(gallery.data(), gallery.rows());
    for (Index q = 0; q < queries.cols(); ++q) kept = kept && (screen.hits(q) >> j & 1) != 0;
  }
  return kept;
}

constexpr Closeness all[] = {Closeness::Euclidean, Closeness::Squared, Closeness::Cosine};

}  // namespace

TEMPLATE_TEST_CASE("no sample is left out whose distance is the bound", "[nearest]", float, double) {
  using S = TestType;
  Rng rng{1};
  const S tiny = std::numeric_limits<S>::min(), huge = std::numeric_limits<S>::max();
  for_each_instruction_set([&] {
    for (const Index rows : {1, 3, 16, 70}) {
      for (const Closeness closeness : all) {
        MatrixX<S> gallery = normal<S>(rows, 64, rng);
        MatrixX<S> queries = normal<S>(rows, 7, rng);
        queries.col(0) = gallery.col(3);
        queries.col(1) = -gallery.col(4);
        queries.col(2) = gallery.col(5) * (1 + 3 * std::numeric_limits<S>::epsilon());
        CAPTURE(rows, static_cast<int>(closeness));
        CHECK(keeps_all(closeness, queries, gallery));
        // Far from 0, so that the distances are small beside the norms.
        const MatrixX<S> shift = 1000 * normal<S>(rows, 1, rng);
        CHECK(keeps_all<S>(closeness, queries.colwise() + shift.col(0), gallery.colwise() + shift.col(0)));
        // Of all magnitudes: the squares overflow, underflow, or are lost beside the center.
        const S magnitudes[] = {tiny, tiny * 1000, std::sqrt(tiny), 1e-3F, 1, 1e3F, std::sqrt(huge), huge / 1000, 0};
        for (Index j = 0; j < 64; ++j) gallery.col(j) *= magnitudes[rng.below(9)];
        for (Index q = 0; q < 7; ++q) queries.col(q) *= magnitudes[rng.below(9)];
        CHECK(keeps_all(closeness, queries, gallery));
        for (const S magnitude : magnitudes) {
          CHECK(keeps_all<S>(closeness, magnitude * normal<S>(rows, 4, rng), magnitude * normal<S>(rows, 64, rng)));
        }
      }
    }
  });
}

TEMPLATE_TEST_CASE("almost all samples beyond the bound are left out, also far from the origin", "[nearest]", float,
                   double) {
  using S = TestType;
  Rng rng{2};
  for (const S shift : {S{0}, S{100}}) {
    for (const Closeness closeness : all) {
      if (closeness == Closeness::Cosine && shift != 0) continue;  // there the distances are below the rounding
      const MatrixX<S> gallery = normal<S>(32, 64, rng).array() + shift,
                       queries = normal<S>(32, 9, rng).array() + shift;
      NearestScreen<S> screen({gallery.data(), 32, 32, 64}, 9, closeness);
      screen.start({queries.data(), 32, 32, 9});
      CHECK(screen.pays());
      CHECK(screen.find_hits(gallery.data(), 32));
      Index within = 0, hits = 0;
      for (Index q = 0; q < 9; ++q) {
        CHECK(screen.hits(q) == ~std::uint64_t{0});  // there is no bound yet
        const S bound = distance(closeness, queries, q, gallery, q);
        screen.set_bound(q, bound);
        for (Index j = 0; j < 64; ++j) within += distance(closeness, queries, q, gallery, j) <= bound ? 1 : 0;
      }
      screen.find_hits(gallery.data(), 32);
      for (Index q = 0; q < 9; ++q) hits += std::popcount(screen.hits(q));
      CAPTURE(shift, static_cast<int>(closeness));
      CHECK(hits >= within);
      CHECK(hits <= within + 2);
    }
  }
}

TEMPLATE_TEST_CASE("no number is above square_above of its square root", "[nearest]", float, double) {
  using S = TestType;
  using Limits = std::numeric_limits<S>;
  Rng rng{3};
  for (const S magnitude : {Limits::denorm_min(), Limits::min(), S{1e-20F}, S{1}, S{1e20F}, Limits::max() / 4}) {
    for (int i = 0; i < 1000; ++i) {
      const S x = magnitude * (1 + 3 * rng.uniform<S>());
      if (x > detail::square_above(std::sqrt(x))) FAIL(x);
      if (i == 0 && magnitude > Limits::min() && magnitude < Limits::max() / 8)
        CHECK(detail::square_above(std::sqrt(x)) <= x * S{1.00001F});
    }
  }
  CHECK(detail::square_above(Limits::max()) == Limits::max());
}

TEST_CASE("screening is left out where it does not pay", "[nearest]") {
  const MatrixX<float> x = MatrixX<float>::Ones(5, 100);
  const auto pays = [&](Index gallery, Index queries, Closeness closeness) {
    NearestScreen<float> screen({x.data(), 5, 5, gallery}, queries, closeness);
    screen.start({x.data(), 5, 5, queries});
    return screen.pays();
  };
  CHECK(pays(64, 10, Closeness::Euclidean));
  CHECK_FALSE(pays(63, 10, Closeness::Euclidean));
  CHECK_FALSE(pays(64, 1, Closeness::Squared));
  CHECK(pays(64, 1, Closeness::Cosine));
  CHECK_FALSE(pays(64, 10, Closeness::Other));
}

}  // namespace gemel::test::nearest_screen
