#pragma once

#include <optional>
#include <vector>

#include "catch.hpp"
#include "gemel/core/dispatch.hpp"

namespace gemel::test {

/// The instruction sets that this processor supports, Portable first.
inline std::vector<InstructionSet> instruction_sets() {
  std::vector<InstructionSet> sets;
  for (const auto& entry : detail::instruction_sets()) {
    if (entry.supported) sets.insert(sets.begin(), entry.set);
  }
  return sets;
}

/// Calls f once for each supported instruction set, which is then in use.
template <class F>
void for_each_instruction_set(const F& f) {
  for (const auto set : instruction_sets()) {
    CAPTURE(name(set));
    force_instruction_set(set);
    f();
  }
  force_instruction_set(std::nullopt);
}

/// Calls f with each instruction set that has a fused multiply-add; without one the bits differ.
template <class F>
void for_each_fused(const F& f) {
  for_each_instruction_set([&] {
#if defined(__x86_64__) || !(defined(__aarch64__) || defined(__FP_FAST_FMA))
    if (instruction_set() == InstructionSet::Portable) return;
#endif
    f();
  });
}

}  // namespace gemel::test
