#pragma once

#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <ranges>
#include <vector>

#include "gemel/core/arithmetic.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/stop.hpp"
#include "gemel/core/types.hpp"

namespace gemel {

namespace detail {

/// Philox4x32-10: four random words as a function of a counter and a key (Salmon, Moraes, Dror, Shaw: Parallel random
/// numbers: as easy as 1, 2, 3, SC 2011). It is never inlined, because every caller would get a copy of the ten rounds.
[[gnu::noinline]] inline std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter,
                                                             std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = std::uint64_t{0xD2511F53} * counter[0];
    const std::uint64_t b = std::uint64_t{0xCD9E8D57} * counter[2];
    counter = {static_cast<std::uint32_t>(b >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(b),
               static_cast<std::uint32_t>(a >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(a)};
    key[0] += 0x9E3779B9;  // the golden ratio
    key[1] += 0xBB67AE85;  // sqrt(3) - 1
  }
  return counter;
}

}  // namespace detail

/// A 64-bit hash of two numbers, to derive seeds and streams: `Rng{seed, mix(step, column)}`. The order of a and b
/// matters.
inline std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  // With this key (digits of pi) the hashes differ from the random numbers of an Rng with a small seed.
  const auto words = detail::philox({static_cast<std::uint32_t>(a), static_cast<std::uint32_t>(a >> 32),
                                     static_cast<std::uint32_t>(b), static_cast<std::uint32_t>(b >> 32)},
                                    {0x243F6A88, 0x85A308D3});
  return words[0] | std::uint64_t{words[1]} << 32;
}

/// A generator of random numbers that are the same on every platform: Philox4x32-10 with the seed as its key; its
/// counter is made of the stream and the block's index. The streams of a seed are independent, and starting one costs
/// nothing. So a random number can be a function of its place (step, column) instead of depending on earlier draws.
///
/// A copy starts from the original's state and is then independent of it. Models std::uniform_random_bit_generator.
class Rng {
 public:
  /// @{
  /// Required by std::uniform_random_bit_generator.
  using result_type = std::uint64_t;
  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return std::numeric_limits<result_type>::max(); }
  result_type operator()() { return bits(); }
  /// @}

  /// A generator at the start of a stream of this seed.
  explicit Rng(std::uint64_t seed, std::uint64_t stream = 0) : seed_(seed), stream_(stream) {}

  /// 32 random bits, the next word of the stream.
  std::uint32_t bits32() {
    if (used_ == words_.size()) next_block();
    return words_[used_++];
  }

  /// 64 random bits, the next two words of the stream; the low word comes first.
  std::uint64_t bits() {
    const std::uint64_t low = bits32();
    return low | std::uint64_t{bits32()} << 32;
  }

  /// A number drawn uniformly from [0, 1): a multiple of 2^-24 (float) or 2^-53 (double).
  template <Scalar S>
  S uniform() {
    if constexpr (std::same_as<S, float>) {
      return static_cast<float>(bits32() >> 8) * 0x1p-24F;
    } else {
      return static_cast<double>(bits() >> 11) * 0x1p-53;
    }
  }

  /// A standard normal number, computed in double (Box and Muller: A note on the generation of random normal deviates,
  /// 1958).
  template <Scalar S>
  S normal() {
    const double u = 1 - uniform<double>();  // in (0, 1], so that the logarithm is finite
    const double cosine = cos_of_turns(uniform<double>());
    // This is sqrt(-2 log u) cos(2 pi t), with the root taken last, because a compiler could fuse a final product with
    // a sum in the caller.
    return static_cast<S>(std::copysign(std::sqrt(-2 * portable_log(u) * (cosine * cosine)), cosine));
  }

  /// An integer drawn uniformly from 0, …, n - 1, without bias. Throws ValueError unless n is positive.
  Index below(Index n) {
    if (n <= 0) throw ValueError({"a random number below ", n, " was asked for; the bound must be > 0"});
    const auto bound = static_cast<std::uint64_t>(n);
    const std::uint64_t surplus = (0 - bound) % bound;  // 2^64 mod n; the other values divide evenly
    std::uint64_t value = bits();
    while (value < surplus) value = bits();
    return static_cast<Index>(value % bound);
  }

  /// True or false, each with probability one half.
  bool coin() { return bits32() >> 31; }

 private:
  void next_block() {
    words_ = detail::philox({static_cast<std::uint32_t>(block_), static_cast<std::uint32_t>(block_ >> 32),
                             static_cast<std::uint32_t>(stream_), static_cast<std::uint32_t>(stream_ >> 32)},
                            {static_cast<std::uint32_t>(seed_), static_cast<std::uint32_t>(seed_ >> 32)});
    ++block_;
    used_ = 0;
  }

  std::uint64_t seed_;
  std::uint64_t stream_;
  std::uint64_t block_ = 0;
  std::array<std::uint32_t, 4> words_ = {};
  std::size_t used_ = 4;  // number of words of the block that have been returned
};

namespace detail {

[[gnu::cold]] inline void check_size(Index rows, Index cols) {
  if (rows < 0 || cols < 0) throw ShapeError({rows, " x ", cols, " random numbers were asked for"});
}

}  // namespace detail

/// A matrix of rows x cols values, uniform in [0, 1), drawn column by column. Throws ShapeError if rows or cols is
/// negative.
template <Scalar S>
MatrixX<S> uniform(Index rows, Index cols, Rng& rng) {
  detail::check_size(rows, cols);
  MatrixX<S> values(rows, cols);
  for (S& value : values.reshaped()) value = rng.uniform<S>();
  return values;
}

/// A matrix of rows x cols standard normal values, drawn column by column. Throws ShapeError if rows or cols is
/// negative.
template <Scalar S>
MatrixX<S> normal(Index rows, Index cols, Rng& rng) {
  detail::check_size(rows, cols);
  MatrixX<S> values(rows, cols);
  for (S& value : values.reshaped()) value = rng.normal<S>();
  return values;
}

/// n values, each 0 or 1 with probability one half. Throws ShapeError if n is negative.
inline std::vector<std::uint8_t> coin_flips(Index n, Rng& rng) {
  detail::check_size(n, 1);
  std::vector<std::uint8_t> values(static_cast<std::size_t>(n));
  for (std::uint8_t& value : values) value = rng.coin();
  return values;
}

/// Puts the values into a random order; all orders are equally likely (Fisher and Yates; Durstenfeld: Algorithm 235,
/// 1964). If `stop` is set meanwhile, it returns early and the order is unspecified.
template <std::ranges::random_access_range Range>
void shuffle(Range&& values, Rng& rng, const StopFlag* stop = nullptr) {
  const auto begin = std::ranges::begin(values);
  for (Index i = static_cast<Index>(std::ranges::distance(values)) - 1; i > 0; --i) {
    if (i % 65536 == 0 && stop_requested(stop)) return;
    std::ranges::iter_swap(begin + i, begin + rng.below(i + 1));
  }
}

}  // namespace gemel
