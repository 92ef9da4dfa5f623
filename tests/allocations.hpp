#pragma once

#include <atomic>
#include <cstddef>

/// The number of calls of operator new and, with glibc and without a sanitizer, of malloc, which Eigen's matrices use.
/// Read it before a CHECK, because a CHECK allocates. The program must include allocations.cpp, which replaces both
/// functions.
extern std::atomic<long> allocation_count;

/// The largest of those allocations, in bytes. Set it to 0 to restart.
extern std::atomic<std::size_t> largest_allocation;

/// Whether calls of malloc are counted.
extern const bool malloc_is_counted;
