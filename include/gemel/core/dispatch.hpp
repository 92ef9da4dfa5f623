#pragma once

#include <atomic>
#include <optional>

#include "gemel/core/error.hpp"

namespace gemel {

/// The instruction sets that the kernels are compiled for, whatever the flags of the translation unit.
enum class InstructionSet { Portable, AVX2, AVX512 };

inline const char* name(InstructionSet set) {
  switch (set) {
    case InstructionSet::AVX512:
      return "AVX-512";
    case InstructionSet::AVX2:
      return "AVX2 + FMA";
    default:
      return "portable";
  }
}

namespace detail {

/// Whether this processor has *all* the features that the set's kernels are compiled with.
inline bool supports(InstructionSet set) {
#if defined(__x86_64__)
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  switch (set) {
    case InstructionSet::AVX512:
      return avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
             __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw");
    case InstructionSet::AVX2:
      return avx2;
    default:
      return true;
  }
#else
  return set == InstructionSet::Portable;
#endif
}

inline InstructionSet best_instruction_set() {
  if (supports(InstructionSet::AVX512)) return InstructionSet::AVX512;
  if (supports(InstructionSet::AVX2)) return InstructionSet::AVX2;
  return InstructionSet::Portable;
}

inline std::atomic<InstructionSet>& chosen_instruction_set() {
  static std::atomic<InstructionSet> chosen{best_instruction_set()};
  return chosen;
}

}  // namespace detail

/// The instruction set that the kernels run with.
inline InstructionSet instruction_set() { return detail::chosen_instruction_set().load(std::memory_order_relaxed); }

/// For tests and measurements: the kernels run with `set` from the next call on; without a value, with the best one
/// again. ValueError where this processor has it not.
inline void force_instruction_set(std::optional<InstructionSet> set) {
  if (set && !detail::supports(*set)) {
    throw ValueError({"this processor has no ", name(*set), "; choose another instruction set"});
  }
  detail::chosen_instruction_set().store(set ? *set : detail::best_instruction_set());
}

}  // namespace gemel
