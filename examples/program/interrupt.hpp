#pragma once

#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <string>

#include "gemel/core/stop.hpp"

namespace program {

/// Handles Ctrl-C and SIGTERM. They end the program at once, except while a Patience exists: then the first signal only
/// requests an early end, and the second one ends the program. The exit code is 128 + the number of the signal.
class Interrupt {
 public:
  /// Starts handling signals for the program of this name. A signal that is already ignored stays ignored, as nohup and
  /// `&` in a script require. Writing to a pipe without a reader, or beyond the limit of file sizes, becomes an error
  /// instead of a signal.
  static void watch(const std::string& program) {
    farewell_[0] = program + ": ended by Ctrl-C\n";
    farewell_[1] = program + ": ended by SIGTERM\n";
    for (const int number : {SIGINT, SIGTERM}) {
      struct sigaction before {};
      sigaction(number, nullptr, &before);
      if (before.sa_handler == SIG_IGN) continue;
      struct sigaction action {};
      action.sa_handler = on_signal;
      action.sa_flags = SA_RESTART;
      sigaction(number, &action, nullptr);
    }
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
  }

  /// While a Patience exists, the first signal only requests an early end. At most one may exist at a time.
  class Patience {
   public:
    Patience() {
      asked_ = false;
      patient_ = true;
    }
    ~Patience() { patient_ = false; }
    Patience(const Patience&) = delete;
    Patience& operator=(const Patience&) = delete;

    /// Whether a signal has come since this Patience was made.
    bool at_end() const { return asked_; }
    const gemel::StopFlag* flag() const { return &asked_; }
  };

  /// Delays signals while it exists, for short work that must not be interrupted.
  class Pause {
   public:
    Pause() {
      sigset_t both;
      sigemptyset(&both);
      sigaddset(&both, SIGINT);
      sigaddset(&both, SIGTERM);
      pthread_sigmask(SIG_BLOCK, &both, &before_);
    }
    ~Pause() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    Pause(const Pause&) = delete;
    Pause& operator=(const Pause&) = delete;

   private:
    sigset_t before_;
  };

  /// The program's exit code: 0, or 128 + the signal's number.
  static int exit_code() { return signal_ == 0 ? 0 : 128 + signal_; }

  /// The name of the signal that ended the work early, for messages.
  static std::string name() { return signal_ == SIGTERM ? "SIGTERM" : "Ctrl-C"; }

 private:
  static void on_signal(int number) {
    const bool second = asked_.exchange(true);
    if (patient_ && !second) {
      signal_ = number;
      return;
    }
    const std::string& text = farewell_[number == SIGTERM ? 1 : 0];
    [[maybe_unused]] const auto written = write(STDERR_FILENO, text.data(), text.size());
    _exit(128 + number);
  }

  static inline std::array<std::string, 2> farewell_;  // made beforehand, since a handler may not allocate
  static inline gemel::StopFlag asked_ = false;
  static inline std::atomic<bool> patient_ = false;
  static inline std::atomic<int> signal_ = 0;
};

}  // namespace program
