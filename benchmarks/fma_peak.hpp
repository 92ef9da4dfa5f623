#pragma once

#include <algorithm>
#include <chrono>
#include <gemel/core/kernel.hpp>

// Measures the peak of one core with fused multiply-adds in registers: independent chains of them, so many that their
// latency is hidden. Without FMA the portable kernels multiply and add, and so does this measurement.
namespace fma_peak {

#if defined(__aarch64__)
inline constexpr int chains = 24;
#else
inline constexpr int chains = 12;
#endif

// Unrolls the loops, even at -O2.
#if defined(__clang__)
#define FMA_UNROLL _Pragma("unroll")
#else
#define FMA_UNROLL _Pragma("GCC unroll 32")
#endif

// The chains x = x / 2 + 1 / 2 have different initial values, none of them 1; otherwise compilers would remove some.
// This is a macro because a target attribute belongs to one function, and a lambda or function that is inlined into it
// would need the attribute too.
#define FMA_LOOP(NAME, SET, ATTRIBUTES)                                                     \
  template <gemel::Scalar S>                                                                \
  ATTRIBUTES long NAME(long steps, S* result) {                                             \
    using namespace gemel::kernel::SET;                                                     \
    const auto half = broadcast(S{0.5});                                                    \
    typename PacketOf<S>::type sums[chains];                                                \
    FMA_UNROLL for (int i = 0; i < chains; ++i) sums[i] = broadcast(static_cast<S>(i + 2)); \
    for (long k = 0; k < steps; ++k) {                                                      \
      FMA_UNROLL for (int i = 0; i < chains; ++i) sums[i] = fma(sums[i], half, half);       \
    }                                                                                       \
    FMA_UNROLL for (int i = 1; i < chains; ++i) sums[0] = add(sums[0], sums[i]);            \
    store(result, sums[0]);                                                                 \
    return steps * chains * 2 * PacketOf<S>::size;                                          \
  }

#if defined(__x86_64__)
FMA_LOOP(run_avx512, avx512, GEMEL_TARGET_FOR(GEMEL_AVX512) __attribute__((noinline)))
FMA_LOOP(run_avx2, avx2, GEMEL_TARGET_FOR(GEMEL_AVX2) __attribute__((noinline)))
#endif
#if defined(__FMA__)
FMA_LOOP(run_portable, portable_fma, __attribute__((noinline)))
#else
FMA_LOOP(run_portable, portable, __attribute__((noinline)))
#endif
#undef FMA_LOOP
#undef FMA_UNROLL

/// Runs `steps` steps of each chain with the current instruction set. Returns the number of multiplications and
/// additions.
template <gemel::Scalar S>
long run(long steps) {
  S result[16];
#if defined(__x86_64__)
  switch (gemel::instruction_set()) {  // it has no default, so that the compiler warns about a missing set
    case gemel::InstructionSet::AVX512:
      return run_avx512(steps, result);
    case gemel::InstructionSet::AVX2:
      return run_avx2(steps, result);
    case gemel::InstructionSet::Portable:
      break;
  }
#endif
  return run_portable(steps, result);
}

}  // namespace fma_peak

/// The peak GFLOP/s of one core with the current instruction set: the best of many short runs (10 ms in total), because
/// other load on the machine can only make a run slower.
template <gemel::Scalar S>
double gflops_at_peak() {
  using Clock = std::chrono::steady_clock;
  double best = 0;
  for (int i = 0; i < 500; ++i) {
    const auto start = Clock::now();
    const auto operations = static_cast<double>(fma_peak::run<S>(4000));
    best = std::max(best, operations / std::chrono::duration<double, std::nano>(Clock::now() - start).count());
  }
  return best;
}
