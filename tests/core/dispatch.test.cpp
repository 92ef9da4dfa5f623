#include "gemel/core/dispatch.hpp"

#include <string>

#include "catch.hpp"
#include "gemel/core/kernel.hpp"

using namespace gemel;

TEST_CASE("an instruction set can be forced exactly if the processor has it", "[dispatch]") {
  const InstructionSet best = instruction_set();
  for (const auto& [set, printed, supported] : detail::instruction_sets()) {
    CAPTURE(printed);
    CHECK(detail::supports(set) == supported);
    if (supported) {
      force_instruction_set(set);
      CHECK(instruction_set() == set);
      force_instruction_set(std::nullopt);
    } else {
      CHECK_THROWS_AS(force_instruction_set(set), ValueError);
    }
    CHECK(instruction_set() == best);
  }
  CHECK(detail::supports(InstructionSet::Portable));
  CHECK(detail::supports(best));
}

TEST_CASE("each instruction set has kernels of its own and a name", "[dispatch]") {
  const auto best = &kernel::kernels<float>();
  force_instruction_set(InstructionSet::Portable);
  const auto portable = &kernel::kernels<float>();
  force_instruction_set(std::nullopt);
  CHECK(&kernel::kernels<float>() == best);
  CHECK((portable == best) == (instruction_set() == InstructionSet::Portable));

  CHECK(name(InstructionSet::AVX512) == std::string("AVX-512"));
  CHECK(name(InstructionSet::AVX2) == std::string("AVX2 + FMA"));
  CHECK(name(InstructionSet::Portable) == std::string("portable"));
}
