#pragma once

#include <atomic>
#include <csignal>

namespace train {

/// While one of these lives, Ctrl-C ends the training after its batch; a second Ctrl-C ends the program at once.
class Interrupt {
 public:
  Interrupt() : before_(std::signal(SIGINT, on_signal)) {}
  ~Interrupt() { std::signal(SIGINT, before_); }
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  static bool seen() { return seen_; }

 private:
  static void on_signal(int) {
    seen_ = true;
    std::signal(SIGINT, SIG_DFL);
  }

  static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may touch nothing else");
  static inline std::atomic<bool> seen_ = false;

  void (*before_)(int);
};

}  // namespace train
