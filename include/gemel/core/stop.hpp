#pragma once

#include <atomic>

#include "gemel/core/compiler.hpp"

namespace gemel {

/// Asks long work to end early. The work is given a pointer to the flag (or null: it runs to its end) and reads it now
/// and then; another thread or a signal handler sets it to true and leaves it so until the work has returned. Each
/// function that takes a flag documents what it leaves behind when it is stopped.
using StopFlag = std::atomic<bool>;
static_assert(StopFlag::is_always_lock_free, "a signal handler may only set a lock-free flag");

/// Whether there is a flag and it is set.
inline bool stop_requested(const StopFlag* stop) { return stop && stop->load(std::memory_order_relaxed); }

}  // namespace gemel
