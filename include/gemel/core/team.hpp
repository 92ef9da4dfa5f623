#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/types.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif
#if defined(__linux__)
#include <sched.h>
#endif

namespace gemel {

/// More threads than that are taken for a slip.
inline constexpr Index most_threads = 1024;

/// The processors that this thread may run on, where that is known: `taskset` or a container may leave it fewer than
/// the machine has, and threads that share one only wait for each other.
inline Index usable_processors() {
#if defined(__linux__) && defined(CPU_COUNT)
  cpu_set_t usable;
  if (sched_getaffinity(0, sizeof usable, &usable) == 0) return CPU_COUNT(&usable);
#endif
  return static_cast<Index>(std::thread::hardware_concurrency());
}

/// How many threads `threads` asks for: itself, or, for 0, as many as this thread's processors run at once. Throws
/// ValueError where there are none, or more than any machine has.
inline Index checked_threads(Index threads) {
  if (threads == 0) return std::clamp<Index>(usable_processors(), 1, most_threads);
  if (threads < 1 || threads > most_threads) {
    throw ValueError({"threads must be 1 to ", most_threads, ", or 0 for all, but is ", threads});
  }
  return threads;
}

namespace detail {

/// Where the share of `member` begins when n things are divided among `members`; that of member + 1 is its end. The
/// product has 64 bits, whatever an Index has.
constexpr Index share(Index n, Index member, Index members) {
  return static_cast<Index>(std::int64_t{n} * member / members);
}

}  // namespace detail

/// Threads that run one function together, again and again: the caller is member 0, the others live as long as the
/// team. Waiting spins briefly and then sleeps, so that a shared core is not burnt. A run allocates nothing.
class Team {
 public:
  /// Throws std::system_error where the system has not as many threads.
  [[gnu::cold]] explicit Team(Index size)
      : size_(static_cast<int>(std::max<Index>(size, 1))), errors_(to_size(size_)), workers_(to_size(size_ - 1)) {
    try {
      for (int member = 1; member < size_; ++member) {
        worker(member).thread = std::thread([this, member] { work(member); });
      }
    } catch (...) {  // the system has not as many threads
      end();
      throw;
    }
  }

  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  ~Team() { end(); }

  /// The members that take part in a run.
  Index size() const { return size_; }
  /// How many may.
  Index capacity() const { return length(errors_); }
  /// From the next run on, only the first `size` members take part, 1 <= size <= capacity(); the others sleep.
  void use(Index size) { size_ = static_cast<int>(std::clamp<Index>(size, 1, capacity())); }

  /// f(member) on every member at once; returns when all are done. What a member throws is thrown here (the lowest
  /// member's, where several do) once all are out: nobody is left waiting at a barrier.
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

  /// Within run: waits for all members. The last to arrive calls `then` before any goes on.
  template <class Then>
  void barrier(Then&& then) {
    if (size_ == 1) return then();
    const int phase = phase_.load(std::memory_order_relaxed);
    if (missing_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      if (!failed_.load(std::memory_order_relaxed)) {
        try {
          then();
        } catch (...) {
          failed_.store(true, std::memory_order_relaxed);  // before the others go on
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

 private:
  struct Abandoned {};  // unwinds a member whose team has failed

  struct alignas(64) Worker {
    std::atomic<int> start{0};  // how many runs it was called to
    std::thread thread = {};
  };

  static std::size_t to_size(int n) { return static_cast<std::size_t>(n); }
  Worker& worker(int member) { return workers_[to_size(member - 1)]; }

  void work(int member) {
    for (int seen = 0;;) {
      seen = wait_while(worker(member).start, seen);
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

  // Whoever leaves before the end is no longer expected at the barriers; the others see `failed_` there and leave too.
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

  /// Waits while the value is `old`; returns the new one.
  static int wait_while(const std::atomic<int>& value, int old) {
    for (int spins = 0; spins < 2000; ++spins) {
      const int now = value.load(std::memory_order_acquire);
      if (now != old) return now;
#if defined(__x86_64__)
      _mm_pause();
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
  std::atomic<int> expected_{0};             // members that will still come to barriers
  alignas(64) std::atomic<int> missing_{0};  // of those, who has not arrived at the present one
  alignas(64) std::atomic<int> phase_{0};    // how many barriers have opened
  alignas(64) std::atomic<int> running_{0};  // members but the caller that are not done
  std::vector<Worker> workers_;
};

}  // namespace gemel
