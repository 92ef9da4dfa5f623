#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/types.hpp"

#if defined(__linux__)
#include <sched.h>
#endif

namespace gemel {

/// The largest number of threads that an option may ask for; larger ones are rejected as mistakes.
inline constexpr Index max_threads = 1024;

/// The number of processors that this thread may run on. It can be smaller than the machine's number, because of
/// `taskset` or a container; more threads than that would only wait for each other. If the system does not report it,
/// the number of all processors of the machine, or 0 if that is unknown too.
inline Index usable_processors() {
#if defined(__linux__) && defined(CPU_COUNT)
  cpu_set_t usable;
  if (sched_getaffinity(0, sizeof usable, &usable) == 0) return CPU_COUNT(&usable);
#endif
  return static_cast<Index>(std::thread::hardware_concurrency());
}

/// The number of threads that an option asks for: 0 means one per usable processor. Throws ValueError if `threads` is
/// negative or greater than `max_threads`.
inline Index checked_threads(Index threads) {
  if (threads == 0) return std::clamp<Index>(usable_processors(), 1, max_threads);
  if (threads < 1 || threads > max_threads) {
    throw ValueError({"threads must be 1 to ", max_threads, ", or 0 for all, but is ", threads});
  }
  return threads;
}

namespace detail {

/// The indices first, …, last - 1.
struct Range {
  Index first = 0;
  Index last = 0;
  constexpr Index size() const { return last - first; }
};

/// The part of member number `member` (from 0) when the indices 0, …, n - 1 are divided evenly and in order among
/// `members` members.
constexpr Range share(Index n, Index member, Index members) {
  // The product needs 64 bits, even if an Index has 32.
  const auto begin = [=](Index t) { return static_cast<Index>(std::int64_t{n} * t / members); };
  return {begin(member), begin(member + 1)};
}

}  // namespace detail

/// A fixed set of threads that run one function together, as often as needed. The calling thread is member 0; the other
/// threads live as long as the team. A waiting thread spins briefly and then sleeps, so that it does not keep a shared
/// core busy. A run allocates nothing.
class Team {
 public:
  /// A team of `size` members, but at least one. Throws std::system_error if the system cannot start that many threads.
  [[gnu::cold]] explicit Team(Index size)
      : size_(static_cast<int>(std::max<Index>(size, 1))), errors_(to_size(size_)), workers_(to_size(size_ - 1)) {
    try {
      for (int member = 1; member < size_; ++member) {
        worker(member).thread = std::thread([this, member] { work(member); });
      }
    } catch (...) {  // the system cannot start that many threads
      end();
      throw;
    }
  }

  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  ~Team() { end(); }

  /// The number of members that take part in a run.
  Index size() const { return size_; }
  /// The largest number of members that can take part: the size at construction.
  Index capacity() const { return length(errors_); }
  /// From the next run on, only the first `size` members take part; the others sleep. `size` is clamped to 1, …,
  /// capacity().
  void use(Index size) { size_ = static_cast<int>(std::clamp<Index>(size, 1, capacity())); }

  /// Calls f(member) in all members at the same time and returns when all calls have ended. If a member throws, the
  /// others leave f at their next barrier, and the exception is rethrown here; if several throw, that of the member
  /// with the lowest index.
  template <class F>
  void run(F&& f) {
    if (size_ == 1) return f(Index{0});
    job_ = [](void* context, Index member) { (*static_cast<std::remove_reference_t<F>*>(context))(member); };
    context_ = const_cast<void*>(static_cast<const void*>(std::addressof(f)));  // f itself may be const
    failed_.store(false, std::memory_order_relaxed);
    expected_.store(size_, std::memory_order_relaxed);
    missing_.store(size_, std::memory_order_relaxed);
    running_.store(size_ - 1, std::memory_order_relaxed);
    start();
    attempt(0);
    for (int left = running_.load(std::memory_order_acquire); left != 0; left = wait_while(running_, left)) {
    }
    rethrow();
  }

