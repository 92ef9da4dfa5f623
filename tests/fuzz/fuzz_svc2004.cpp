// For Clang's libFuzzer:
//   clang++ -std=c++20 -O1 -g -fsanitize=fuzzer,address,undefined -Iinclude -Itests -isystem /usr/include/eigen3
//     tests/fuzz/fuzz_svc2004.cpp -lz -o fuzz_svc2004 && ./fuzz_svc2004 -max_len=4096
#include "fuzz/targets.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  gemel::survives_svc2004({data, size});
  return 0;
}
