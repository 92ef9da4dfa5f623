#pragma once

#include <array>
#include <atomic>
#include <optional>

#include "gemel/core/error.hpp"

// The processor's features F that an instruction set's kernels use. One list serves both as the kernels' target
// attribute (GEMEL_TARGET_FOR) and as the check of the processor (GEMEL_PROCESSOR_HAS), so that the two cannot
// disagree.
#define GEMEL_AVX2(F, AND) F("avx2") AND F("fma")
#define GEMEL_AVX512(F, AND) F("avx512f") AND F("avx512dq") AND F("avx512vl") AND F("avx512bw") AND GEMEL_AVX2(F, AND)

#if defined(__x86_64__)
#define GEMEL_FEATURE_NAME(feature) feature
#define GEMEL_TARGET_FOR(FEATURES) __attribute__((target(FEATURES(GEMEL_FEATURE_NAME, ","))))
#define GEMEL_PROCESSOR_HAS(FEATURES) (FEATURES(__builtin_cpu_supports, &&))
#else
#define GEMEL_PROCESSOR_HAS(FEATURES) false
#endif

namespace gemel {

/// The instruction sets that the kernels are compiled for, whatever the flags of the translation unit.
enum class InstructionSet {
  Portable,  ///< What the architecture always has: SSE2 on x86-64, NEON on aarch64.
  AVX2,      ///< AVX2 and FMA, on x86-64.
  AVX512     ///< AVX-512 F, DQ, VL and BW, on x86-64.
};

namespace detail {

struct InstructionSetEntry {
  InstructionSet set;
  const char* name;
  bool supported;  ///< This processor has *all* the features that the set's kernels are compiled with.
};

/// The list of the instruction sets, best first. Whoever adds one also writes its packets (core/kernel/packet.inl says
/// what they must offer) and includes its kernels in core/kernel.hpp.
inline std::array<InstructionSetEntry, 3> instruction_sets() {
  return {{{InstructionSet::AVX512, "AVX-512", GEMEL_PROCESSOR_HAS(GEMEL_AVX512)},
           {InstructionSet::AVX2, "AVX2 + FMA", GEMEL_PROCESSOR_HAS(GEMEL_AVX2)},
           {InstructionSet::Portable, "portable", true}}};
}

inline InstructionSetEntry entry_of(InstructionSet set) {
  const auto sets = instruction_sets();
  for (const auto& entry : sets) {
    if (entry.set == set) return entry;
  }
  return sets.back();
}

inline bool supports(InstructionSet set) { return entry_of(set).supported; }

[[gnu::cold]] inline InstructionSet best_instruction_set() {
  for (const auto& entry : instruction_sets()) {
    if (entry.supported) return entry.set;
  }
  return InstructionSet::Portable;
}

inline std::atomic<InstructionSet>& chosen_instruction_set() {
  static std::atomic<InstructionSet> chosen{best_instruction_set()};
  return chosen;
}

}  // namespace detail

/// The name of an instruction set, to be printed.
inline const char* name(InstructionSet set) { return detail::entry_of(set).name; }

/// The instruction set that the kernels run with.
inline InstructionSet instruction_set() { return detail::chosen_instruction_set().load(std::memory_order_relaxed); }

/// For tests and measurements: the kernels run with `set` from the next call on; without a value, with the best
/// instruction set of this processor again. Throws ValueError where the processor does not have `set`.
inline void force_instruction_set(std::optional<InstructionSet> set) {
  if (set && !detail::supports(*set)) {
    throw ValueError({"this processor has no ", name(*set), "; choose another instruction set"});
  }
  detail::chosen_instruction_set().store(set ? *set : detail::best_instruction_set());
}

}  // namespace gemel