  /// To be called in f, by all members: waits until every member has arrived. The last one to arrive calls `then`, if
  /// given, before any member continues.
  /// @{
  template <class Then>
  void barrier(Then&& then) {
    if (size_ == 1) return then();
    const int phase = phase_.load(std::memory_order_relaxed);
    if (missing_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      if (!failed_.load(std::memory_order_relaxed)) {
        try {
          then();
        } catch (...) {
          failed_.store(true, std::memory_order_relaxed);  // before the other members continue
          open();
          throw;
        }
      }
      open();
    } else {
      wait_while(phase_, phase);
    }
    if (failed_.load(std::memory_order_relaxed)) throw Abandoned{};
  }
  void barrier() {
    barrier([] {});
  }
  /// @}

 private:
  struct Abandoned {};  // thrown at a barrier: unwinds a member when another one has failed

  struct alignas(64) Worker {
    std::atomic<int> start{0};  // number of runs that it has been started for
    std::thread thread = {};
  };

  static std::size_t to_size(int n) { return static_cast<std::size_t>(n); }
  Worker& worker(int member) { return workers_[to_size(member - 1)]; }

  void work(int member) {
    for (int runs = 0;;) {
      runs = wait_while(worker(member).start, runs);
      if (!job_) return;
      attempt(member);
      if (running_.fetch_sub(1, std::memory_order_acq_rel) == 1) running_.notify_one();
    }
  }

  void start() {
    for (int member = 1; member < size_; ++member) {
      worker(member).start.fetch_add(1, std::memory_order_release);
      worker(member).start.notify_one();
    }
  }

  void end() {
    job_ = nullptr;
    size_ = static_cast<int>(errors_.size());
    start();
    for (Worker& worker : workers_) {
      if (worker.thread.joinable()) worker.thread.join();
    }
  }

  // A member that throws is no longer expected at barriers. The other members see `failed_` at a barrier and leave f.
  void attempt(int member) {
    try {
      job_(context_, member);
      return;
    } catch (const Abandoned&) {
    } catch (...) {
      errors_[to_size(member)] = std::current_exception();
    }
    failed_.store(true, std::memory_order_release);
    expected_.fetch_sub(1, std::memory_order_relaxed);
    if (missing_.fetch_sub(1, std::memory_order_acq_rel) == 1) open();
  }

  void open() {
    missing_.store(expected_.load(std::memory_order_relaxed), std::memory_order_relaxed);
    phase_.fetch_add(1, std::memory_order_release);
    phase_.notify_all();
  }

  void rethrow() {
    const auto first = std::find_if(errors_.begin(), errors_.end(), [](const auto& error) { return error != nullptr; });
    if (first == errors_.end()) return;
    const std::exception_ptr error = *first;
    std::fill(errors_.begin(), errors_.end(), nullptr);
    std::rethrow_exception(error);
  }

  /// Waits until the value differs from `old`; returns the new value.
  static int wait_while(const std::atomic<int>& value, int old) {
    for (int spins = 0; spins < 2000; ++spins) {
      const int now = value.load(std::memory_order_acquire);
      if (now != old) return now;
#if defined(__x86_64__)
      __builtin_ia32_pause();
#endif
    }
    value.wait(old, std::memory_order_acquire);
    return value.load(std::memory_order_acquire);
  }

  int size_;
  void (*job_)(void*, Index) = nullptr;
  void* context_ = nullptr;
  std::vector<std::exception_ptr> errors_;
  std::atomic<bool> failed_{false};
  std::atomic<int> expected_{0};             // number of members that have not failed, so barriers wait for them
  alignas(64) std::atomic<int> missing_{0};  // number of those that have not arrived at the current barrier
  alignas(64) std::atomic<int> phase_{0};    // number of barriers that have opened
  alignas(64) std::atomic<int> running_{0};  // number of members, except the caller, that still run f
  std::vector<Worker> workers_;
};

}  // namespace gemel
