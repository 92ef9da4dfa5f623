#pragma once

// The kernels: products, gradients, sums and updates. They are written once, against a packet type, and compiled once
// for each instruction set, in functions that carry the set as a target attribute. So a program built without -march
// runs at the machine's speed, and two translation units built with different flags share the same code.
//
// Each output element is one chain of fused multiply-adds over the depth, in order, whatever the packet's width, the
// tile or the thread: AVX2 and AVX-512 give the same bits. Sums run in 16 lanes (8 of double) and a fixed tree.
//
// The room core/kernel/ holds
//   packet_*.inl   the packets of one instruction set, and what two of them share; packet.inl lists what they offer
//   kernels.inl    all kernels of one instruction set; the other .inl files hold a group of kernels each
//   update.hpp     the optimizers' rules as the kernels take them

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "gemel/core/dispatch.hpp"
#include "gemel/core/kernel/update.hpp"
#include "gemel/core/types.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace gemel::kernel {

/// y(:, j) = f(bias + A b_j) for all columns j.
template <Scalar S>
struct Product {
  Index rows, depth, cols;
  const S* a;  ///< rows x depth, column-major, columns lda apart; if `transposed`, depth x rows
  Index lda;
  const S* const* b;  ///< cols pointers to depth values
  const S* bias;      ///< rows values; null: 0
  S* y;               ///< rows x cols, columns ldy apart
  Index ldy;
  bool relu;         ///< f(z) = z < 0 ? 0 : z; else f(z) = z
  Index ldbias = 0;  ///< distance between the columns' biases; 0: all columns have the same bias
  bool transposed = false;
};

/// g(:, q) += sum over k of d_k * x_k[first + q], k = 0, 1, … in order.
template <Scalar S>
struct Gradient {
  Index rows, cols, depth;
  const S* const* d;  ///< depth pointers to rows values
  const S* const* x;  ///< depth pointers; x_k[first], …, x_k[first + cols - 1] are read
  Index first;
  S* g;  ///< rows x cols, columns rows apart
};

/// da += sum over j of c_j (a - b_j) and db_j -= c_j (a - b_j), for `count` columns b_j, j = 0, 1, … in order.
template <Scalar S>
struct Differences {
  Index rows, count;
  const S* a;
  const S* const* b;  ///< count pointers to rows values
  const S* c;         ///< count values
  S* da;
  S* const* db;  ///< count pointers to rows values
};

/// y_j(i) = (x_j(i) - offset(i)) * factor(i), clamped to [-clip, clip], for `cols` columns x_j: in double, rounded to S
/// at the end. NaN stays NaN.
template <Scalar S>
struct Scaling {
  Index rows, cols;
  const S* const* x;     ///< cols pointers to rows values
  const double* offset;  ///< rows values
  const double* factor;  ///< rows values
  double clip;           ///< infinity: nothing is clamped
  S* y;                  ///< rows x cols, columns rows apart
};

/// The kernels of one instruction set, as plain functions.
template <Scalar S>
struct Kernels {
  void (*product)(const Product<S>&);
  void (*add_gradient)(const Gradient<S>&);
  /// g(i) += sum over k of d_k(i), for `rows` i and `depth` k.
  void (*add_sum)(const S* const* d, Index rows, Index depth, S* g);
  /// dy(i) = y(i) > 0 ? dy(i) : 0.
  void (*relu_backward)(const S* y, S* dy, Index n);
  /// x(i) = sqrt(x(i))
  void (*square_roots)(S* x, Index n);
  void (*scale)(const Scaling<S>&);
  S (*dot)(const S* a, const S* b, Index n);
  S (*squared_distance)(const S* a, const S* b, Index n);
  S (*absolute_distance)(const S* a, const S* b, Index n);
  /// d_j = |a_j - b_j|^2 for `count` pairs of columns of n values, each with the bits of squared_distance.
  void (*squared_distances)(const S* const* a, const S* const* b, Index n, Index count, S* d);
  void (*add_differences)(const Differences<S>&);
  /// The largest |x_j(i)| of `cols` columns of n values; infinity or NaN where there is one (NaN ranks on top).
  S (*max_abs)(const S* const* x, Index n, Index cols);
};

/// The kernels of one instruction set for one optimizer's rule.
template <class Rule, Scalar S>
struct UpdateKernels {
  void (*update)(const Update<Rule, S>&);
  /// Computes the gradient as add_gradient does, from zero, and updates by it (the g of both arguments is not used).
  /// Only for a rule that interleaves.
  void (*fused_update)(const Gradient<S>&, const Update<Rule, S>&);
  /// The same for a bias, whose gradient is the one of add_sum. For any rule.
  void (*fused_bias_update)(const S* const* d, Index depth, const Update<Rule, S>&);
};

}  // namespace gemel::kernel

