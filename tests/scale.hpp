#pragma once

#include <cstdlib>

/// How often a random test repeats: n times GEMEL_TEST_SCALE, which is 1 unless tests/long.sh sets it.
inline int scaled(int n) {
  const char* scale = std::getenv("GEMEL_TEST_SCALE");
  return scale ? n * std::atoi(scale) : n;
}
