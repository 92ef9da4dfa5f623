#include "../../../examples/program/embedding_picture.hpp"

#include <algorithm>
#include <cmath>

#include "catch.hpp"
#include "gemel/core/random.hpp"

TEST_CASE("The principal plane of wide embeddings is that of narrow ones") {
  gemel::Rng rng{1};
  gemel::MatrixX<float> narrow = gemel::normal<float>(3, 20, rng);
  narrow.row(1) *= 3;
  narrow.row(2) *= 2;
  gemel::MatrixX<float> wide = gemel::MatrixX<float>::Zero(50, 20);
  wide.row(7) = narrow.row(0);
  wide.row(20) = narrow.row(1);
  wide.row(49) = narrow.row(2);
  const auto expected = program::detail::principal_plane(narrow), found = program::detail::principal_plane(wide);
  REQUIRE(found.points.rows() == 2);
  REQUIRE(found.points.cols() == 20);
  for (gemel::Index k = 0; k < 2; ++k) {
    CHECK(std::abs(found.shares[k] - expected.shares[k]) < 1e-6);
    const double same = (found.points.row(k) - expected.points.row(k)).norm();
    const double opposite = (found.points.row(k) + expected.points.row(k)).norm();  // the sign is arbitrary
    CHECK(std::min(same, opposite) < 1e-6);
  }
  // Fewer dimensions than two leave the rest 0.
  CHECK(program::detail::principal_plane(narrow.topRows(1)).points.row(1).isZero());
}