#if defined(__clang__)
#define GEMEL_UNROLL _Pragma("unroll")
#else
#define GEMEL_UNROLL _Pragma("GCC unroll 32")
#endif
// Optimization barriers: empty statements that may change a pointer, or a packet, as far as the compiler knows.
#define GEMEL_OPAQUE_POINTER(pointer) asm volatile("" : "+r"(pointer))
#if defined(__x86_64__)
#define GEMEL_OPAQUE_PACKET(packet) asm volatile("" : "+v"(packet))
#elif defined(__aarch64__)
#define GEMEL_OPAQUE_PACKET(packet) asm volatile("" : "+w"(packet))
#else  // which registers hold a packet is unknown here
#define GEMEL_OPAQUE_PACKET(packet) static_cast<void>(packet)
#endif
#define GEMEL_INLINE GEMEL_TARGET __attribute__((always_inline)) inline
#if defined(__clang__)
#define GEMEL_NOINLINE GEMEL_TARGET __attribute__((noinline)) inline
#else  // noclone: GCC would copy the function for the arguments of one call
#define GEMEL_NOINLINE GEMEL_TARGET __attribute__((noinline, noclone)) inline
#endif

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push  // GCC 12 reports a change of sign where a template's constant is the bound of an array
#pragma GCC diagnostic ignored "-Wsign-conversion"
#endif

// The kernels of each instruction set: GEMEL_SET is their namespace, GEMEL_TARGET their target attribute. The packets
// come before the kernels.
#if defined(__x86_64__)
#define GEMEL_SET avx512
#define GEMEL_TARGET GEMEL_TARGET_FOR(GEMEL_AVX512)
#include "gemel/core/kernel/packet_avx512.inl"

#include "gemel/core/kernel/kernels.inl"
#undef GEMEL_SET
#undef GEMEL_TARGET

#define GEMEL_SET avx2
#define GEMEL_TARGET GEMEL_TARGET_FOR(GEMEL_AVX2)
#include "gemel/core/kernel/packet_avx2.inl"

#include "gemel/core/kernel/kernels.inl"
#undef GEMEL_SET
#undef GEMEL_TARGET
#endif

// The portable kernels round as the flags of the translation unit say, so their namespace depends on the flags too.
#if defined(__FMA__)
#define GEMEL_SET portable_fma
#else
#define GEMEL_SET portable
#endif
#define GEMEL_TARGET
#if defined(__aarch64__)
#include "gemel/core/kernel/packet_neon.inl"
#else
#include "gemel/core/kernel/packet_portable.inl"
#endif

#include "gemel/core/kernel/kernels.inl"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

// Returns the variable of this name from the namespace of the instruction set in force. The switch has no default, so
// that the compiler warns of a set that is missing.
#if defined(__x86_64__)
#define GEMEL_RETURN_OF_SET_IN_FORCE(...) \
  switch (instruction_set()) {            \
    case InstructionSet::AVX512:          \
      return avx512::__VA_ARGS__;         \
    case InstructionSet::AVX2:            \
      return avx2::__VA_ARGS__;           \
    case InstructionSet::Portable:        \
      break;                              \
  }                                       \
  return GEMEL_SET::__VA_ARGS__
#else
#define GEMEL_RETURN_OF_SET_IN_FORCE(...) return GEMEL_SET::__VA_ARGS__
#endif

namespace gemel::kernel {

/// The kernels of the instruction set in force.
template <Scalar S>
const Kernels<S>& kernels() {
  GEMEL_RETURN_OF_SET_IN_FORCE(table<S>);
}

/// The same for an optimizer's rule.
template <class Rule, Scalar S>
const UpdateKernels<Rule, S>& update_kernels() {
  GEMEL_RETURN_OF_SET_IN_FORCE(update_table<Rule, S>);
}

/// Updates the parameters by the rule.
template <class Rule, Scalar S>
void update(const Update<Rule, S>& u) {
  update_kernels<Rule, S>().update(u);
}

}  // namespace gemel::kernel

#undef GEMEL_RETURN_OF_SET_IN_FORCE
#undef GEMEL_SET
#undef GEMEL_TARGET
#undef GEMEL_INLINE
#undef GEMEL_NOINLINE
#undef GEMEL_UNROLL
#undef GEMEL_OPAQUE_POINTER
#undef GEMEL_OPAQUE_PACKET
