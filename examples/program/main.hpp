#pragma once

#include <exception>
#include <iostream>
#include <new>
#include <string>

#include "interrupt.hpp"
#include "outputs.hpp"
#include "text.hpp"

namespace program {

/// Calls start(argc, argv), which returns the exit code. Prints an exception as one sentence that begins with the
/// program's name, and returns 2 for it.
template <class Start>
int run(const std::string& name, int argc, char** argv, const Start& start) {
  claim_standard_streams();
  Interrupt::watch(name);
  try {
    return start(argc, argv);
  } catch (const std::bad_alloc&) {
    std::cerr << name << ": there is not enough memory for data and a network of this size\n";
  } catch (const std::exception& error) {
    std::cerr << name << ": " << printable(error.what()) << '\n';
  }
  return 2;
}

}  // namespace program
