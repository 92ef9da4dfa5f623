#pragma once

#include <array>
#include <atomic>
#include <optional>

#include "gemel/core/error.hpp"

// The processor features that the kernels of each instruction set use. F is applied to each feature, and AND separates
// them. The kernels' target attribute (GEMEL_TARGET_FOR) and the check of the processor (GEMEL_PROCESSOR_HAS) are both
// made from this list, so they cannot disagree.
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

/// The instruction sets that the kernels can use. On x86-64, kernels for AVX2 and AVX-512 are always compiled, whatever
/// the flags of the translation unit. The portable kernels are compiled with those flags; on x86-64 without -mfma they
/// round each product before they add it, so their bits differ from those of the other sets.
enum class InstructionSet {
  Portable,  ///< the instructions that every processor of the architecture has: SSE2 on x86-64, NEON on aarch64
  AVX2,      ///< AVX2 and FMA, on x86-64
  AVX512     ///< AVX-512 F, DQ, VL and BW, on x86-64
};

namespace detail {

struct InstructionSetEntry {
  InstructionSet set;
  const char* name;
  bool supported;  ///< whether this processor has *all* the features that the set's kernels are compiled with
};

/// All instruction sets, best first. A new set also needs packets (core/kernel/packet/requirements.inl lists what they
/// must offer) and an include and a case in core/kernel/sets.hpp. On another architecture than x86-64, the #ifs in this
/// header and in that one must grow too. CONTRIBUTING.md names all places.
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

/// The name of an instruction set, for output.
inline const char* name(InstructionSet set) { return detail::entry_of(set).name; }

/// The instruction set that the kernels currently use.
inline InstructionSet instruction_set() { return detail::chosen_instruction_set().load(std::memory_order_relaxed); }

/// For tests and measurements: from the next call on, the kernels use `set`, or without a value the best instruction
/// set of this processor. Throws ValueError if the processor does not have `set`.
inline void force_instruction_set(std::optional<InstructionSet> set) {
  if (set && !detail::supports(*set)) {
    throw ValueError({"this processor has no ", name(*set), "; choose another instruction set"});
  }
  detail::chosen_instruction_set().store(set ? *set : detail::best_instruction_set());
}

}  // namespace gemel
