// For Clang's libFuzzer, which also limits each allocation; it adds inputs to the folder `corpus`:
//   clang++ -std=c++20 -O1 -g -fsanitize=fuzzer,address,undefined -Iinclude -Itests -isystem /usr/include/eigen3
//     tests/fuzz/fuzz_checkpoint.cpp -lz -o fuzz_checkpoint && mkdir -p corpus &&
//     ./fuzz_checkpoint -max_len=8192 -malloc_limit_mb=2 corpus
// It begins with a checkpoint of its own, so no corpus is needed.
#include <algorithm>

#include "fuzz/targets.hpp"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  gemel::survives_checkpoint({data, size});
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size, unsigned) {
  static const std::vector<std::uint8_t> seed = format_safetensors(gemel::fuzz::SmallTraining{}.checkpoint());
  if (size < 8 && seed.size() <= max_size) {
    std::ranges::copy(seed, data);
    size = seed.size();
  }
  return LLVMFuzzerMutate(data, size, max_size);
}
