#pragma once

// Compiles the kernels for each instruction set, and defines the functions of core/kernel/interface.hpp.
// core/kernel.hpp includes this file, unless GEMEL_COMPILED is defined.

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#include "gemel/core/dispatch.hpp"
#include "gemel/core/kernel/interface.hpp"
#include "gemel/core/types.hpp"

#if defined(__clang__)
#define GEMEL_UNROLL _Pragma("unroll")
#else
#define GEMEL_UNROLL _Pragma("GCC unroll 32")
#endif
// Optimization barriers: empty statements for which the compiler must assume that they change a pointer or a packet.
// GEMEL_ROUND_PACKET prevents the compiler from fusing the product in a packet with a later sum, as detail::rounded
// does for a number.
#define GEMEL_OPAQUE_POINTER(pointer) asm volatile("" : "+r"(pointer))
#if defined(__x86_64__)
#define GEMEL_OPAQUE_PACKET(packet) asm volatile("" : "+v"(packet))
#define GEMEL_ROUND_PACKET(packet) asm("" : "+v"(packet))
#elif defined(__aarch64__)
#define GEMEL_OPAQUE_PACKET(packet) asm volatile("" : "+w"(packet))
#define GEMEL_ROUND_PACKET(packet) asm("" : "+w"(packet))
#else  // it is unknown in which registers this architecture holds a packet
#define GEMEL_OPAQUE_PACKET(packet) static_cast<void>(packet)
#define GEMEL_ROUND_PACKET(packet) asm("" : "+m"(packet))
#endif
#define GEMEL_INLINE GEMEL_TARGET __attribute__((always_inline)) inline
#if defined(__clang__)
#define GEMEL_NOINLINE GEMEL_TARGET __attribute__((noinline)) inline
#else  // noclone: GCC would copy the function for the arguments of one call
#define GEMEL_NOINLINE GEMEL_TARGET __attribute__((noinline, noclone)) inline
#endif

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push  // GCC 12 reports a sign conversion if a template's constant is the size of an array
#pragma GCC diagnostic ignored "-Wsign-conversion"
#endif

// The kernels of each instruction set: GEMEL_SET is their namespace, and GEMEL_TARGET their target attribute. The
// packets are included before the kernels.
#if defined(__x86_64__)
#define GEMEL_SET avx512
#define GEMEL_TARGET GEMEL_TARGET_FOR(GEMEL_AVX512)
#include "gemel/core/kernel/packet/avx512.inl"

#include "gemel/core/kernel/kernels.inl"
#undef GEMEL_SET
#undef GEMEL_TARGET

#define GEMEL_SET avx2
#define GEMEL_TARGET GEMEL_TARGET_FOR(GEMEL_AVX2)
#include "gemel/core/kernel/packet/avx2.inl"

#include "gemel/core/kernel/kernels.inl"
#undef GEMEL_SET
#undef GEMEL_TARGET
#endif

// On x86-64, the compiler fuses the portable kernels' multiply-adds only with -mfma. The two variants have different
// namespaces, so that the linker does not merge them.
#if defined(__FMA__)
#define GEMEL_SET portable_fma
#else
#define GEMEL_SET portable
#endif
#define GEMEL_TARGET
#if defined(__aarch64__)
#include "gemel/core/kernel/packet/neon.inl"
#else
#include "gemel/core/kernel/packet/portable.inl"
#endif

#include "gemel/core/kernel/kernels.inl"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

// Returns the variable of this name from the namespace of the current instruction set. The switch has no default, so
// that the compiler warns about a missing set.
#if defined(__x86_64__)
#define GEMEL_RETURN_FROM_CURRENT_SET(...) \
  switch (instruction_set()) {             \
    case InstructionSet::AVX512:           \
      return avx512::__VA_ARGS__;          \
    case InstructionSet::AVX2:             \
      return avx2::__VA_ARGS__;            \
    case InstructionSet::Portable:         \
      break;                               \
  }                                        \
  return GEMEL_SET::__VA_ARGS__
#else
#define GEMEL_RETURN_FROM_CURRENT_SET(...) return GEMEL_SET::__VA_ARGS__
#endif

namespace gemel::kernel {

template <Scalar S>
const Kernels<S>& kernels() {
  GEMEL_RETURN_FROM_CURRENT_SET(table<S>);
}

template <class Rule, Scalar S>
const UpdateKernels<Rule, S>& update_kernels() {
  GEMEL_RETURN_FROM_CURRENT_SET(update_table<Rule, S>);
}

template <Scalar S>
const NearestKernels<S>& nearest_kernels() {
  GEMEL_RETURN_FROM_CURRENT_SET(nearest_table<S>);
}

template <Scalar S>
auto warp_kernel() -> void (*)(const Warp<S>&) {
  GEMEL_RETURN_FROM_CURRENT_SET(warp_entry<S>);
}

template <Scalar S>
auto scale_kernel() -> void (*)(const Scaling<S>&) {
  GEMEL_RETURN_FROM_CURRENT_SET(scale_entry<S>);
}

template <Scalar S>
auto normal_kernel() -> void (*)(const NormalNoise<S>&) {
  GEMEL_RETURN_FROM_CURRENT_SET(normal_entry<S>);
}

}  // namespace gemel::kernel

#undef GEMEL_RETURN_FROM_CURRENT_SET
#undef GEMEL_SET
#undef GEMEL_TARGET
#undef GEMEL_INLINE
#undef GEMEL_NOINLINE
#undef GEMEL_UNROLL
#undef GEMEL_OPAQUE_POINTER
#undef GEMEL_OPAQUE_PACKET
#undef GEMEL_ROUND_PACKET
