#pragma once

// The kernels: products, gradients, sums and updates, written once against a packet type and compiled once an
// instruction set, in functions that carry it as a target attribute. So a program built without -march runs at the
// machine's speed, and two translation units built with different flags share the same code.
//
// Each output element is one chain of fused multiply-adds over the depth, in order, whatever the packet's width, the
// tile or the thread: AVX2 and AVX-512 give the same bits. Sums run in 16 lanes (8 of double) and a fixed tree.

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

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
  const S* a;  ///< rows x depth, column-major, columns lda apart; `transposed`: depth x rows
  Index lda;
  const S* const* b;  ///< cols pointers to depth values
  const S* bias;      ///< rows values, or null: 0
  S* y;               ///< rows x cols, columns ldy apart
  Index ldy;
  bool relu;         ///< f(z) = z < 0 ? 0 : z; else f(z) = z
  Index ldbias = 0;  ///< each column has its own bias, so far from that of the one before; 0: all have the same
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

/// y_j(i) = (x_j(i) - offset(i)) * factor(i), held to [-clip, clip], for `cols` columns x_j: in double, rounded to S at
/// the end. A NaN stays one.
template <Scalar S>
struct Scaling {
  Index rows, cols;
  const S* const* x;     ///< cols pointers to rows values
  const double* offset;  ///< rows values
  const double* factor;  ///< rows values
  double clip;           ///< infinity: none is held
  S* y;                  ///< rows x cols, columns rows apart
};

/// What an instruction set offers, as plain functions.
template <Scalar S>
struct Kernels {
  void (*product)(const Product<S>&);
  void (*add_gradient)(const Gradient<S>&);
  /// g(i) += sum over k of d_k(i), for `rows` i and `depth` k.
  void (*add_sum)(const S* const* d, Index rows, Index depth, S* g);
  /// dy(i) = y(i) > 0 ? dy(i) : 0.
  void (*relu_backward)(const S* y, S* dy, Index n);
  /// The largest |x_j(i)| of `cols` columns of n values; infinity or NaN where there is one (NaN ranks on top).
  S (*max_abs)(const S* const* x, Index n, Index cols);
  S (*squared_distance)(const S* a, const S* b, Index n);
  /// d_j = |a_j - b_j|^2 for `count` pairs of columns of n values, each with the bits of squared_distance.
  void (*squared_distances)(const S* const* a, const S* const* b, Index n, Index count, S* d);
  /// x(i) = sqrt(x(i))
  void (*square_roots)(S* x, Index n);
  S (*absolute_distance)(const S* a, const S* b, Index n);
  S (*dot)(const S* a, const S* b, Index n);
  void (*add_differences)(const Differences<S>&);
  void (*scale)(const Scaling<S>&);
};

/// What it offers for an optimizer's rule.
template <class Rule, Scalar S>
struct UpdateKernels {
  void (*update)(const Update<Rule, S>&);
  /// The same where the gradient is that of `Gradient` (whose g is not used); only for a rule that interleaves.
  void (*fused_update)(const Gradient<S>&, const Update<Rule, S>&);
  /// The same where the gradient is that of add_sum.
  void (*fused_update_by_sum)(const S* const* d, Index depth, const Update<Rule, S>&);
};

}  // namespace gemel::kernel

#if defined(__clang__)
#define GEMEL_UNROLL _Pragma("unroll")
#else
#define GEMEL_UNROLL _Pragma("GCC unroll 32")
#endif
// An empty statement that the compiler must take to change a pointer, or a packet.
#define GEMEL_FORGET(pointer) asm volatile("" : "+r"(pointer))
#if defined(__x86_64__)
#define GEMEL_SETTLE(packet) asm volatile("" : "+v"(packet))
#elif defined(__aarch64__)
#define GEMEL_SETTLE(packet) asm volatile("" : "+w"(packet))
#else  // it is not known which registers hold a packet
#define GEMEL_SETTLE(packet) static_cast<void>(packet)
#endif
#define GEMEL_INLINE GEMEL_TARGET __attribute__((always_inline)) inline
#if defined(__clang__)
#define GEMEL_CALL GEMEL_TARGET __attribute__((noinline)) inline
#else  // nor copied for the arguments of one call
#define GEMEL_CALL GEMEL_TARGET __attribute__((noinline, noclone)) inline
#endif

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push  // GCC 12 takes the bound of an array in a template, a constant, for a change of sign
#pragma GCC diagnostic ignored "-Wsign-conversion"
#endif

#if defined(__x86_64__)
// Each set's packets come before its kernels.
#define GEMEL_SET avx512
#define GEMEL_TARGET __attribute__((target("avx512f,avx512dq,avx512vl,avx512bw,avx2,fma")))
#include "gemel/core/kernel/packet_avx512.inl"

#include "gemel/core/kernel/kernels.inl"
#undef GEMEL_SET
#undef GEMEL_TARGET

#define GEMEL_SET avx2
#define GEMEL_TARGET __attribute__((target("avx2,fma")))
#include "gemel/core/kernel/packet_avx2.inl"

#include "gemel/core/kernel/kernels.inl"
#undef GEMEL_SET
#undef GEMEL_TARGET
#endif

// The portable kernels round as the flags of the translation unit say, so their name does too.
#if defined(__FMA__)
#define GEMEL_SET portable_fma
#else
#define GEMEL_SET portable
#endif
#define GEMEL_TARGET
#include "gemel/core/kernel/packet_portable.inl"

#include "gemel/core/kernel/kernels.inl"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

// One and the same name in the namespace of the instruction set in force.
#if defined(__x86_64__)
#define GEMEL_CHOOSE(...)                                            \
  (instruction_set() == InstructionSet::AVX512 ? avx512::__VA_ARGS__ \
   : instruction_set() == InstructionSet::AVX2 ? avx2::__VA_ARGS__   \
                                               : GEMEL_SET::__VA_ARGS__)
#else
#define GEMEL_CHOOSE(...) (GEMEL_SET::__VA_ARGS__)
#endif

namespace gemel::kernel {

/// The kernels of the instruction set in force.
template <Scalar S>
const Kernels<S>& kernels() {
  return GEMEL_CHOOSE(table<S>);
}

template <class Rule, Scalar S>
const UpdateKernels<Rule, S>& update_kernels() {
  return GEMEL_CHOOSE(update_table<Rule, S>);
}

/// Updates the parameters by the rule.
template <class Rule, Scalar S>
void update(const Update<Rule, S>& u) {
  update_kernels<Rule, S>().update(u);
}

}  // namespace gemel::kernel

#undef GEMEL_CHOOSE
#undef GEMEL_SET
#undef GEMEL_TARGET
#undef GEMEL_CALL
#undef GEMEL_INLINE
#undef GEMEL_UNROLL
#undef GEMEL_FORGET
#undef GEMEL_SETTLE
