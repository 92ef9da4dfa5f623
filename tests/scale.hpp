#pragma once

#include <cstdlib>

/// The number of repetitions of a random test: n * GEMEL_TEST_SCALE. This environment variable counts as 1 unless
/// tests/long.sh sets it.
inline int scaled(int n) {
  const char* scale = std::getenv("GEMEL_TEST_SCALE");
  return scale ? n * std::atoi(scale) : n;
}
