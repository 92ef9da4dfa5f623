#include "gemel/core/types.hpp"

#include <array>
#include <type_traits>
#include <vector>

#include "catch.hpp"

// A program may use both namespaces.
using namespace Eigen;
using namespace gemel;

static_assert(Scalar<float> && Scalar<double> && !Scalar<int> && !Scalar<long double>);
static_assert(std::is_same_v<MatrixX<float>, Eigen::MatrixXf> && std::is_same_v<VectorX<double>, Eigen::VectorXd>);
static_assert(Dynamic == Eigen::Dynamic && std::is_same_v<Index, Eigen::Index>);

TEST_CASE("length is a signed size", "[types]") {
  const std::vector<int> empty;
  CHECK(length(empty) - 1 < 0);
  CHECK(length(std::array{4, 5, 6}) == 3);
  const double plain[] = {1, 2};
  CHECK(length(plain) == 2);
}
