#pragma once

#include <atomic>

#include "gemel/core/compiler.hpp"

namespace gemel {

/// A flag that makes a long computation end early. The function that computes takes a pointer to the flag (null: it
/// cannot be stopped) and reads the flag regularly. Another thread or a signal handler sets the flag to true and does
/// not reset it before the function returns. Each function that takes a flag documents its result if it is stopped.
using StopFlag = std::atomic<bool>;
static_assert(StopFlag::is_always_lock_free, "a signal handler may only set a lock-free flag");

/// Whether `stop` points to a flag that is set; false if it is null.
inline bool stop_requested(const StopFlag* stop) { return stop && stop->load(std::memory_order_relaxed); }

}  // namespace gemel
