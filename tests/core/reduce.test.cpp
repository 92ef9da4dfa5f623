#include "gemel/core/reduce.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

#include "catch.hpp"
#include "gemel/core/random.hpp"
#include "instruction_sets.hpp"

using namespace gemel;
using test::for_each_instruction_set;

namespace {

const std::vector<Index> lengths = {0, 1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 64, 65, 100, 128, 301};

// The documented order: 16 lanes of float or 8 of double are summed, and then the upper half of the lanes is added to
// the lower half until one is left.
template <Scalar S, class AddTerm>
S in_lanes(Index n, const AddTerm& add_term) {
  std::array<S, 64 / sizeof(S)> sum = {};
  for (Index i = 0; i < n; ++i) {
    S& lane = sum[static_cast<std::size_t>(i) % sum.size()];
    lane = add_term(i, lane);
  }
  for (std::size_t half = sum.size() / 2; half > 0; half /= 2) {
    for (std::size_t l = 0; l < half; ++l) sum[l] += sum[l + half];
  }
  return sum[0];
}

template <Scalar S>
void check_sums(Index n, Index offset) {
  Rng rng{static_cast<std::uint64_t>(n)};
  // The offset makes the addresses unaligned; a NaN follows the end.
  VectorX<S> left = normal<S>(offset + n + 1, 1, rng), right = normal<S>(offset + n + 1, 1, rng);
  left[offset + n] = right[offset + n] = std::numeric_limits<S>::quiet_NaN();
  const S *a = left.data() + offset, *b = right.data() + offset;

  double product = 0, squares = 0, squared = 0, absolute = 0, magnitude = 0;
  for (Index i = 0; i < n; ++i) {
    const double x = a[i], y = b[i];
    product += x * y;
    magnitude += std::abs(x * y);
    squares += x * x;
    squared += (x - y) * (x - y);
    absolute += std::abs(x - y);
  }
  const double epsilon = static_cast<double>(n + 2) * std::numeric_limits<S>::epsilon();
  CAPTURE(n, offset);
  CHECK(std::abs(dot(a, b, n) - product) <= epsilon * magnitude);
  CHECK(std::abs(sum_of_squares(a, n) - squares) <= epsilon * squares);
  CHECK(std::abs(squared_distance(a, b, n) - squared) <= epsilon * squared);
  CHECK(std::abs(absolute_distance(a, b, n) - absolute) <= epsilon * absolute);

  CHECK(absolute_distance(a, b, n) == in_lanes<S>(n, [&](Index i, S sum) { return sum + std::abs(a[i] - b[i]); }));
  if (instruction_set() == InstructionSet::Portable) return;  // the portable kernels may round the product
  CHECK(dot(a, b, n) == in_lanes<S>(n, [&](Index i, S sum) { return std::fma(a[i], b[i], sum); }));
  CHECK(sum_of_squares(a, n) == in_lanes<S>(n, [&](Index i, S sum) { return std::fma(a[i], a[i], sum); }));
  CHECK(squared_distance(a, b, n) == in_lanes<S>(n, [&](Index i, S sum) {
          const S difference = a[i] - b[i];
          return std::fma(difference, difference, sum);
        }));
}

}  // namespace

TEMPLATE_TEST_CASE("sums equal plain loops that add in the documented order", "[reduce]", float, double) {
  for_each_instruction_set([] {
    for (const Index n : lengths) {
      check_sums<TestType>(n, 0);
      check_sums<TestType>(n, 1);
    }
  });
}

TEMPLATE_TEST_CASE("NaN propagates through every sum and through max_abs", "[reduce]", float, double) {
  for_each_instruction_set([] {
    for (Index i = 0; i < 37; ++i) {
      VectorX<TestType> a = VectorX<TestType>::Ones(37), b = a;
      b[i] = std::numeric_limits<TestType>::quiet_NaN();
      CHECK(std::isnan(dot(a.data(), b.data(), 37)));
      CHECK(std::isnan(sum_of_squares(b.data(), 37)));
      CHECK(std::isnan(squared_distance(a.data(), b.data(), 37)));
      CHECK(std::isnan(absolute_distance(a.data(), b.data(), 37)));
      CHECK(std::isnan(max_abs(b.data(), 37)));
      CHECK(max_abs(a.data(), 37) == 1);
    }
  });
}

TEMPLATE_TEST_CASE("square_roots equals std::sqrt and does not write beyond the last element", "[reduce]", float,
                   double) {
  for_each_instruction_set([] {
    Rng rng{3};
    for (const Index n : lengths) {
      VectorX<TestType> x = uniform<TestType>(n + 1, 1, rng);
      if (n > 2) x[n / 2] = 0;
      const VectorX<TestType> before = x;
      square_roots(x.data(), n);
      CAPTURE(n);
      CHECK(x.head(n) == before.head(n).unaryExpr([](TestType value) { return std::sqrt(value); }));
      CHECK(x[n] == before[n]);
    }
  });
}

TEMPLATE_TEST_CASE("a norm is right if its square overflows or underflows", "[reduce]", float, double) {
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

TEST_CASE("the norm of no elements is 0, and NaN and infinity propagate through it", "[reduce]") {
  const std::vector<float> zero(7, 0.0F);
  CHECK(scaled_norm(zero.data(), 7).norm == 0);
  CHECK(scaled_norm(zero.data(), 0).norm == 0);
  std::vector<float> x(7, 1.0F);
  x[6] = std::numeric_limits<float>::infinity();
  CHECK(std::isinf(scaled_norm(x.data(), 7).norm));
  x[2] = std::numeric_limits<float>::quiet_NaN();
  CHECK(std::isnan(scaled_norm(x.data(), 7).norm));
}

TEMPLATE_TEST_CASE("a norm is right up to rounding at every magnitude", "[reduce]", float, double) {
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
