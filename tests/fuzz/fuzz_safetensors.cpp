// For Clang's libFuzzer; no file of 4096 bytes may make it ask for a megabyte at once:
//   clang++ -std=c++20 -O1 -g -fsanitize=fuzzer,address,undefined -Iinclude -Itests -isystem /usr/include/eigen3
//     tests/fuzz/fuzz_safetensors.cpp -lz -o fuzz_safetensors
//   ./fuzz_safetensors -max_len=4096 -malloc_limit_mb=1 CORPUS tests/golden/safetensors
#include "fuzz/targets.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  gemel::survives_safetensors({data, size});
  return 0;
}
