#include "gemel/core/scaled_norm.hpp"

#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

#include "catch.hpp"

using namespace gemel;

TEMPLATE_TEST_CASE("a norm is found where its square is no number of the type", "[scaled_norm]", float, double) {
  using S = TestType;
  using Limits = std::numeric_limits<S>;
  const auto check = [](S unit, bool is_scaled) {
    const std::vector<S> x{3 * unit, 0, -4 * unit};
    const auto [scale, norm] = scaled_norm(x.data(), 3);
    CAPTURE(unit, scale, norm);
    CHECK((scale != 1) == is_scaled);
    CHECK(std::abs(norm * (scale / unit) - 5) <= 4 * Limits::epsilon() * 5);
  };
  check(1, false);
  check(std::sqrt(Limits::max()) / 8, false);
  check(std::sqrt(Limits::min()) * 2, false);
  check(std::sqrt(Limits::max()), true);
  check(Limits::max() / 8, true);
  check(std::sqrt(Limits::min()) / 16, true);
  check(Limits::min() * 4, true);
}

TEST_CASE("the norm of nothing is 0, and what is not finite shows", "[scaled_norm]") {
  const std::vector<float> zero(7, 0.0F);
  CHECK(scaled_norm(zero.data(), 7).norm == 0);
  CHECK(scaled_norm(zero.data(), 0).norm == 0);
  std::vector<float> x(7, 1.0F);
  x[6] = std::numeric_limits<float>::infinity();
  CHECK(std::isinf(scaled_norm(x.data(), 7).norm));
  x[2] = std::numeric_limits<float>::quiet_NaN();
  CHECK(std::isnan(scaled_norm(x.data(), 7).norm));
}
