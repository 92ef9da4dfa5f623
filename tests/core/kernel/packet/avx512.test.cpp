#if defined(__x86_64__)
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include "catch.hpp"
#include "gemel/core/kernel.hpp"
#include "gemel/core/random.hpp"
#include "instruction_sets.hpp"

using namespace gemel;

namespace {

/// The first value whose root is not bit-identical to std::sqrt, which rounds correctly; NaN if there is none.
template <Scalar S>
GEMEL_TARGET_FOR(GEMEL_AVX512)
S first_wrong(std::vector<S> values) {
  constexpr std::size_t size = static_cast<std::size_t>(kernel::avx512::PacketOf<S>::size);
  values.resize((values.size() + size - 1) / size * size, S{1});
  S roots[size];
  for (std::size_t i = 0; i < values.size(); i += size) {
    kernel::avx512::store(roots, kernel::avx512::sqrt(kernel::avx512::load(values.data() + i)));
    for (std::size_t q = 0; q < size; ++q) {
      const S root = std::sqrt(values[i + q]);
      if (std::isnan(root) ? !std::isnan(roots[q]) : std::memcmp(&root, &roots[q], sizeof(S)) != 0) {
        return values[i + q];
      }
    }
  }
  return std::numeric_limits<S>::quiet_NaN();
}

bool has_avx512() { return detail::supports(InstructionSet::AVX512); }

/// An odd x with x^2 = c modulo 2^bits, for a c with c = 1 modulo 8. The other three roots are -x, x + 2^(bits - 1) and
/// -x + 2^(bits - 1).
std::uint64_t root_modulo(std::uint64_t c, int bits) {
  std::uint64_t x = 1;
  for (int k = 3; k < bits; ++k) {
    if ((x * x - c) >> k & 1) x += std::uint64_t{1} << (k - 1);
  }
  return x;
}

__extension__ typedef unsigned __int128 Wide;

/// All doubles a in [1, 4) whose root is so close to the middle between two neighboring doubles that
/// |a - middle^2| <= most * 2^-106. With a = A 2^(s - 52), where s is 0 or 1, and the middle M 2^-53, where M is odd:
/// M^2 = A 2^(s + 54) - j.
std::vector<double> doubles_close_to_a_middle(std::int64_t most) {
  std::vector<double> found;
  for (const int s : {0, 1}) {
    const int bits = 54 + s;
    const std::uint64_t modulus = std::uint64_t{1} << bits;
    for (std::int64_t j = -most; j <= most; ++j) {
      const auto c = static_cast<std::uint64_t>(-j);
      if (c % 8 != 1) continue;  // c is not the square of an odd number
      const std::uint64_t x = root_modulo(c, bits);
      for (const std::uint64_t root : {x, modulus - x, x + modulus / 2, modulus / 2 - x}) {
        const std::uint64_t m = root % modulus;
        if (m >> 53 != 1) continue;
        const auto a = static_cast<std::uint64_t>((static_cast<Wide>(m) * m + static_cast<Wide>(j)) >> bits);
        if (a >> 52 == 1) found.push_back(std::ldexp(static_cast<double>(a), s - 52));
      }
    }
  }
  return found;
}

/// As above, but all floats a in [1, 4) with |a - middle^2| <= most * 2^-48, where the middle is M 2^-24.
std::vector<float> floats_close_to_a_middle(double most) {
  std::vector<float> found;
  for (std::uint32_t bits = 0x3f800000; bits < 0x40800000; ++bits) {
    const auto a = std::bit_cast<float>(bits);
    const double scaled = std::sqrt(static_cast<double>(a)) * 0x1p24;
    const double middle = 2 * std::floor(scaled / 2) + 1;  // M is odd, so the middle is between two floats
    // This is exact, because middle^2 has 50 bits.
    if (std::abs(static_cast<double>(a) * 0x1p48 - middle * middle) <= most) found.push_back(a);
  }
  return found;
}

/// The first value whose root differs from std::sqrt for one of `count` packets of random estimates, whose errors are
/// up to the largest allowed one; NaN if there is none.
template <Scalar S>
GEMEL_TARGET_FOR(GEMEL_AVX512)
S first_wrong_from_estimates(const std::vector<S>& values, int count, Rng& rng) {
  constexpr std::size_t size = static_cast<std::size_t>(kernel::avx512::PacketOf<S>::size);
  S estimates[size], roots[size];
  for (const S value : values) {
    const S root = std::sqrt(value);
    for (int k = 0; k < count; ++k) {
      for (S& estimate : estimates) {
        estimate = static_cast<S>((1 + 0x1p-14 * (2 * rng.template uniform<double>() - 1)) /
                                  std::sqrt(static_cast<double>(value)));
      }
      kernel::avx512::store(
          roots, kernel::avx512::sqrt_from(kernel::avx512::load(estimates), kernel::avx512::broadcast(value)));
      for (const S other : roots) {
        if (std::memcmp(&root, &other, sizeof(S)) != 0) return value;
      }
    }
  }
  return std::numeric_limits<S>::quiet_NaN();
}

/// The values times even powers of two, across the range in which the root is computed with products, and beyond it.
template <Scalar S>
std::vector<S> spread(const std::vector<S>& values) {
  std::vector<S> all;
  const int last = std::numeric_limits<S>::max_exponent;
  for (int half = -last / 2; half < last / 2; half += last / 64) {
    for (const S value : values) all.push_back(std::ldexp(value, 2 * half));
  }
  return all;
}

}  // namespace

