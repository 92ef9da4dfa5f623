#pragma once

#include "gemel/core/compiler.hpp"

namespace gemel {

/// x, rounded to a double before anything else is done with it: a compiler that may fuse a product with the sum that it
/// feeds does so depending on its flags, with other bits. Where no fma instruction is sure to be there, this is faster
/// than std::fma, which then is a call.
inline double rounded(double x) {
#if defined(__x86_64__)
  asm("" : "+x"(x));
#elif defined(__aarch64__)
  asm("" : "+w"(x));
#else
  volatile double memory = x;
  x = memory;
#endif
  return x;
}

}  // namespace gemel
