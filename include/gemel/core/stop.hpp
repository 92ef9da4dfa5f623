#pragma once

#include <atomic>

#include "gemel/core/compiler.hpp"

namespace gemel {

/// Asks long work to end early: another thread or a signal handler sets it to true, and the work, which was given a
/// pointer to it (null: nobody will ask), looks at it now and then. It stays true until the work has
/// returned. How far the work then is, is said where it takes the flag.
using StopFlag = std::atomic<bool>;
static_assert(StopFlag::is_always_lock_free, "a signal handler may set nothing else");

inline bool stop_requested(const StopFlag* stop) { return stop && stop->load(std::memory_order_relaxed); }

}  // namespace gemel
