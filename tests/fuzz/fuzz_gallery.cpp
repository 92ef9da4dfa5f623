// For Clang's libFuzzer, which also limits each allocation; it adds inputs to the folder `corpus`:
//   clang++ -std=c++20 -O1 -g -fsanitize=fuzzer,address,undefined -Iinclude -Itests -isystem /usr/include/eigen3
//     tests/fuzz/fuzz_gallery.cpp -lz -o fuzz_gallery && mkdir -p corpus &&
//     ./fuzz_gallery -max_len=8192 -malloc_limit_mb=2 corpus tests/golden/models
#include "fuzz/targets.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  gemel::survives_gallery({data, size});
  return 0;
}
