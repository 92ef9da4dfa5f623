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

TEMPLATE_TEST_CASE("a norm is right to rounding at every magnitude", "[scaled_norm]", float, double) {
  using S = TestType;
  using Limits = std::numeric_limits<S>;
  const std::vector<long double> pattern{0.9L, -0.31L, 0.57L, 0.003L, -0.77L, 0.12L, 0.45L, -0.68L};
  for (const std::size_t n : {1U, 8U, 128U, 1000U}) {
    for (int exponent = Limits::min_exponent + 24; exponent < Limits::max_exponent - 6; ++exponent) {
      std::vector<S> x(n);
      long double square = 0;
      for (std::size_t i = 0; i < n; ++i) {
        x[i] = static_cast<S>(std::ldexp(pattern[i % 8], exponent));
        square += static_cast<long double>(x[i]) * static_cast<long double>(x[i]);
      }
      const auto [scale, norm] = scaled_norm(x.data(), static_cast<Index>(n));
      const long double found = static_cast<long double>(scale) * static_cast<long double>(norm);
      CAPTURE(n, exponent);
      if (std::abs(found / std::sqrt(square) - 1) > 8 * static_cast<long double>(Limits::epsilon())) CHECK(false);
    }
  }
}