TEST_CASE("the root of every float is correctly rounded", "[kernel]") {
  if (!has_avx512()) return;
  std::vector<float> values(1 << 16);
  // The roots of all other floats have the same digits as those in [1, 4), but near 2^-102 the remainder could lose
  // some.
  for (const std::uint32_t begin : {std::bit_cast<std::uint32_t>(1.0F), std::bit_cast<std::uint32_t>(0x1p-102F)}) {
    for (std::uint32_t bits = begin; bits < begin + (2U << 23); bits += 1 << 16) {
      for (std::uint32_t i = 0; i < 1 << 16; ++i) values[i] = std::bit_cast<float>(bits + i);
      CHECK(std::isnan(first_wrong(values)));
    }
  }
}

TEST_CASE("the root of every double near a rounding boundary is correctly rounded", "[kernel]") {
  if (!has_avx512()) return;
  const std::vector<double> hard = doubles_close_to_a_middle(1 << 14);
  CHECK(hard.size() > 2000);
  // One of the closest to a boundary: (1 + 2^-53)^2 = 1 + 2^-52 + 2^-106.
  CHECK(std::ranges::find(hard, 1 + 0x1p-52) != hard.end());
  CHECK(std::isnan(first_wrong(hard)));
  CHECK(std::isnan(first_wrong(spread(hard))));
}

// Another processor may give other estimates within the same error bound.
TEST_CASE("the root is correctly rounded for any estimate", "[kernel]") {
  if (!has_avx512()) return;
  Rng rng{2};
  const std::vector<float> hard = floats_close_to_a_middle(64);
  CHECK(hard.size() > 20);
  CHECK(std::isnan(first_wrong_from_estimates(hard, 2000, rng)));
  CHECK(std::isnan(first_wrong_from_estimates(doubles_close_to_a_middle(512), 500, rng)));
}

TEMPLATE_TEST_CASE("the root of any number equals std::sqrt", "[kernel]", float, double) {
  if (!has_avx512()) return;
  using Limits = std::numeric_limits<TestType>;
  Rng rng{1};
  std::vector<TestType> values(100000);
  for (TestType& value : values) value = TestType{1} + 3 * rng.template uniform<TestType>();
  CHECK(std::isnan(first_wrong(values)));
  values.resize(100);
  CHECK(std::isnan(first_wrong(spread(values))));
  for (const TestType special : {TestType{0}, -TestType{0}, TestType{-1}, Limits::denorm_min(), Limits::min(),
                                 Limits::max(), Limits::infinity(), -Limits::infinity(), Limits::quiet_NaN()}) {
    CAPTURE(special);
    CHECK(std::isnan(first_wrong<TestType>({special})));
    CHECK(std::isnan(first_wrong<TestType>({TestType{2}, special, TestType{3}})));
  }
}
#endif
